//! Deletes the oldest part of the audit trail, so that the rest can still be proven.
use super::{BATCH, Sweeper};
use crate::{accounts::Internal, store, workers::sealer::ends};

impl Sweeper {
    /// Deletes a batch of old events with their seals; answers whether more may be there. Events go in the order in which they were sealed:
    /// one that is not old yet, has no seal or was not published keeps those after it. The chain notes where it begins from now on.
    ///
    /// # Errors
    /// The database is gone, or an event is not what it was when it was sealed: nothing is deleted that somebody has to look at.
    pub async fn cut_trail(&self) -> Result<bool, Internal> {
        let cutoff = self.clock.now().minus(self.keep.events);
        let before = ends(&self.db, &self.seals).await?;
        let mut after = before.clone();
        for link in store::seals::page(&*self.db, before.deleted_number, BATCH).await? {
            let (seal, number) = (&after.deleted_seal, after.deleted_number + 1);
            let fits = |event: &_| link.number == number && self.seals.is_seal(&link.seal, seal, number, event);
            let Some(event) = link.event.filter(fits) else {
                // Another node may have been here between the two readings.
                let moved = ends(&self.db, &self.seals).await? != before;
                return if moved { Ok(true) } else { Err(changed()) };
            };
            if event.created_at >= cutoff || (self.publishes && link.is_unpublished) {
                break;
            }
            after.deleted_number = number;
            after.deleted_seal = link.seal;
            after.deleted_until = after.deleted_until.max(event.created_at.millis());
        }
        let (first, last) = (before.deleted_number, after.deleted_number);
        if first == last {
            return Ok(false);
        }
        let mut tx = self.db.begin().await?;
        if store::seals::move_ends(&mut *tx, &before, &self.seals.bind(after)).await? {
            store::events::delete_sealed(&mut *tx, first, last).await?;
            store::seals::delete(&mut *tx, first, last).await?;
            tx.commit().await?;
        }
        Ok(true)
    }
}

fn changed() -> Internal {
    Internal::new("an old event is not as it was sealed, and nothing more is deleted; see `nightlatch check --audit`")
}
