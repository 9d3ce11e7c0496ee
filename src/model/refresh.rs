//! What a refresh token says.
use std::fmt;

use super::id::SessionId;

/// One token of the line of a session; each is good for one use and has one successor.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Which session it prolongs.
    pub session: SessionId,
    /// How many tokens came before it.
    pub counter: i64,
    /// 256 bits that only its holder knows.
    pub secret: [u8; 32],
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("session", &self.session)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}
