//! Our cookies: read from the raw header, written with every attribute.
use rocket::{
    Request,
    http::{Cookie, CookieJar, SameSite},
    time::Duration,
};

use super::Site;

/// The value of the cookie called `name`.
pub fn value<'r>(request: &'r Request<'_>, name: &str) -> Option<&'r str> {
    named(lines(request), name)
}

/// Whether a cookie of ours came twice or in disguise.
pub fn ambiguous(request: &Request<'_>, site: &Site) -> bool {
    planted(lines(request), own(site))
}

/// The value of the cookie called `name` in `lines`, the `Cookie` headers of a request. Rocket's jar decodes names, so that
/// `%5F%5FHost-…` would pass for `__Host-…`.
pub fn named<'h>(lines: impl Iterator<Item = &'h str>, name: &str) -> Option<&'h str> {
    pairs(lines).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Whether one of `own` came twice in `lines`, in another case or percent-encoded: somebody planted one beside it.
pub fn planted<'h>(lines: impl Iterator<Item = &'h str>, own: [&str; 3]) -> bool {
    let mut seen = [false; 3];
    pairs(lines).any(|(name, _)| match own.iter().position(|own| *own == name) {
        Some(index) => std::mem::replace(&mut seen[index], true),
        None => disguised(name, own),
    })
}

/// Whether the request carries any cookie of ours.
pub fn any(request: &Request<'_>, site: &Site) -> bool {
    pairs(lines(request)).any(|(name, _)| own(site).contains(&name))
}

fn own(site: &Site) -> [&str; 3] {
    [&site.session_cookie, &site.flow_cookie, &site.device_cookie]
}

/// Sets a cookie for `seconds`.
pub fn set(jar: &CookieJar<'_>, site: &Site, name: &str, value: String, seconds: i64) {
    jar.add(build(site, name, value, seconds));
}

/// Removes a cookie: the same attributes, or browsers ignore it.
pub fn remove(jar: &CookieJar<'_>, site: &Site, name: &str) {
    // `remove` of the jar keeps no Secure, so the removal is written as a cookie of the past.
    jar.add(build(site, name, String::new(), 0));
}

/// A cookie with every attribute of ours.
pub fn build(site: &Site, name: &str, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build((name.to_owned(), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(!site.local)
        .max_age(Duration::seconds(seconds))
        .build()
}

fn lines<'r>(request: &'r Request<'_>) -> impl Iterator<Item = &'r str> {
    request.headers().get("Cookie")
}

fn pairs<'h>(lines: impl Iterator<Item = &'h str>) -> impl Iterator<Item = (&'h str, &'h str)> {
    let pairs = lines.flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.split_once('=')).map(|(name, value)| (bare(name), bare(value)))
}

/// Without the space that browsers write and drop. Other kinds of space are part of a name to them: it does not begin with `__Host-`
/// then, so that any site may set it for its siblings.
fn bare(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn disguised(name: &str, own: [&str; 3]) -> bool {
    let decoded = rocket::http::RawStr::new(name).percent_decode_lossy();
    let decoded = decoded.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    own.iter().any(|own| name != *own && decoded.eq_ignore_ascii_case(own))
}
