//! The requests that look at a session without using it: they never make it last longer.
use std::convert::Infallible;

use rocket::{
    Request,
    http::Method,
    request::{FromRequest, Outcome},
};

use super::{problem::is_foreign, trace::Trace};

/// Whether the request at hand is passive, for handlers that tell when the session ends.
pub struct Passive(pub bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Passive {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(is_passive(request)))
    }
}

/// Whether the answer to `request` prolongs the session: it has a route, not of what is the same for everybody, is not
/// passive, and did not come from another site that may not send it.
pub fn prolongs(request: &Request<'_>) -> bool {
    let used = request.route().is_some_and(|route| !["/static", "/health"].contains(&route.uri.base()));
    used && !is_passive(request) && !is_foreign(request)
}

/// Whether `request` asks for a file that is the same for everybody.
pub fn is_static(request: &Request<'_>) -> bool {
    request.uri().path().starts_with("/static/")
}

/// Whether `request` is passive.
fn is_passive(request: &Request<'_>) -> bool {
    Trace::of(request).is_quiet || asks_only(request)
}

/// Whether method or headers of `request` say so. Asked when it comes: later Rocket has turned HEAD into GET.
pub fn is_quiet(request: &Request<'_>) -> bool {
    request.method() == Method::Head
        || request.headers().get_one("Sec-Purpose").is_some_and(|purpose| purpose.starts_with("prefetch"))
        || request.headers().contains("Authorization")
}

fn asks_only(request: &Request<'_>) -> bool {
    // Asked of the route: its path may be written in several ways.
    let Some(route) = request.route().filter(|_| request.method() == Method::Get) else { return false };
    match route.uri.path() {
        "/stay" => true,
        "/api/auth/session" => {
            request.uri().query().is_some_and(|query| query.segments().any(|(key, _)| key == "passive"))
        }
        _ => false,
    }
}
