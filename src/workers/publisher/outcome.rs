//! What becomes of events once the broker has spoken, or has not.
use std::time::Duration;

use super::{Batch, LEASE, Outcome, Publisher};
use crate::{
    accounts::Internal,
    amqp::{End, Fate},
    store::{
        self,
        outbox::{Pending, Span},
    },
};

/// The first wait after the broker failed, or would not take an event; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait for the broker.
const LONGEST_OUTAGE: Duration = Duration::from_secs(30);

/// The longest wait of an event that the broker did not take.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Tries before an event that is at fault itself is given up.
const MAX_ATTEMPTS: i64 = 5;

impl Publisher {
    /// Writes down what became of each event, and of the broker.
    pub(super) async fn settle(&self, batch: &Batch, outcome: &Outcome) -> Result<(), Internal> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::seals::hold(&mut *tx).await?;
        for (span, attempts, fate) in spans(&batch.events, &outcome.fates) {
            match fate {
                Fate::Confirmed => store::outbox::published(&mut *tx, span).await?,
                Fate::Faulty(why) if attempts + 1 >= MAX_ATTEMPTS => {
                    tracing::error!(from = span.from, to = span.to, why, "events were given up");
                    store::outbox::parked(&mut *tx, span, why, now).await?;
                }
                Fate::Faulty(why) | Fate::Refused(why) => {
                    let again = now.plus(wait(attempts, LONGEST_WAIT));
                    store::outbox::postponed(&mut *tx, span, why, again).await?;
                }
            }
        }
        match &outcome.end {
            End::Outage(outage) => {
                let again = now.plus(wait(batch.failures, LONGEST_OUTAGE));
                // This node may be the only one that does not reach the broker. The lease comes first, as it does when it is taken.
                store::leases::give_back(&mut *tx, LEASE, &self.node).await?;
                store::outbox::failed(&mut *tx, &outage.to_string(), again).await?;
            }
            _ if batch.failures > 0 && outcome.has_answer() => store::outbox::recovered(&mut *tx).await?,
            _ => {}
        }
        Ok(tx.commit().await?)
    }
}

impl Outcome {
    /// Whether the broker said anything of any event.
    pub fn has_answer(&self) -> bool {
        self.fates.iter().any(|fate| matches!(fate, Some(Fate::Confirmed | Fate::Refused(_))))
    }
}

fn wait(failures: i64, longest: Duration) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(0).min(16);
    (FIRST_WAIT * 2_u32.pow(doublings)).min(longest)
}

/// The fates that are known, those of neighbours that share one together.
fn spans<'a>(events: &[Pending], fates: &'a [Option<Fate>]) -> Vec<(Span, i64, &'a Fate)> {
    let mut spans: Vec<(Span, i64, &Fate)> = Vec::new();
    for (event, fate) in events.iter().zip(fates) {
        let Some(fate) = fate else { continue };
        match spans.last_mut() {
            Some((span, attempts, same))
                if span.to + 1 == event.sequence && *attempts == event.attempts && *same == fate =>
            {
                span.to = event.sequence;
            }
            _ => spans.push((Span { from: event.sequence, to: event.sequence }, event.attempts, fate)),
        }
    }
    spans
}
