//! What operators can count and measure, in the text form that Prometheus reads.
mod process;
mod reading;
mod requests;

pub use reading::{Queue, Reading, Stored};
pub use requests::RouteMeter;

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::prometheus_text::encode,
    metrics::{counter::Counter, family::Family, gauge::ConstGauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

use crate::clock::Timestamp;
use requests::Requests;

/// What [`Metrics::text`] is: type, subtype and parameters.
pub const MEDIA_TYPE: (&str, &str, [(&str, &str); 2]) = ("text", "plain", [("version", "0.0.4"), ("charset", "utf-8")]);

/// What stands before the names of our own series.
const PREFIX: &str = "nightlatch";

/// How a sign-in can come out: each is counted from nought on.
const SIGNIN_RESULTS: [&str; 7] = ["ok", "second_factor", "refused", "limited", "invalid", "overloaded", "error"];

/// Seconds: from a node of its own to one that was waited for in vain (2.1 s).
const SETTLE_BUCKETS: [f64; 9] = [0.005, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0];

/// Everything that is counted while it happens. Counting takes no lock that is held for longer than that, and allocates nothing.
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    signins: Family<[(&'static str, &'static str); 1], Counter>,
    hashes_refused: Counter,
    ending_settle: Histogram,
    nodes_given_up: Counter,
}

impl Metrics {
    /// Nothing was counted yet; the process was started at `started`.
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::default();
        let help = "When this process was started, since the epoch";
        let started = ConstGauge::new(started.millis() as f64 / 1000.0);
        registry.register_with_unit("process_start_time", help, Unit::Seconds, started);
        let ours = registry.sub_registry_with_prefix(PREFIX);
        ours.register("build", "The program that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        let requests = Requests::register(ours);
        let signins = Family::<[(&'static str, &'static str); 1], Counter>::default();
        for result in SIGNIN_RESULTS {
            drop(signins.get_or_create(&[("result", result)]));
        }
        ours.register("signins", "Sign-ins by how they came out", signins.clone());
        let hashes_refused = Counter::default();
        let help = "Passwords that were not hashed, since too many were waiting or the wait was too long";
        ours.register("hashes_refused", help, hashes_refused.clone());
        let ending_settle = Histogram::new(SETTLE_BUCKETS);
        let help = "How long the ending of sessions took to hold on every node";
        ours.register_with_unit("ending_settle", help, Unit::Seconds, ending_settle.clone());
        let nodes_given_up = Counter::default();
        let help = "Nodes that were waited for in vain when a session ended";
        ours.register("nodes_given_up", help, nodes_given_up.clone());
        Self { registry, requests, signins, hashes_refused, ending_settle, nodes_given_up }
    }

    /// What counts the answers of the route that is written like this.
    pub fn route(&self, method: &'static str, route: &str) -> RouteMeter {
        self.requests.route(method, route)
    }

    /// Counts a sign-in that came out as `result`.
    pub fn signed_in(&self, result: &'static str) {
        self.signins.get_or_create(&[("result", result)]).inc();
    }

    /// Counts an ending that held on every node after `took`.
    pub fn settled(&self, took: Duration) {
        self.ending_settle.observe(took.as_secs_f64());
    }

    /// Counts a node that was waited for in vain.
    pub fn gave_up_node(&self) {
        self.nodes_given_up.inc();
    }

    /// What counts the passwords that were not hashed.
    pub fn hashes_refused(&self) -> Counter {
        self.hashes_refused.clone()
    }

    /// All series, with those of this moment.
    ///
    /// # Errors
    /// None: text takes whatever is written to it.
    pub fn text(&self, reading: &Reading) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        encode(&mut text, &reading.registry())?;
        Ok(text)
    }
}
