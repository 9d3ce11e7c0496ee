//! How a node keeps up with the endings of all others, as a machine without clock, database or waiting.
use std::time::Duration;

use super::Revocations;
use crate::{
    clock::{CLOCKS_MAY_DIFFER, Timestamp},
    store::endings::Page,
};

/// How often a node reads the endings.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// How long a node trusts what it read, from before the reading began.
pub const TRUST: Duration = Duration::from_secs(2);

/// How long whoever ends a session waits for a node that does not say that it knows: by then the node trusts its memory no more. Counted
/// from after the commit, so that neither has to know the other's clock.
pub const PATIENCE: Duration = Duration::from_millis(2100);

/// How often a node compares its clock with the database's.
pub const COMPARISON: Duration = Duration::from_secs(3);

/// What a node has to ask the database next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// For the time.
    Time,
    /// To write its row for this registration, with nothing seen.
    Register,
    /// For every ending above this number, in one statement with the last number and whether the row of this registration is there.
    Read {
        /// The last number that was seen; -1 for none.
        after: i64,
    },
    /// To note this number in the row of this registration, if that is still there.
    Publish {
        /// Every ending up to this one is in memory.
        number: i64,
    },
}

/// Where a node stands.
#[derive(Debug, Default)]
pub struct Feed {
    state: State,
    registration: i64,
    /// The uptime when the database was last asked for the time.
    compared: Option<Duration>,
    clock_is_wrong: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Nobody waits for this node.
    #[default]
    Unknown,
    /// Every ending up to `seen` is in memory and noted.
    Following { seen: i64 },
    /// Every ending up to `number` is in memory; the reading began at the uptime `began`.
    Learned { number: i64, began: Duration },
}

impl Feed {
    /// A node that registers for the first time, under a number that no process of its name had before.
    pub fn new(registration: i64) -> Self {
        Self { registration, ..Self::default() }
    }

    /// Which of the node's registrations this is: what an older one asked may still arrive, and must change nothing.
    pub fn registration(&self) -> i64 {
        self.registration
    }

    /// What to ask at `uptime`: the time comes first, so that a node with a wrong clock trusts nothing. An ask that fails, or whose answer
    /// is lost, is simply asked again.
    pub fn ask(&self, uptime: Duration) -> Ask {
        if self.compared.is_none_or(|then| uptime >= then + COMPARISON) {
            return Ask::Time;
        }
        match self.state {
            State::Unknown => Ask::Register,
            State::Following { seen } => Ask::Read { after: seen },
            State::Learned { number, .. } => Ask::Publish { number },
        }
    }

    /// The database was asked for the time at the uptime `began`: the node's clock is this many milliseconds [ahead](crate::clock::ahead)
    /// of it. A node whose clock is wrong goes on reading, and trusts the set no more until it is right again.
    pub fn compared(&mut self, ahead: i64, began: Duration, set: &Revocations) {
        self.compared = Some(began);
        self.clock_is_wrong = Duration::from_millis(ahead.unsigned_abs()) > CLOCKS_MAY_DIFFER;
        if self.clock_is_wrong {
            set.distrust();
        }
    }

    /// Whether the node's clock was too far from the database's when they were last compared.
    pub fn clock_is_wrong(&self) -> bool {
        self.clock_is_wrong
    }

    /// The node's row was written.
    pub fn registered(&mut self) {
        self.state = State::Following { seen: -1 };
    }

    /// A reading that began at the uptime `began` found `page`; answers whether the node is up to date.
    pub fn read(&mut self, page: Page, began: Duration, set: &Revocations, now: Timestamp) -> bool {
        let State::Following { seen } = self.state else { return false };
        // Its row was deleted by somebody who waited in vain, or the database has gone back in time.
        if !page.registered || page.number < seen {
            self.forget(set);
            return false;
        }
        for (session, ending) in page.endings {
            set.end(&session, ending, now, began);
        }
        if page.number > seen {
            self.state = State::Learned { number: page.number, began };
            return false;
        }
        self.trust(set, began);
        true
    }

    /// The number was noted, unless the row was gone.
    pub fn published(&mut self, noted: bool, set: &Revocations) {
        match self.state {
            State::Learned { number, began } if noted => {
                self.state = State::Following { seen: number };
                self.trust(set, began);
            }
            _ => self.forget(set),
        }
    }

    fn trust(&self, set: &Revocations, began: Duration) {
        if !self.clock_is_wrong {
            set.trust_until(began + TRUST);
        }
    }

    fn forget(&mut self, set: &Revocations) {
        set.distrust();
        self.state = State::Unknown;
        self.registration += 1;
    }
}
