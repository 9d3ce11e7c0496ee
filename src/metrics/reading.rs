//! What is not counted but read off when somebody asks.
use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::EncodeGaugeValue,
    metrics::{
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::{Registry, Unit},
};

use super::{PREFIX, process};

/// How a node is at one moment. What is not known has no series.
pub struct Reading {
    /// What the database tells; `None` when it does not answer.
    pub stored: Option<Stored>,
    /// How long ago the reading of endings began that this node trusts.
    pub feed_age: Option<Duration>,
    /// Whether sessions are looked up in memory.
    pub trusted: bool,
    /// Milliseconds that this clock is ahead of the database's.
    pub clock_ahead: Option<i64>,
    /// Ended sessions that are remembered.
    pub revocations: usize,
    /// Passwords being hashed.
    pub hashing: usize,
    /// Passwords waiting for their turn.
    pub hashes_waiting: usize,
    /// Connections to the database that are in use, and those that are not.
    pub connections: [(&'static str, i64); 2],
    /// How old the newest key of each ring is.
    pub key_ages: [(&'static str, Duration); 2],
}

/// What the database tells of all nodes together.
#[derive(Clone)]
pub struct Stored {
    /// Nodes that have a row.
    pub nodes: i64,
    /// Sessions that go on, by what they are used by.
    pub sessions: [(&'static str, i64); 2],
    /// Letters that have not left.
    pub letters: Queue,
    /// Events that RabbitMQ does not have yet, and how many it will never get; `None` where none go there.
    pub events: Option<(Queue, i64)>,
}

/// What waits to leave.
#[derive(Clone)]
pub struct Queue {
    /// How many.
    pub waiting: i64,
    /// How long the oldest of them has waited; nought when nothing waits.
    pub oldest: Duration,
}

impl Reading {
    pub(super) fn registry(&self) -> Registry {
        let mut all = Registry::default();
        let cpu = ConstCounter::new(process::cpu_time().as_secs_f64());
        all.register_with_unit("process_cpu", "Processor time of this process", Unit::Seconds, cpu);
        if let Some(bytes) = process::resident_bytes() {
            let help = "Memory that this process holds";
            all.register_with_unit("process_resident_memory", help, Unit::Bytes, ConstGauge::new(bytes));
        }
        let to = all.sub_registry_with_prefix(PREFIX);
        number(
            to,
            "database_up",
            "Whether the database answered when it was asked last",
            i64::from(self.stored.is_some()),
        );
        if let Some(stored) = &self.stored {
            stored.register(to);
        }
        let help = "How long ago this node began to read what others ended, as far as it trusts that";
        self.feed_age.into_iter().for_each(|age| seconds(to, "feed_age", help, age.as_secs_f64()));
        let help = "Whether this node knows what others ended; where not, every session is asked of its row";
        number(to, "feed_trusted", help, i64::from(self.trusted));
        let help = "How far this clock is ahead of the database's";
        self.clock_ahead.into_iter().for_each(|millis| seconds(to, "clock_ahead", help, millis as f64 / 1000.0));
        number(to, "revocations", "Ended sessions that this node remembers", self.revocations);
        number(to, "hashes_running", "Passwords being hashed", self.hashing);
        number(to, "hashes_waiting", "Passwords that wait to be hashed", self.hashes_waiting);
        each(to, "database_connections", "Connections to the database", "state", self.connections);
        let ages = Family::<[(&str, &str); 1], Gauge<f64, AtomicU64>>::default();
        for (ring, age) in self.key_ages {
            ages.get_or_create(&[("ring", ring)]).set(age.as_secs_f64());
        }
        to.register_with_unit("key_age", "How old the newest key of a ring is", Unit::Seconds, ages);
        all
    }
}

impl Stored {
    fn register(&self, to: &mut Registry) {
        number(to, "nodes", "Nodes on this database", self.nodes);
        each(to, "sessions_live", "Sessions that go on, on all nodes", "kind", self.sessions);
        number(to, "letters_waiting", "Letters that have not left", self.letters.waiting);
        let help = "How long the oldest letter that has not left has waited";
        seconds(to, "letters_oldest_age", help, self.letters.oldest.as_secs_f64());
        if let Some((events, parked)) = &self.events {
            number(to, "events_waiting", "Events that RabbitMQ does not have yet", events.waiting);
            let help = "How long the oldest event that RabbitMQ does not have has waited";
            seconds(to, "events_oldest_age", help, events.oldest.as_secs_f64());
            number(to, "events_parked", "Events that RabbitMQ refused for good", *parked);
        }
    }
}

fn number(
    to: &mut Registry,
    name: &str,
    help: &str,
    value: impl EncodeGaugeValue + fmt::Debug + Send + Sync + 'static,
) {
    to.register(name, help, ConstGauge::new(value));
}

fn seconds(to: &mut Registry, name: &str, help: &str, value: f64) {
    to.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value));
}

fn each(to: &mut Registry, name: &str, help: &str, label: &'static str, values: [(&'static str, i64); 2]) {
    let family = Family::<[(&str, &str); 1], Gauge>::default();
    for (kind, value) in values {
        family.get_or_create(&[(label, kind)]).set(value);
    }
    to.register(name, help, family);
}
