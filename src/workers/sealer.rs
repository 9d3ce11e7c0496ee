//! Seals what was added to the audit trail, and counts it.
use std::{collections::BTreeMap, time::Duration};

use super::crew::Stop;
use crate::{
    accounts::Internal,
    clock::Clock,
    db::Pool,
    seals::Seals,
    store::{self, events::Verbatim, seals::Ends},
};

/// How often it is looked for new events: each is to be sealed within two seconds.
const INTERVAL: Duration = Duration::from_millis(500);

/// Events sealed at a time: on SQLite a sign-in waits for as long as they are written.
const BATCH: i64 = 500;

/// How long others may write before the next batch.
const PAUSE: Duration = Duration::from_millis(10);

/// Adds new events to the chain. Any number of nodes may do so at once.
pub struct Sealer {
    /// Where the events are.
    pub db: Pool,
    /// The clock.
    pub clock: Clock,
    /// Makes the seals.
    pub seals: Seals,
}

impl Sealer {
    /// Seals until it has to `stop`. A fault is logged when it begins and when it is over.
    pub async fn run(&self, stop: &Stop) {
        let mut at_fault = false;
        while !stop.is_set() {
            let outcome = self.seal().await;
            match &outcome {
                Ok(_) if at_fault => tracing::info!("the audit trail is sealed again"),
                Err(error) if !at_fault => tracing::error!(%error, "the audit trail is not sealed; its events wait"),
                _ => {}
            }
            at_fault = outcome.is_err();
            stop.sleep(if matches!(outcome, Ok(true)) { PAUSE } else { INTERVAL }).await;
        }
    }

    /// Seals one batch; answers whether more may wait. Which events have no seal is asked of each, and not of a last one: those whose
    /// transactions took longer become visible after later ones.
    ///
    /// # Errors
    /// The database is gone, or the ends of the chain are not as they were left: going on would cover that up.
    pub async fn seal(&self) -> Result<bool, Internal> {
        // The ends first: whoever seals one of the events meanwhile moves them, and then this does nothing.
        let before = ends(&self.db, &self.seals).await?;
        let (sealed, events): (Vec<_>, Vec<_>) =
            store::events::unsealed(&*self.db, BATCH).await?.into_iter().partition(|(_, sealed)| *sealed);
        let now = self.clock.now();
        for (event, _) in &sealed {
            store::events::mark_one_sealed(&*self.db, &event.id, now).await?;
        }
        if events.is_empty() {
            return Ok(!sealed.is_empty());
        }
        let mut after =
            Ends { begun_at: if before.number == 0 { now.millis() } else { before.begun_at }, ..before.clone() };
        let mut seals = Vec::with_capacity(events.len());
        for (event, _) in &events {
            after.number += 1;
            after.seal = self.seals.seal(&after.seal, after.number, event);
            seals.push((&*event.id, after.seal.clone()));
        }
        let after = self.seals.bind(after);
        let mut tx = self.db.begin().await?;
        if store::seals::move_ends(&mut *tx, &before, &after).await? {
            store::seals::insert(&mut tx, before.number + 1, &seals).await?;
            store::events::mark_sealed(&mut *tx, before.number, after.number, now).await?;
            store::tallies::add(&mut tx, &counts(events.iter().map(|(event, _)| event))).await?;
            tx.commit().await?;
        }
        Ok(true)
    }
}

/// Hour, type and number of `events`.
fn counts<'e>(events: impl Iterator<Item = &'e Verbatim>) -> Vec<(i64, &'e str, i64)> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry((event.created_at.hours(), &*event.kind)).or_default() += 1;
    }
    counts.into_iter().map(|((hour, kind), number)| (hour, kind, number)).collect()
}

/// Where the chain begins and ends, if it is still as we left it.
pub(super) async fn ends(db: &Pool, seals: &Seals) -> Result<Ends, Internal> {
    let changed =
        || Internal::new("the ends of its chain were changed by somebody else; see `nightlatch check --audit`");
    let (ends, _) = store::seals::ends(&**db).await?.ok_or_else(changed)?;
    if seals.are_bound(&ends) { Ok(ends) } else { Err(changed()) }
}
