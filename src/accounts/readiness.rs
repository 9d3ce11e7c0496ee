//! How this node is: whether it should get requests, and what its operators see of it.
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Accounts;
use crate::{clock::CLOCKS_MAY_DIFFER, store};

/// How long the database may take to answer: a load balancer does not wait longer for us.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a load balancer and operators are told.
pub struct Readiness {
    /// Nodes that have a row in the database; `None` when it does not answer.
    pub nodes: Option<i64>,
    /// How long ago the reading of endings began that this node trusts; `None` before the first.
    pub feed_age: Option<Duration>,
    /// How long the last ending that was made here took to hold everywhere; `None` before the first.
    pub last_settle: Option<Duration>,
    /// Why this node should get no requests now.
    pub fault: Option<Fault>,
}

/// Why a node should get no requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was told to stop.
    Stopping,
    /// The database does not answer.
    NoDatabase,
    /// The node's clock is so many milliseconds ahead of the database's; behind when negative.
    WrongClock(i64),
    /// The node has not read the endings of others lately.
    Behind,
}

/// What was noted last.
#[derive(Default)]
pub(super) struct Vitals(Mutex<Noted>);

#[derive(Default)]
pub(super) struct Noted {
    /// Milliseconds; `None` where the database has no clock.
    pub clock_ahead: Option<i64>,
    pub last_settle: Option<Duration>,
    pub stopping: bool,
}

impl Vitals {
    // A panic while the lock was held cannot leave a number half written.
    pub fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    /// From now on this node says that it is not ready, and goes on all the same.
    pub fn announce_stop(&self) {
        self.vitals.lock().stopping = true;
    }

    /// How this node is; asks the database, for a second at most.
    pub async fn readiness(&self) -> Readiness {
        let nodes = tokio::time::timeout(PATIENCE, store::nodes::count(&*self.db)).await.ok().and_then(Result::ok);
        let Noted { clock_ahead, last_settle, stopping } = *self.vitals.lock();
        let uptime = self.clock.uptime();
        let wrong = clock_ahead.filter(|ahead| Duration::from_millis(ahead.unsigned_abs()) > CLOCKS_MAY_DIFFER);
        let fault = match wrong {
            _ if stopping => Some(Fault::Stopping),
            _ if nodes.is_none() => Some(Fault::NoDatabase),
            Some(ahead) => Some(Fault::WrongClock(ahead)),
            None => (!self.revocations.is_whole(uptime)).then_some(Fault::Behind),
        };
        Readiness { nodes, feed_age: self.revocations.age(uptime), last_settle, fault }
    }
}
