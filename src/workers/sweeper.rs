//! Deletes what was kept for long enough: see the settings `NIGHTLATCH_RETENTION__…`.
mod trail;

use std::time::Duration;

use super::crew::Stop;
use crate::{
    accounts::Internal,
    clock::{self, CLOCKS_MAY_DIFFER, Clock},
    db::Pool,
    seals::Seals,
    settings::Retention,
    store::{budgets, devices, endings, guesses, letters, requests, sessions, tallies},
};

/// How often it is looked for what is old.
const INTERVAL: Duration = Duration::from_secs(600);

/// Rows deleted at a time: on SQLite a sign-in waits for as long as that takes.
const BATCH: i64 = 500;

/// How long others may write before the next batch.
const PAUSE: Duration = Duration::from_millis(100);

/// How long an ending is kept after the last token of its session. By the settings of the node that ended it, that is: another may have
/// given out tokens of up to a day. The second day is for clocks that are wrong.
const ENDINGS: Duration = Duration::from_secs(2 * 24 * 3600);

/// How long a request is kept after it could be answered, for whoever looks into why somebody got no code.
const REQUESTS: Duration = Duration::from_secs(24 * 3600);

/// How long a browser that does not sign in is remembered: as long as it keeps the cookie.
const DEVICES: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long it is known what an hour brought.
const TALLIES: Duration = Duration::from_secs(365 * 24 * 3600);

/// Deletes old rows, a few at a time. Any number of nodes may do so at once, and each may be killed at any moment: every statement asks
/// anew, and whatever belongs together goes in one transaction.
pub struct Sweeper {
    /// Where the rows are.
    pub db: Pool,
    /// The clock.
    pub clock: Clock,
    /// Proves the audit trail before a part of it goes.
    pub seals: Seals,
    /// How long rows are kept.
    pub keep: Retention,
    /// Whether events go to RabbitMQ: then none is deleted before.
    pub publishes: bool,
}

impl Sweeper {
    /// Sweeps until it has to `stop`.
    pub async fn run(&self, stop: &Stop) {
        while !stop.is_set() {
            self.round(stop).await;
            stop.sleep(INTERVAL).await;
        }
    }

    /// Deletes everything that is old, unless the clock of this machine is wrong: by such a clock what is live may be old.
    pub async fn round(&self, stop: &Stop) {
        match self.clock_is_right().await {
            Ok(true) => {}
            Ok(false) => {
                return tracing::warn!("nothing old is deleted while the clock of this machine is not the database's");
            }
            Err(error) => return tracing::error!(%error, "old rows could not be deleted; it is tried again"),
        }
        while !stop.is_set() && self.more(self.sweep().await) {
            stop.sleep(PAUSE).await;
        }
        while !stop.is_set() && self.more(self.cut_trail().await) {
            stop.sleep(PAUSE).await;
        }
    }

    async fn clock_is_right(&self) -> Result<bool, Internal> {
        let began = self.clock.uptime();
        let Some(theirs) = self.db.time().await? else { return Ok(true) };
        let ahead = clock::ahead(self.clock.now(), theirs, self.clock.uptime().saturating_sub(began));
        Ok(Duration::from_millis(ahead.unsigned_abs()) <= CLOCKS_MAY_DIFFER)
    }

    fn more(&self, outcome: Result<bool, Internal>) -> bool {
        outcome.unwrap_or_else(|error| {
            tracing::error!(%error, "old rows could not be deleted; it is tried again");
            false
        })
    }

    /// Deletes a batch of old rows of each table but that of events; answers whether more may be there. What is live is never old: an open
    /// session is not over, and a letter that has not left is not done.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn sweep(&self) -> Result<bool, Internal> {
        let (db, now) = (&*self.db, self.clock.now());
        let deleted = [
            sessions::delete_over(db, now.minus(self.keep.sessions), BATCH).await?,
            letters::delete_done(db, now.minus(self.keep.letters), BATCH).await?,
            endings::delete_dead(db, now.minus(ENDINGS), BATCH).await?,
            requests::delete_expired(db, now.minus(REQUESTS), BATCH).await?,
            devices::delete_unused(db, now.minus(DEVICES), BATCH).await?,
            budgets::delete_over(db, now, BATCH).await?,
            guesses::delete_expired(db, now, BATCH).await?,
            // A few rows an hour.
            tallies::delete_before(db, now.minus(TALLIES).hours()).await?,
        ];
        Ok(deleted.contains(&BATCH.unsigned_abs()))
    }
}
