//! Why no route took a request: Rocket only says that none did.
use rocket::{Request, Route, http::Method};

/// What kept a request from its route.
pub enum Miss {
    /// No route has this path.
    Path,
    /// Routes have this path with these methods, as `Allow` lists them.
    Method(String),
    /// A route has this path and method, for this content type.
    ContentType(String),
}

/// Looks through all routes; called for answers of 404 only.
pub fn miss(request: &Request<'_>) -> Miss {
    let mut here: Vec<&Route> = request.rocket().routes().filter(|route| fits(route, request)).collect();
    // What has this very path is meant, and not what takes anything in the place of its last word.
    if here.iter().any(|route| is_fixed(route)) {
        here.retain(|route| is_fixed(route));
    }
    if here.is_empty() {
        return Miss::Path;
    }
    match here.iter().find(|route| route.method == request.method()).and_then(|route| route.format.as_ref()) {
        Some(wanted) => Miss::ContentType(if wanted.is_form() {
            "application/x-www-form-urlencoded".into()
        } else {
            wanted.to_string()
        }),
        // A route of this path and method that takes any content chose to answer 404 itself.
        None if here.iter().any(|route| route.method == request.method()) => Miss::Path,
        None => Miss::Method(allow(&here)),
    }
}

fn is_fixed(route: &Route) -> bool {
    !route.uri.path().contains('<')
}

fn fits(route: &Route, request: &Request<'_>) -> bool {
    let wanted: Vec<&str> = route.uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let given: Vec<&str> = request.uri().path().segments().filter(|part| !part.is_empty()).collect();
    let rest = wanted.last().is_some_and(|part| part.starts_with('<') && part.ends_with("..>"));
    let same = |(wanted, given): (&&str, &&str)| wanted.starts_with('<') || wanted == given;
    (wanted.len() == given.len() || (rest && given.len() >= wanted.len())) && wanted.iter().zip(&given).all(same)
}

fn allow(routes: &[&Route]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&Method::Get.as_str()) {
        methods.push(Method::Head.as_str());
    }
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}
