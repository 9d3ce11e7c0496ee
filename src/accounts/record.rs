//! Puts events into the audit trail.
use sqlx::any::AnyExecutor;

use super::{Accounts, Internal};
use crate::{clock::Timestamp, model::event::Event, store};

impl Accounts {
    /// Records `event` at `now`, in the transaction of what it records.
    pub(super) async fn record(&self, db: impl AnyExecutor<'_>, event: Event, now: Timestamp) -> Result<(), Internal> {
        Ok(store::events::insert(db, event, now).await?)
    }
}
