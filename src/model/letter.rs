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
    /// The password was changed by somebody who knew the old one.
    PasswordChanged {
        /// When, for people.
        at: String,
    },
    /// The code that proves the new address of an account.
    EmailCode {
        /// As people read it: `1234 5678`.
        code: String,
        /// How long it is good for.
        minutes: u64,
    },
    /// Somebody wanted to move an account to an address that has one.
    EmailTaken {},
    /// To the old address: a change of address was begun.
    EmailChangeRequested {
        /// When, for people.
        at: String,
    },
    /// To the old address and the new one: the address was changed.
    EmailChanged {
        /// When, for people.
        at: String,
    },
    /// Somebody signed in with a browser that had not signed in before.
    NewDevice {
        /// When, for people.
        at: String,
        /// From where.
        ip: String,
        /// With what.
        device: String,
    },
    /// An old refresh token was used again, which ended the session.
    TokenReused {
        /// When, for people.
        at: String,
        /// From where.
        ip: String,
        /// With what.
        device: String,
    },
    /// A superuser changed what the account may do.
    RoleChanged {
        /// `user` or `superuser`.
        role: String,
        /// When, for people.
        at: String,
    },
    /// A superuser locked the account.
    AccountLocked {
        /// When, for people.
        at: String,
    },
    /// A superuser unlocked the account.
    AccountUnlocked {
        /// When, for people.
        at: String,
    },
    /// Signing in asks for a second factor from now on.
    SecondFactorEnabled {
        /// When, for people.
        at: String,
    },
    /// Its owner turned the second factor off.
    SecondFactorDisabled {
        /// When, for people.
        at: String,
    },
    /// A superuser turned it off for somebody who lost it.
    SecondFactorReset {
        /// When, for people.
        at: String,
    },
    /// Its owner made new recovery codes.
    RecoveryCodesReplaced {
        /// When, for people.
        at: String,
    },
    /// Somebody used a recovery code.
    RecoveryCodeUsed {
        /// When, for people.
        at: String,
        /// From where.
        ip: String,
        /// With what.
        device: String,
        /// How many are left.
        left: i64,
    },
    /// Somebody gave the password and then a wrong code, with a browser that had not signed in before.
    SecondFactorFailed {
        /// When, for people.
        at: String,
        /// From where.
        ip: String,
        /// With what.
        device: String,
    },
    /// Somebody who may do so made an account for the address; its owner sets the password.
    Invited {},
    /// A superuser asks the owner to set a new password.
    ResetSuggested {},
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
            Self::PasswordChanged { .. } => Some("password_changed"),
            Self::EmailCode { .. } => Some("email_code"),
            Self::EmailTaken {} => Some("email_taken"),
            Self::EmailChangeRequested { .. } => Some("email_change_requested"),
            Self::EmailChanged { .. } => Some("email_changed"),
            Self::NewDevice { .. } => Some("new_device"),
            Self::TokenReused { .. } => Some("token_reused"),
            Self::RoleChanged { .. } => Some("role_changed"),
            Self::AccountLocked { .. } => Some("account_locked"),
            Self::AccountUnlocked { .. } => Some("account_unlocked"),
            Self::SecondFactorEnabled { .. } => Some("second_factor_enabled"),
            Self::SecondFactorDisabled { .. } => Some("second_factor_disabled"),
            Self::SecondFactorReset { .. } => Some("second_factor_reset"),
            Self::RecoveryCodesReplaced { .. } => Some("recovery_codes_replaced"),
            Self::RecoveryCodeUsed { .. } => Some("recovery_code_used"),
            Self::SecondFactorFailed { .. } => Some("second_factor_failed"),
            Self::Invited {} => Some("invited"),
            Self::ResetSuggested {} => Some("reset_suggested"),
            Self::Void {} => None,
        }
    }
}
