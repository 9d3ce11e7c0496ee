//! Puts events into the audit trail.
use std::sync::Arc;

use sqlx::any::AnyExecutor;
use tokio::sync::Notify;

use super::{Accounts, Internal, Tx};
use crate::{clock::Timestamp, model::event::Event, store};

impl Accounts {
    /// Records `event` at `now`, in the transaction of what it records.
    pub(super) async fn record(&self, db: impl AnyExecutor<'_>, event: Event, now: Timestamp) -> Result<(), Internal> {
        store::events::insert(db, event, self.rules.publish, now).await?;
        // Before the commit, which nobody could forget to follow with a call of his own: the publisher looks more than once.
        self.events.notify_one();
        Ok(())
    }

    /// Records all of `events`, as [`Self::record`] does one.
    pub(super) async fn record_each(&self, tx: &mut Tx, events: Vec<Event>, now: Timestamp) -> Result<(), Internal> {
        store::events::insert_all(tx, events, self.rules.publish, now).await?;
        self.events.notify_one();
        Ok(())
    }

    /// Told when an event was recorded, in a transaction that is about to be committed.
    pub fn events_recorded(&self) -> Arc<Notify> {
        Arc::clone(&self.events)
    }
}
