//! Stands before every handler: the cross-site rule, planted cookies, overridden methods, other names of this machine.
use rocket::{
    Data, Request, Route,
    http::{Method, Status},
    route::{Handler, Outcome},
};
use url::{Host, Url};

use super::{
    Site, cookies,
    problem::{self, Problem},
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
        match check(request) {
            Ok(()) => self.0.handle(request, data).await,
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
        return Err(Problem::unreadable("A form can only be sent with POST; `_method` is not taken."));
    }
    if cookies::ambiguous(request, site) {
        return Err(Problem::unreadable(
            "A cookie of this site came twice or in disguise. Clear this site's cookies and try again.",
        ));
    }
    match request.method() {
        Method::Get | Method::Head | Method::Options => canonical(request, site),
        _ if same_site(request, site) => Ok(()),
        _ => {
            tracing::warn!(path = %request.uri().path(), "refused a cross-site request");
            Err(Problem::cross_site(&site.url))
        }
    }
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

/// Cookies belong to one name: a page on `127.0.0.1` would not be signed in on `localhost`.
fn canonical(request: &Request<'_>, site: &Site) -> Result<(), Problem> {
    let host = request.headers().get_one("Host").filter(|host| site.local && *host != site.authority);
    let asked = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    let other_name = |name: Host<&str>| name.to_string() != site.host && is_loopback(name);
    if asked.as_ref().and_then(Url::host).is_some_and(other_name) {
        return Err(Problem::elsewhere(format!("{}{}", site.url, request.uri())));
    }
    Ok(())
}
