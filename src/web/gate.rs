//! Stands before every handler: the cross-site rule, planted cookies, overridden methods, other names of this machine.
use std::sync::atomic::Ordering;

use rocket::{
    Data, Request, Route,
    http::{Method, Status},
    route::{Handler, Outcome},
};
use url::Url;

use super::{
    Site,
    careful::panicked,
    cookies,
    problem::{self, Problem},
    session::{Presented, presented},
    trace::Trace,
};
use crate::settings::is_loopback;

/// The same routes, each behind the gate.
pub fn guarded(routes: Vec<Route>) -> Vec<Route> {
    routes.into_iter().map(guard).collect()
}

fn guard(mut route: Route) -> Route {
    route.handler = Box::new(Gate(route.handler));
    route
}

#[derive(Clone)]
struct Gate(Box<dyn Handler>);

#[rocket::async_trait]
impl Handler for Gate {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let trace = Trace::of(request);
        let passed =
            trace.around(|| if trace.broken.load(Ordering::Relaxed) { Err(panicked()) } else { check(request) });
        match passed {
            Ok(()) => trace.follow(self.0.handle(request, data)).await,
            Err(problem) => {
                let status: Status = problem.status();
                problem::keep(request, problem);
                Outcome::Error(status)
            }
        }
    }
}

fn check(request: &Request<'_>) -> Result<(), Problem> {
    let Some(site) = request.rocket().state::<Site>() else { return Ok(()) };
    // Rocket makes a POST whose form begins with `_method=…` a request of that method.
    if request.method() != Method::Post && request.content_type().is_some_and(|kind| kind.is_form()) {
        tracing::warn!(method = %request.method(), path = %request.uri().path(), "refused a form under another method");
        return Err(Problem::unreadable("A form can only be sent with POST; `_method` is not taken."));
    }
    if cookies::ambiguous(request, site) {
        tracing::warn!(path = %request.uri().path(), "refused a cookie that came twice or in disguise");
        return Err(Problem::unreadable(
            "A cookie of this site came twice or in disguise. Clear this site's cookies and try again.",
        ));
    }
    canonical(request, site)?;
    match request.method() {
        Method::Get | Method::Head | Method::Options if !embeds(request, site) => Ok(()),
        _ if same_site(request, site) => {
            note_claims(request, site);
            match presented(request) {
                // The database was waited for once; a handler would ask it again.
                Presented::Unknown(error) => Err(error.clone().into()),
                _ => Ok(()),
            }
        }
        _ => {
            tracing::warn!(path = %request.uri().path(), "refused a cross-site request");
            Err(Problem::cross_site(&site.url))
        }
    }
}

/// A caller that came past the proxies, and says whom it calls for as they do, is not believed; an operator wants to know that it can
/// come past them.
fn note_claims(request: &Request<'_>, site: &Site) {
    let claims = ["X-Forwarded-For", "Forwarded", "X-Real-IP"].map(|name| request.headers().contains(name));
    let peer = request.remote().map(|peer| peer.ip().to_canonical());
    if let Some(peer) = peer.filter(|peer| !site.trusted_proxies.is_empty() && !site.trusts(peer))
        && claims.contains(&true)
    {
        tracing::warn!(%peer, "a caller that is no trusted proxy says whom it calls for");
    }
}

/// Whether another site wants this inside a page of its own, as a picture, script or frame, for somebody who is signed in (ASVS 3.5.8): a
/// sibling's page could prolong the session by it, since browsers send `SameSite` cookies to siblings.
fn embeds(request: &Request<'_>, site: &Site) -> bool {
    let header = |name| request.headers().get_one(name);
    let other = header("Sec-Fetch-Site").is_some_and(|from| !["same-origin", "none"].contains(&from));
    let visit = || {
        header("Sec-Fetch-Mode").is_none_or(|mode| mode == "navigate")
            && header("Sec-Fetch-Dest").is_none_or(|place| place == "document")
    };
    other && !visit() && cookies::any(request, site)
}

/// Judged by headers alone: all browsers of today send one of them with a POST.
fn same_site(request: &Request<'_>, site: &Site) -> bool {
    let headers = request.headers();
    if let Some(fetch_site) = headers.get_one("Sec-Fetch-Site") {
        return fetch_site == "same-origin";
    }
    if let Some(origin) = headers.get_one("Origin") {
        return origin == site.url;
    }
    headers.contains("X-Requested-With") || !cookies::any(request, site)
}

/// On this machine: cookies belong to one name, so a page on `127.0.0.1` would not be signed in on `localhost`; and a name that is
/// not this machine's was made to lead here by somebody else's page (DNS rebinding).
fn canonical(request: &Request<'_>, site: &Site) -> Result<(), Problem> {
    let Some(host) = request.headers().get_one("Host").filter(|host| site.local && *host != site.authority) else {
        return Ok(());
    };
    let asked = Url::parse(&format!("http://{host}/")).ok();
    let Some(name) = asked.as_ref().and_then(Url::host).filter(|name| is_loopback(name.clone())) else {
        return Err(Problem::unreadable("This server is not known by this name. Use the address it was started for."));
    };
    if name.to_string() != site.host && request.method() == Method::Get {
        return Err(Problem::elsewhere(format!("{}{}", site.url, request.uri())));
    }
    Ok(())
}
