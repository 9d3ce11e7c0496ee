//! The letters that are mailed.
use serde::{Deserialize, Serialize};

/// A letter's kind with what its text needs; the text itself is in `templates/mail/<kind>/`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// The code that proves the address of a sign-up.
    SignupCode {
        /// As people read it: `1234 5678`.
        code: String,
        /// How long it is good for.
        minutes: u64,
    },
    /// Somebody signed up with an address that has an account.
    SignupTaken {},
    /// The code that lets a new password be set.
    ResetCode {
        /// As people read it: `1234 5678`.
        code: String,
        /// How long it is good for.
        minutes: u64,
    },
    /// The password was set anew.
    PasswordReset {
        /// When, for people.
        at: String,
    },
    /// Goes nowhere: written where an unknown address would get a letter if it were known, so that both cost the same.
    Void {},
}

impl Letter {
    /// The folder of its texts; `None` for the one that goes nowhere.
    pub fn template(&self) -> Option<&'static str> {
        match self {
            Self::SignupCode { .. } => Some("signup_code"),
            Self::SignupTaken {} => Some("signup_taken"),
            Self::ResetCode { .. } => Some("reset_code"),
            Self::PasswordReset { .. } => Some("password_reset"),
            Self::Void {} => None,
        }
    }
}
