//! HTTP only: adapters from forms and JSON to `accounts`, and what every request and answer passes.
mod api;
mod careful;
mod chart;
pub mod check;
pub mod client;
mod compress;
pub mod cookies;
mod event_query;
mod forms;
mod gate;
pub mod guards;
mod headers;
pub mod input;
pub mod metrics;
pub mod next;
mod pages;
mod passive;
mod problem;
mod qr;
mod routing;
pub mod session;
mod site;
mod surface;
mod trace;
mod view;

use rocket::{Build, Rocket, shield::Shield};

use crate::clock::Clock;
pub use api::generated;
pub use careful::{Careful, panicked};
pub use headers::Late;
pub use input::LIMIT_KIB;
pub use problem::{Problem, keep};
pub use site::Site;
pub use trace::Trace;

/// Attaches routes, catchers and fairings, and around them what counts the answers by this clock, if they are counted.
pub fn attach(rocket: Rocket<Build>, counted: Option<Clock>) -> Rocket<Build> {
    match counted {
        Some(clock) => surface(rocket.attach(Careful(metrics::Arrivals(clock.clone()))))
            .attach(Careful(metrics::Answers::by(clock))),
        None => surface(rocket),
    }
}

/// The gate stands before every handler.
fn surface(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket
        // Rocket's own shield sends other values of the same headers.
        .attach(Shield::new())
        .attach(Careful(surface::Surface::default()))
        .register("/", rocket::catchers![problem::caught])
        .attach(api::document())
        .mount("/api", gate::guarded(api::routes()))
        .mount("/", gate::guarded(pages::routes()))
        .mount("/", gate::guarded(check::routes()))
        .mount("/.well-known", gate::guarded(api::token::well_known()))
        .mount("/health", api::health::routes())
        .mount("/static", pages::assets::routes())
}
