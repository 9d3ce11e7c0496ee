//! Answers by route and status.
use std::{borrow::Cow, sync::OnceLock, time::Duration};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

/// Seconds: what reads no table takes less than the first, and a password that waited two seconds for its turn less than the last.
const BUCKETS: [f64; 13] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Statuses that have series of their own; the others share one.
const STATUSES: [u16; 22] =
    [200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503];

type Answered = Family<[(&'static str, Cow<'static, str>); 3], Counter>;
type Took = Family<[(&'static str, Cow<'static, str>); 2], Histogram, fn() -> Histogram>;

/// The series of all routes.
#[derive(Clone)]
pub(super) struct Requests {
    answered: Answered,
    took: Took,
}

/// The series of one route, each looked up when it is needed first.
pub struct RouteMeter {
    method: &'static str,
    route: String,
    requests: Requests,
    took: OnceLock<Histogram>,
    answered: [OnceLock<Counter>; STATUSES.len() + 1],
}

impl Requests {
    pub fn register(registry: &mut Registry) -> Self {
        let requests =
            Self { answered: Family::default(), took: Family::new_with_constructor(|| Histogram::new(BUCKETS)) };
        registry.register("http_requests", "Requests by route and status of the answer", requests.answered.clone());
        let help = "From the arrival of a request to its answer, without sending it";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, requests.took.clone());
        requests
    }

    pub fn route(&self, method: &'static str, route: &str) -> RouteMeter {
        RouteMeter {
            method,
            route: route.to_owned(),
            requests: self.clone(),
            took: OnceLock::new(),
            answered: [const { OnceLock::new() }; STATUSES.len() + 1],
        }
    }
}

impl RouteMeter {
    /// Counts an answer.
    pub fn answered(&self, status: u16, took: Duration) {
        let place = STATUSES.iter().position(|known| *known == status);
        let counter = self.answered[place.unwrap_or(STATUSES.len())].get_or_init(|| {
            let status = place.map_or("other".into(), |_| status.to_string());
            let [method, route] = self.labels();
            self.requests.answered.get_or_create_owned(&[method, route, ("status", status.into())])
        });
        counter.inc();
        self.took.get_or_init(|| self.requests.took.get_or_create_owned(&self.labels())).observe(took.as_secs_f64());
    }

    fn labels(&self) -> [(&'static str, Cow<'static, str>); 2] {
        [("method", self.method.into()), ("route", self.route.clone().into())]
    }
}
