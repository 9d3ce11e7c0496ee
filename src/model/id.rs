//! Identifiers of rows, and the random numbers behind them.
use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use serde::{Deserialize, Serialize};
use uuid::Builder;

use crate::clock::Timestamp;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new one; those made later sort later, to the millisecond.
            pub fn new(now: Timestamp) -> Self {
                Self(row_id(now))
            }

            /// The text as stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// Names an account; never used again after the account is gone.
    UserId
);
identifier!(
    /// Names a session. No secret: a token that carries it is signed.
    SessionId
);

/// Names a row: a UUID version 7 (RFC 9562). Unique, sorted by time, not a secret.
pub fn row_id(now: Timestamp) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random()).into_uuid().simple().to_string()
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// 128 random bits as 22 characters that need no escaping anywhere.
pub fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(random::<16>())
}
