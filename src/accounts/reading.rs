//! What operators read off: this node as it is, and the figures of all nodes, which the database is not asked for at every look.
use std::time::Duration;

use tokio::sync::Mutex;

use super::{Accounts, FLUSH, Internal};
use crate::{
    clock::Timestamp,
    db::LEISURE,
    metrics::{Queue, Reading, Stored},
    store,
};

/// How old figures may be.
const KEPT: Duration = Duration::from_secs(5);

/// Counting takes no more of a processor than one part in this many: after it the figures are kept so many times as long as it took.
const SHARE: u32 = 20;

/// How long the database may take: whoever looks waits ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last figures, and the uptime until which they are good enough.
#[derive(Default)]
pub(super) struct Figures(Mutex<Option<(Stored, Duration)>>);

impl Accounts {
    /// How this node and its database are now. The ages of keys are the caller's to say.
    pub async fn reading(&self, key_ages: [(&'static str, Duration); 2]) -> Reading {
        let stored = tokio::time::timeout(PATIENCE, self.stored()).await.ok().and_then(Result::ok);
        let (uptime, load) = (self.clock.uptime(), self.hasher.load());
        let idle = i64::try_from(self.db.num_idle()).unwrap_or(i64::MAX);
        Reading {
            stored,
            feed_age: self.revocations.age(uptime),
            trusted: self.revocations.is_whole(uptime),
            clock_ahead: self.vitals.lock().clock_ahead,
            revocations: self.revocations.count(),
            hashing: load.running,
            hashes_waiting: load.waiting,
            connections: [("used", i64::from(self.db.size()).saturating_sub(idle)), ("idle", idle)],
            key_ages,
        }
    }

    /// Of many who ask at once, one asks the database.
    async fn stored(&self) -> Result<Stored, Internal> {
        let mut kept = self.figures.0.lock().await;
        let began = self.clock.uptime();
        if let Some((stored, _)) = kept.as_ref().filter(|(_, until)| began < *until) {
            return Ok(stored.clone());
        }
        let (db, now) = (self.db.with_patience(LEISURE), self.clock.now());
        // Last use is written down late.
        let used_since = now.minus(self.rules.lifetimes.idle + FLUSH);
        let sessions = store::sessions::live(&*db, used_since, now).await?;
        let queue = |waiting, oldest: Option<Timestamp>| Queue {
            waiting,
            oldest: oldest.map_or(Duration::ZERO, |oldest| now.since(oldest)),
        };
        let (waiting, oldest) = store::letters::queue(&*db).await?;
        let letters = queue(waiting, oldest);
        let events = match self.rules.publish {
            true => {
                let backlog = store::outbox::backlog(&*db).await?;
                Some((queue(backlog.pending, backlog.oldest), backlog.parked))
            }
            false => None,
        };
        let stored = Stored {
            nodes: store::nodes::count(&*db).await?,
            sessions: sessions.map(|(kind, number)| (kind.as_str(), number)),
            letters,
            events,
        };
        let took = self.clock.uptime().saturating_sub(began);
        *kept = Some((stored.clone(), began + took + KEPT.max(took * SHARE)));
        Ok(stored)
    }
}
