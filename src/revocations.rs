//! The sessions that ended so lately that a token of theirs may still verify, in memory: asked at every request.
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    clock::Timestamp,
    model::{
        id::SessionId,
        session::{EndReason, Ending},
    },
};

/// Ended sessions with the reason and the moment up to which they must be known.
#[derive(Default)]
pub struct Revocations(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    ended: HashMap<SessionId, Ending>,
    /// Entries that are out of date are dropped when the set has grown to this size.
    sweep_at: usize,
}

/// The set is not searched for old entries before it has this many.
const SMALLEST_SWEEP: usize = 1024;

impl Revocations {
    /// Remembers that `session` is over; the first reason stays.
    pub fn end(&self, session: SessionId, ending: Ending, now: Timestamp) {
        let mut entries = self.write();
        entries.ended.entry(session).or_insert(ending);
        if entries.ended.len() >= entries.sweep_at.max(SMALLEST_SWEEP) {
            entries.ended.retain(|_, ending| now < ending.until);
            entries.sweep_at = entries.ended.len() * 2;
        }
    }

    /// Why `session` is over, or `None` while it goes on.
    pub fn ended(&self, session: &SessionId) -> Option<EndReason> {
        self.read().ended.get(session).map(|ending| ending.reason)
    }

    // A panic while the lock was held cannot leave a map half written: the set stays good.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_ending_is_known_until_no_token_can_verify_and_forgotten_later() {
        let (set, mut now) = (Revocations::default(), Timestamp::from_seconds(1_700_000_000));
        let first = SessionId::new(now);
        for _ in 0..10_000 {
            let until = now.plus(Duration::from_secs(610));
            set.end(SessionId::new(now), Ending { reason: EndReason::Replaced, until }, now);
            now = now.plus(Duration::from_secs(1));
        }
        set.end(first.clone(), Ending { reason: EndReason::LoggedOut, until: now.plus(Duration::from_secs(610)) }, now);
        assert_eq!(set.ended(&first), Some(EndReason::LoggedOut));
        assert_eq!(set.ended(&SessionId::new(now)), None);
        assert!(set.read().ended.len() < 2_000, "{}", set.read().ended.len());
    }
}
