//! Empties the outbox: events reach RabbitMQ from here, never from a request.
mod message;
mod outcome;

use std::{
    sync::atomic::{AtomicI64, AtomicUsize, Ordering},
    time::Duration,
};

use message::message;
use tokio::{sync::Notify, time};

use super::crew::Stop;
use crate::{
    accounts::Internal,
    amqp::{Broker, End, Fate, Report},
    clock::{Clock, Timestamp},
    db::Pool,
    store::{self, outbox::Pending},
};

/// How long the outbox is left alone when nobody says that an event came: another node or the command line may have recorded one.
const POLL: Duration = Duration::from_secs(1);

/// How long after an event was recorded the first look is: its transaction may be committed by then, and others have come.
const SOON: Duration = Duration::from_millis(10);

/// What one node at a time does.
const LEASE: &str = "publisher";

/// How long the lease is ours: longer than a batch takes at worst, so that two nodes publish at once only where their clocks differ.
const LEASE_TIME: Duration = Duration::from_secs(15);

/// The most events of a batch.
const BATCH: usize = 500;

/// How long the log hears no more of events that are not taken.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// Takes events from the outbox and publishes them, while no other node does.
pub struct Publisher {
    db: Pool,
    clock: Clock,
    broker: Broker,
    public_url: String,
    node: String,
    /// Events of the next batch: one after a failure, twice as many after each success. So one event at fault is found among many, and a
    /// broker in trouble is asked with one event.
    room: AtomicUsize,
    /// When the log was last told of events that were not taken, in milliseconds since the epoch.
    complained: AtomicI64,
}

/// Events that were taken from the outbox, and how often the broker has failed before.
struct Batch {
    events: Vec<Pending>,
    failures: i64,
}

/// What was learnt of a batch: a fate for each event, where there is one.
struct Outcome {
    fates: Vec<Option<Fate>>,
    end: End,
}

impl Publisher {
    /// Publishes what is in `db` to `broker`, in the name of the site at `public_url`; `node` is the holder of the lease.
    pub fn new(db: Pool, clock: Clock, broker: Broker, public_url: String, node: String) -> Self {
        Self { db, clock, broker, public_url, node, room: BATCH.into(), complained: 0.into() }
    }

    /// Publishes until it has to `stop`; wakes when an event was `recorded`. An outage of the database is logged when it begins and when it is over.
    pub async fn run(&self, recorded: &Notify, stop: &Stop) {
        let (mut pause, mut cut_off) = (POLL, false);
        while !stop.is_set() {
            let outcome = self.deliver().await;
            match &outcome {
                Ok(_) if cut_off => tracing::info!("the outbox is read again"),
                Err(error) if !cut_off => tracing::error!(%error, "the outbox could not be read; events wait"),
                _ => {}
            }
            cut_off = outcome.is_err();
            // More may be waiting.
            if outcome.is_ok_and(|tried| tried > 0) {
                continue;
            }
            // Told before the commit: where the first look was too early, a later one is not.
            let called = tokio::select! {
                called = time::timeout(pause, recorded.notified()) => called,
                () = stop.wait() => return,
            };
            pause = match called {
                Ok(()) => {
                    time::sleep(SOON).await;
                    SOON
                }
                Err(_) => POLL.min(pause * 2),
            };
        }
    }

    /// Publishes what is due now, if no other node does; answers how many events were tried: none while the broker fails.
    ///
    /// # Errors
    /// The outbox could not be read or written; what the broker has said is then asked of it once more, later.
    pub async fn deliver(&self) -> Result<usize, Internal> {
        let now = self.clock.now();
        if !store::outbox::is_due(&*self.db, now).await? {
            return Ok(0);
        }
        let Some(batch) = self.take(now).await?.filter(|batch| !batch.events.is_empty()) else { return Ok(0) };
        let outcome = self.publish(&batch.events).await;
        self.settle(&batch, &outcome).await?;
        self.learn(&batch, &outcome);
        Ok(if matches!(outcome.end, End::Outage(_)) { 0 } else { batch.events.len() })
    }

    /// Gives the lease back and ends the connection: another node need not wait until this one is taken for dead.
    pub async fn leave(&self) {
        if let Err(error) = store::leases::give_back(&*self.db, LEASE, &self.node).await {
            tracing::warn!(%error, "the publisher's lease could not be given back; another node has it a few seconds later");
        }
        self.broker.close().await;
    }

    /// The next events, with their numbers; `None` while another node publishes.
    async fn take(&self, now: Timestamp) -> Result<Option<Batch>, Internal> {
        let room = i64::try_from(self.room.load(Ordering::Relaxed))?;
        let mut tx = self.db.begin().await?;
        store::seals::hold(&mut *tx).await?;
        if !store::leases::take(&mut *tx, LEASE, &self.node, now, now.plus(LEASE_TIME)).await? {
            return Ok(None);
        }
        let numbered = store::outbox::number(&mut *tx, now, room).await?;
        if numbered > 0 {
            store::outbox::advance(&mut *tx, i64::try_from(numbered)?).await?;
        }
        let events = store::outbox::due(&mut *tx, now, room).await?;
        let failures = store::outbox::failures(&mut *tx).await?;
        tx.commit().await?;
        Ok(Some(Batch { events, failures }))
    }

    /// What the broker says of each event; one that cannot be written as a message is at fault itself.
    async fn publish(&self, events: &[Pending]) -> Outcome {
        let mut messages = Vec::with_capacity(events.len());
        let mut fates = Vec::with_capacity(events.len());
        for event in events {
            fates.push(match message(event, &self.public_url) {
                Ok(message) => {
                    messages.push(message);
                    None
                }
                Err(error) => Some(Fate::Faulty(error.to_string())),
            });
        }
        if messages.is_empty() {
            return Outcome { fates, end: End::Whole };
        }
        let Report { fates: answers, end } = self.broker.publish(&messages).await;
        for (fate, answer) in fates.iter_mut().filter(|fate| fate.is_none()).zip(answers) {
            *fate = answer;
        }
        Outcome { fates, end }
    }

    /// Sizes the next batch, and logs what is new.
    fn learn(&self, batch: &Batch, outcome: &Outcome) {
        let room = self.room.load(Ordering::Relaxed);
        self.room.store(if matches!(outcome.end, End::Whole) { BATCH.min(room * 2) } else { 1 }, Ordering::Relaxed);
        match &outcome.end {
            End::Outage(outage) if batch.failures == 0 => tracing::error!(%outage, "events wait: RabbitMQ takes none"),
            End::Outage(_) => {}
            _ if batch.failures > 0 && outcome.has_answer() => tracing::info!("RabbitMQ takes events again"),
            _ => {}
        }
        let refused = batch.events.iter().zip(&outcome.fates).find_map(|(event, fate)| match fate {
            Some(Fate::Refused(why) | Fate::Faulty(why)) => Some((event, why)),
            _ => None,
        });
        if let Some((event, why)) = refused
            && self.may_complain()
        {
            tracing::warn!(event = event.id, kind = event.kind, why, "RabbitMQ does not take some events; they wait");
        }
    }

    /// Whether the log has not heard of events that wait for a minute.
    fn may_complain(&self) -> bool {
        let now = self.clock.now();
        let last = Timestamp::from_millis(self.complained.load(Ordering::Relaxed));
        let may = now.since(last) >= COMPLAINTS;
        if may {
            self.complained.store(now.millis(), Ordering::Relaxed);
        }
        may
    }
}
