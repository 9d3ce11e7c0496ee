//! Counts answers and measures how long they took, by the route as it is written in the program: what callers wrote gets no series.
mod listener;

pub use listener::{Listener, Source, listener};

use std::sync::OnceLock;

use rocket::{
    Data, Orbit, Request, Response, Rocket, Route,
    fairing::{Fairing, Info, Kind},
};

use super::trace::Trace;
use crate::{accounts::Accounts, clock::Clock, metrics::RouteMeter};

/// Notes when a request came. Attached before everything else.
pub struct Arrivals(pub Clock);

#[rocket::async_trait]
impl Fairing for Arrivals {
    fn info(&self) -> Info {
        Info { name: "arrivals", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        Trace::of(request).came.get_or_init(|| self.0.uptime());
    }
}

/// Counts what [`Arrivals`] noted. Attached after everything else.
pub struct Answers {
    clock: Clock,
    meters: OnceLock<Meters>,
}

struct Meters {
    /// By the place of the route in memory, which stays while the server runs: comparing a number is faster than comparing words.
    by_route: Vec<(usize, RouteMeter)>,
    no_route: RouteMeter,
}

impl Answers {
    /// Measures by the clock that tells of the arrivals.
    pub fn by(clock: Clock) -> Self {
        Self { clock, meters: OnceLock::new() }
    }
}

#[rocket::async_trait]
impl Fairing for Answers {
    fn info(&self) -> Info {
        Info { name: "answers", kind: Kind::Liftoff | Kind::Response }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let Some(metrics) = rocket.state::<Accounts>().map(Accounts::metrics) else { return };
        let meter = |route: &Route| (place(route), metrics.route(route.method.as_str(), route.uri.path()));
        let mut by_route: Vec<_> = rocket.routes().map(meter).collect();
        by_route.sort_unstable_by_key(|(place, _)| *place);
        self.meters.get_or_init(|| Meters { by_route, no_route: metrics.route("any", "none") });
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(meters) = self.meters.get() else { return };
        let now = self.clock.uptime();
        let came = *Trace::of(request).came.get().unwrap_or(&now);
        meters.of(request.route()).answered(response.status().code, now.saturating_sub(came));
    }
}

impl Meters {
    fn of(&self, route: Option<&Route>) -> &RouteMeter {
        let found = route.and_then(|route| self.by_route.binary_search_by_key(&place(route), |(place, _)| *place).ok());
        found.map_or(&self.no_route, |index| &self.by_route[index].1)
    }
}

fn place(route: &Route) -> usize {
    std::ptr::from_ref(route).addr()
}
