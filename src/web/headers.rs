//! The headers that every answer carries.
use rocket::{
    Request, Response,
    fairing::{Fairing, Info, Kind},
    http::Header,
};

use super::{Site, problem::is_api};

/// What a page may load: only from here, nothing inline, in no frame.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// JSON is never a page, and the only page below `/api` describes it.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// `same-origin` and not `no-referrer`: with that, browsers send `Origin: null` on our own forms.
const ALWAYS: [(&str, &str); 6] = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
         gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), usb=(), xr-spatial-tracking=()",
    ),
];

/// Two years, the time browsers ask of sites they list.
const TRANSPORT: (&str, &str) = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains");

/// Adds the headers; `no-store` unless the handler chose how long its answer may be kept.
pub struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        add(request, response);
    }
}

/// Puts them on `response`; once more does no harm.
pub fn add(request: &Request<'_>, response: &mut Response<'_>) {
    for (name, value) in ALWAYS {
        response.set_header(Header::new(name, value));
    }
    let page = !is_api(request) || response.content_type().is_some_and(|kind| kind.is_html());
    let policy = if page { PAGE_POLICY } else { API_POLICY };
    response.set_header(Header::new("Content-Security-Policy", policy));
    if !response.headers().contains("Cache-Control") {
        response.set_header(Header::new("Cache-Control", "no-store"));
    }
    if request.rocket().state::<Site>().is_some_and(|site| !site.local) {
        response.set_header(Header::new(TRANSPORT.0, TRANSPORT.1));
    }
}
