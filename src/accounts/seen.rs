//! When sessions were last used: gathered in memory, since a request writes no table, and written down in batches.
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Accounts, Internal};
use crate::{clock::Timestamp, model::id::SessionId, store};

/// How often it is written down: by so much another node's list may be behind.
pub const FLUSH: Duration = Duration::from_secs(30);

/// So many at a time hold up another writer for a few milliseconds.
const BATCH: usize = 200;

/// Last use by session, not written down yet.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<SessionId, Timestamp>>);

impl Seen {
    /// When this node last saw `session`, if that is not written down yet.
    pub fn last(&self, session: &SessionId) -> Option<Timestamp> {
        self.lock().get(session).copied()
    }

    fn note(&self, session: &SessionId, at: Timestamp) {
        let mut seen = self.lock();
        match seen.get_mut(session) {
            Some(last) => *last = at.max(*last),
            None => drop(seen.insert(session.clone(), at)),
        }
    }

    // A panic while the lock was held cannot leave a map half written.
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    /// Notes that `session` was used at `now`. Reads and writes no table.
    pub fn saw(&self, session: &SessionId, now: Timestamp) {
        self.seen.note(session, now);
    }

    /// Writes down what was noted since the last time.
    ///
    /// # Errors
    /// The database is gone; what was noted is kept for the next time.
    pub async fn write_seen(&self) -> Result<(), Internal> {
        let mut noted: Vec<_> = std::mem::take(&mut *self.seen.lock()).into_iter().collect();
        // In one order on every node, or two of them could wait for each other.
        noted.sort_unstable();
        for (index, batch) in noted.chunks(BATCH).enumerate() {
            if let Err(error) = self.write(batch).await {
                for (session, at) in &noted[index * BATCH..] {
                    self.seen.note(session, *at);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write(&self, batch: &[(SessionId, Timestamp)]) -> Result<(), Internal> {
        let mut tx = self.db.begin().await?;
        for (session, at) in batch {
            store::sessions::see(&mut *tx, session, *at).await?;
        }
        Ok(tx.commit().await?)
    }
}
