//! The sessions that ended so lately that a token of theirs may still verify, in memory: asked at every request.
//!
//! A node that reads every ending within two seconds may trust its memory; [`feed`] says how it knows. Whoever ends a session waits until
//! every other node has read of it, or longer than a node trusts what it read before.
pub mod feed;

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    clock::Timestamp,
    model::{
        id::SessionId,
        session::{EndReason, Ending},
    },
};

/// Ended sessions with their reasons, and until when the set is whole.
pub struct Revocations {
    entries: RwLock<Entries>,
    /// Milliseconds of uptime; 0 when the set is not trusted.
    whole_until: AtomicU64,
    /// What `whole_until` was set to last, whether or not it still counts; 0 before the first time.
    was_whole_until: AtomicU64,
    /// How long after an ending a token of the session may still verify.
    horizon: Duration,
}

#[derive(Default)]
struct Entries {
    /// By the bits of their names: a site may have millions of them.
    ended: HashMap<[u8; 16], Entry>,
    /// Entries that are out of date are dropped when the set has grown to this size.
    sweep_at: usize,
}

/// Twelve bytes, for the same reason.
struct Entry {
    reason: EndReason,
    /// How long somebody may ask, in seconds since 1970, rounded up.
    until: u32,
    /// The uptime when this node heard of it, in seconds, rounded up.
    heard: u32,
}

impl Entry {
    fn new(ending: Ending, heard: Duration) -> Self {
        let rounded_up = |seconds: u64| u32::try_from(seconds + 1).unwrap_or(u32::MAX);
        let until = u64::try_from(ending.until.seconds()).unwrap_or(0);
        Self { reason: ending.reason, until: rounded_up(until), heard: rounded_up(heard.as_secs()) }
    }

    /// Whether both clocks agree that no token of the session can verify.
    fn is_dead(&self, now: Timestamp, uptime: Duration, horizon: Duration) -> bool {
        now >= Timestamp::from_seconds(self.until.into()) && uptime >= Duration::from_secs(self.heard.into()) + horizon
    }
}

fn key(session: &SessionId) -> [u8; 16] {
    session.bits().to_be_bytes()
}

/// The set is not searched for old entries before it has this many.
const SMALLEST_SWEEP: usize = 16;

/// What the set knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on.
    Open,
    /// It was ended.
    Ended(EndReason),
    /// This node has not read the endings lately; only the table knows.
    Unknown,
}

impl Revocations {
    /// A set that knows nothing yet; `horizon` after an ending no token of the session verifies any more.
    pub fn new(horizon: Duration) -> Self {
        let (whole_until, was_whole_until) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { entries: RwLock::default(), whole_until, was_whole_until, horizon }
    }

    /// Remembers that `session` is over; the first reason stays. It is forgotten when both clocks agree that no token can verify: the time
    /// of day may be set forward and back.
    pub fn end(&self, session: &SessionId, ending: Ending, now: Timestamp, uptime: Duration) {
        let mut entries = self.write();
        entries.ended.entry(key(session)).or_insert(Entry::new(ending, uptime));
        if entries.ended.len() >= entries.sweep_at.max(SMALLEST_SWEEP) {
            entries.ended.retain(|_, entry| !entry.is_dead(now, uptime, self.horizon));
            entries.sweep_at = entries.ended.len() * 2;
        }
    }

    /// Whether `session` goes on, as far as this node knows. The order matters: whatever ended between the look-up and the reading of the
    /// clock was waited for beyond the end that was loaded first.
    pub fn standing(&self, session: &SessionId, uptime: impl FnOnce() -> Duration) -> Standing {
        let whole_until = self.whole_until.load(Ordering::Acquire);
        if let Some(entry) = self.read().ended.get(&key(session)) {
            return Standing::Ended(entry.reason);
        }
        if millis(uptime()) < whole_until { Standing::Open } else { Standing::Unknown }
    }

    /// Whether the set is trusted at `uptime`.
    pub fn is_whole(&self, uptime: Duration) -> bool {
        millis(uptime) < self.whole_until.load(Ordering::Acquire)
    }

    /// How long before `uptime` the reading began that made the set whole last; `None` when there was none yet.
    pub fn age(&self, uptime: Duration) -> Option<Duration> {
        match self.was_whole_until.load(Ordering::Relaxed) {
            0 => None,
            until => Some((uptime + feed::TRUST).saturating_sub(Duration::from_millis(until))),
        }
    }

    /// How many ended sessions are remembered.
    pub fn count(&self) -> usize {
        self.read().ended.len()
    }

    /// Trusts the set until `uptime`; what was ended before must be in it.
    fn trust_until(&self, uptime: Duration) {
        self.was_whole_until.store(millis(uptime), Ordering::Relaxed);
        self.whole_until.store(millis(uptime), Ordering::Release);
    }

    /// Trusts the set no more, until it is read anew.
    pub fn distrust(&self) {
        self.whole_until.store(0, Ordering::Release);
    }

    // A panic while the lock was held cannot leave a map half written: the set stays good.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: Duration = Duration::from_secs(600);

    fn logged_out(until: Timestamp) -> Ending {
        Ending { reason: EndReason::LoggedOut, until }
    }

    #[test]
    fn an_ending_is_known_until_no_token_can_verify_and_forgotten_later() {
        let (set, start) = (Revocations::new(HORIZON), Timestamp::from_seconds(1_700_000_000));
        set.trust_until(Duration::MAX);
        let mut ids = Vec::new();
        for second in (0..10_000).map(Duration::from_secs) {
            let now = start.plus(second);
            ids.push(SessionId::random());
            set.end(&ids[ids.len() - 1], logged_out(now.plus(HORIZON)), now, second);
        }
        for id in &ids[ids.len() - 600..] {
            assert_eq!(set.standing(id, || Duration::ZERO), Standing::Ended(EndReason::LoggedOut));
        }
        assert!(set.read().ended.len() < 2_000, "{}", set.read().ended.len());
    }

    #[test]
    fn a_clock_that_is_set_forward_and_back_makes_no_ending_forgotten() {
        let (set, now) = (Revocations::new(HORIZON), Timestamp::from_seconds(1_700_000_000));
        let ended = SessionId::random();
        set.end(&ended, logged_out(now.plus(HORIZON)), now, Duration::ZERO);
        let later = now.plus(Duration::from_secs(86_400));
        for _ in 0..1_000 {
            set.end(&SessionId::random(), logged_out(later), later, Duration::from_secs(599));
        }
        assert_eq!(set.standing(&ended, || Duration::ZERO), Standing::Ended(EndReason::LoggedOut));
    }

    #[test]
    fn a_set_that_was_not_read_lately_says_so_but_still_knows_what_ended() {
        let (set, now) = (Revocations::new(HORIZON), Timestamp::from_seconds(1_700_000_000));
        let (ended, other) = (SessionId::random(), SessionId::random());
        assert_eq!(set.standing(&other, || Duration::ZERO), Standing::Unknown);
        set.trust_until(Duration::from_secs(2));
        set.end(&ended, logged_out(now), now, Duration::ZERO);
        assert_eq!(set.standing(&other, || Duration::from_millis(1999)), Standing::Open);
        assert_eq!(set.standing(&other, || Duration::from_secs(2)), Standing::Unknown);
        set.distrust();
        assert_eq!(set.standing(&other, || Duration::ZERO), Standing::Unknown);
        assert_eq!(set.standing(&ended, || Duration::ZERO), Standing::Ended(EndReason::LoggedOut));
    }
}
