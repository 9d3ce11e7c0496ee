//! The headers that every answer carries.
use std::sync::{Mutex, PoisonError};

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use rocket::{Request, Response, http::Header};

use super::{Site, problem::is_api, trace::Trace};

/// What a page may load: only from here, nothing inline, in no frame.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// JSON is never a page, and the only page below `/api` describes it.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// `same-origin` and not `no-referrer`: with that, browsers send `Origin: null` on our own forms.
static ALWAYS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
         gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), usb=(), xr-spatial-tracking=()",
    ),
];

/// One policy for all that is below `/api`, another one for pages.
static POLICY: HeaderName = CONTENT_SECURITY_POLICY;

/// `no-store` unless the handler chose how long its answer may be kept.
static STORING: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

/// Two years, the time browsers ask of sites they list.
static TRANSPORT: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");

/// What one answer gets besides what its handler said.
struct Common {
    policy: &'static str,
    kept: bool,
    transport: bool,
    /// The session cookie, with its attributes.
    cookie: Option<String>,
}

/// Where the door finds them. On their way through Rocket they would cost more than the session does: it hashes each name with a key,
/// and reads cookies anew.
#[derive(Default)]
pub struct Late(Mutex<Option<Common>>);

impl Late {
    /// The most headers there can be.
    pub const MOST: usize = ALWAYS.len() + 4;

    /// Puts them on what leaves.
    pub fn put_on(&self, headers: &mut HeaderMap) {
        let Some(common) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        for (name, value) in common.fixed() {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        if let Some(cookie) = common.cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

impl Common {
    fn fixed(&self) -> impl Iterator<Item = (&'static HeaderName, &'static str)> {
        let storing = (!self.kept).then_some(&STORING);
        let transport = self.transport.then_some(&TRANSPORT);
        let chosen = ALWAYS.iter().chain(storing).chain(transport).map(|(name, value)| (name, *value));
        chosen.chain([(&POLICY, self.policy)])
    }
}

/// Puts them on `response`, with this session cookie; once more does no harm, and then the last cookie counts.
pub fn add(request: &Request<'_>, response: &mut Response<'_>, cookie: Option<String>) {
    let headers = response.headers();
    let page = !is_api(request) || headers.get_one("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
    let common = Common {
        policy: if page { PAGE_POLICY } else { API_POLICY },
        kept: headers.contains("Cache-Control"),
        transport: request.rocket().state::<Site>().is_some_and(|site| !site.local),
        cookie,
    };
    if let Some(late) = &Trace::of(request).late {
        *late.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(common);
        return;
    }
    for (name, value) in common.fixed() {
        response.set_header(Header::new(name.as_str(), value));
    }
    if let Some(cookie) = common.cookie {
        response.adjoin_raw_header("Set-Cookie", cookie);
    }
}
