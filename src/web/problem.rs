//! Everything that can go wrong, in words: JSON under `/api` (RFC 9457), a page elsewhere. The one owner of this wording.
mod words;

use rocket::{
    Request, Response,
    http::{ContentType, Header, Method, Status},
    response::{Redirect, Responder},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

pub use words::ending;

use super::{
    Site, next, pages,
    session::{Presented, presented},
    trace::Trace,
    view::Pages,
};
use crate::{
    accounts::Internal,
    log::RequestId,
    model::{code, session::EndReason},
};

/// What went wrong, what the caller can do about it, and the status it is answered with.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    /// What to do next, for people.
    pub detail: String,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// Why the caller's session ended.
    reason: Option<EndReason>,
    /// The sign-in that waits for its second factor.
    request: Option<code::RequestId>,
    /// The methods that `Allow` lists, the seconds of `Retry-After`, or the address of a redirect.
    header: String,
    cause: Option<Internal>,
}

/// A problem (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    /// Always `about:blank`: the code says which it is.
    r#type: &'static str,
    /// The kind of problem, for people.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    #[schema(schema_with = code_words)]
    code: &'static str,
    /// What went wrong here and what to do next, for people.
    detail: &'a str,
    /// The fields at fault.
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reason_words, required = false)]
    reason: Option<&'static str>,
    /// With `second_factor_required`: to be sent with the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request: Option<&'a str>,
    /// With `internal`: the name under which the cause stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

fn code_words() -> Object {
    let mut words: Vec<_> = kinds().map(|(_, code, _)| code).collect();
    words.dedup();
    one_of(words, "The kind of problem, for programs.")
}

fn reason_words() -> Object {
    let about = "With `not_signed_in`, for the holder of a genuine token of a session that ended: why it did.";
    one_of(EndReason::ALL.map(EndReason::as_str), about)
}

fn one_of(words: impl IntoIterator<Item = &'static str>, about: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about)).build()
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name in the form or body.
    pub field: String,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl FieldError {
    /// Says of `field` what is wrong.
    pub fn new(field: &str, code: &'static str, message: &str) -> Self {
        Self { field: field.to_owned(), code, message: message.to_owned() }
    }
}

/// The kinds of problems: status, code and title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unreadable,
    TooSlow,
    InvalidCredentials,
    SecondFactorRequired,
    NotSignedIn,
    FreshSigninRequired,
    Forbidden,
    CrossSite,
    NotFound,
    MethodNotAllowed,
    Conflict,
    PayloadTooLarge,
    UnsupportedMediaType,
    InvalidInput,
    InvalidCode,
    TooManyRequests,
    Overloaded,
    Internal,
    Elsewhere,
}

/// Every kind of problem that is answered as one: status, code and title.
pub fn kinds() -> impl Iterator<Item = (u16, &'static str, &'static str)> {
    Kind::ALL.into_iter().map(|kind| {
        let (status, code, title) = kind.parts();
        (status.code, code, title)
    })
}

impl Kind {
    /// All but the redirect.
    const ALL: [Self; 18] = [
        Self::Unreadable,
        Self::TooSlow,
        Self::InvalidInput,
        Self::InvalidCode,
        Self::InvalidCredentials,
        Self::SecondFactorRequired,
        Self::NotSignedIn,
        Self::FreshSigninRequired,
        Self::Forbidden,
        Self::CrossSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::Overloaded,
        Self::Internal,
    ];

    fn parts(self) -> (Status, &'static str, &'static str) {
        match self {
            Self::Unreadable => (Status::BadRequest, "invalid_input", "The request could not be read"),
            Self::TooSlow => (Status::RequestTimeout, "invalid_input", "The request took too long"),
            Self::InvalidCredentials => (Status::Unauthorized, "invalid_credentials", "Sign-in failed"),
            Self::SecondFactorRequired => {
                (Status::Unauthorized, "second_factor_required", "The second factor is still to come")
            }
            Self::NotSignedIn => (Status::Unauthorized, "not_signed_in", "You are not signed in"),
            Self::FreshSigninRequired => (Status::Forbidden, "fresh_sign_in_required", "Please confirm your password"),
            Self::Forbidden => (Status::Forbidden, "forbidden", "This is not open to you"),
            Self::CrossSite => (Status::Forbidden, "cross_site", "The request came from another site"),
            Self::NotFound => (Status::NotFound, "not_found", "There is nothing here"),
            Self::MethodNotAllowed => (Status::MethodNotAllowed, "method_not_allowed", "This cannot be done here"),
            Self::Conflict => (Status::Conflict, "conflict", "This is taken"),
            Self::PayloadTooLarge => (Status::PayloadTooLarge, "payload_too_large", "That is too much"),
            Self::UnsupportedMediaType => {
                (Status::UnsupportedMediaType, "unsupported_media_type", "This content type is not taken here")
            }
            Self::InvalidInput => (Status::UnprocessableEntity, "invalid_input", "Something needs correcting"),
            Self::InvalidCode => (Status::UnprocessableEntity, "invalid_code", "This code does not work"),
            Self::TooManyRequests => (Status::TooManyRequests, "too_many_requests", "Too much from your network"),
            Self::Overloaded => (Status::ServiceUnavailable, "overloaded", "Too much at once"),
            Self::Internal => (Status::InternalServerError, "internal", "Something went wrong here"),
            Self::Elsewhere => (Status::TemporaryRedirect, "elsewhere", "This page is elsewhere"),
        }
    }
}

/// Seconds after which an overloaded server is worth another try.
const RETRY_AFTER: &str = "2";

impl Problem {
    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            reason: None,
            request: None,
            header: String::new(),
            cause: None,
        }
    }

    /// Whether the database did not answer.
    pub fn is_outage(&self) -> bool {
        self.cause.as_ref().is_some_and(Internal::is_outage)
    }

    /// The status it is answered with.
    pub fn status(&self) -> Status {
        self.kind.parts().0
    }

    /// Whether a form can be shown again with it.
    pub fn is_about_input(&self) -> bool {
        !matches!(self.kind, Kind::Internal | Kind::Elsewhere | Kind::NotSignedIn | Kind::FreshSigninRequired)
    }

    fn is_internal(&self) -> bool {
        self.kind == Kind::Internal
    }
}

/// Whether a request gets JSON.
pub fn is_api(request: &Request<'_>) -> bool {
    let path = request.uri().path();
    let mut segments = path.segments();
    match segments.next() {
        Some("api" | "health") => true,
        Some(".well-known") => segments.next() == Some("jwks.json"),
        _ => false,
    }
}

/// Leaves a problem for the catcher.
pub fn keep(request: &Request<'_>, problem: Problem) {
    request.local_cache(|| Some(problem));
}

/// Whether `request` was refused for the site it came from.
pub fn is_foreign(request: &Request<'_>) -> bool {
    let kept: &Option<Problem> = request.local_cache(|| None);
    kept.as_ref().is_some_and(|problem| problem.kind == Kind::CrossSite)
}

/// Answers every error that no handler answered itself: with the problem that was kept, or by its status.
#[rocket::catch(default)]
pub fn caught(status: Status, request: &Request<'_>) -> Problem {
    let kept: &Option<Problem> = request.local_cache(|| None);
    kept.clone().unwrap_or_else(|| Problem::of_status(status, request))
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        if self.kind == Kind::Elsewhere {
            return Redirect::temporary(self.header).respond_to(request);
        }
        let trace = Trace::of(request);
        if self.is_internal() || self.cause.is_some() {
            let cause = self.cause.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
            let route = request.route().map(|route| route.uri.to_string());
            trace.around(|| tracing::error!(route, cause, "a request failed"));
        }
        let mut response = if is_api(request) {
            self.json(trace.id).respond_to(request)?
        } else if let Some(redirect) = self.way_in(request) {
            return redirect.respond_to(request);
        } else {
            self.page(request, trace.id).respond_to(request)?
        };
        self.finish(request, &mut response);
        if self.kind == Kind::NotSignedIn && request.headers().contains("Authorization") {
            response.set_header(Header::new("WWW-Authenticate", "Bearer error=\"invalid_token\""));
        }
        Ok(response)
    }
}

impl Problem {
    fn json(&self, request_id: RequestId) -> (ContentType, String) {
        let (status, code, title) = self.kind.parts();
        let body = Body {
            r#type: "about:blank",
            title,
            status: status.code,
            code,
            detail: &self.detail,
            errors: &self.errors,
            reason: self.reason.map(EndReason::as_str),
            request: self.request.as_ref().map(code::RequestId::reveal),
            request_id: self.is_internal().then(|| request_id.to_string()),
        };
        // Texts and a number always become JSON.
        (ContentType::new("application", "problem+json"), serde_json::to_string(&body).unwrap_or_default())
    }

    /// The error page; plain text when even that cannot be made, or a fault in a template would go round for ever.
    fn page(&self, request: &Request<'_>, request_id: RequestId) -> (ContentType, String) {
        let page = Pages::of(request).and_then(|pages| pages.error(self, request_id));
        let plain = || (ContentType::Plain, format!("{}\n{}\n{request_id}\n", self.title(), self.detail));
        page.map_or_else(plain, |html| (ContentType::HTML, html))
    }

    /// The title on an error page.
    pub fn title(&self) -> &'static str {
        self.kind.parts().2
    }

    /// Adds what the status asks for beside the body.
    pub fn finish(&self, request: &Request<'_>, response: &mut Response<'_>) {
        let (status, ..) = self.kind.parts();
        response.set_status(status);
        response.set_header(Header::new("X-Request-Id", Trace::of(request).id.to_string()));
        if self.kind == Kind::MethodNotAllowed {
            response.set_header(Header::new("Allow", self.header.clone()));
        }
        if status == Status::Unauthorized {
            // RFC 9110, 11.6.1 asks for it; browsers do nothing about this scheme.
            response.set_header(Header::new("WWW-Authenticate", "Bearer"));
        }
        if self.kind == Kind::TooManyRequests {
            response.set_header(Header::new("Retry-After", self.header.clone()));
        }
        if self.kind == Kind::Overloaded {
            response.set_header(Header::new("Retry-After", RETRY_AFTER));
        }
    }
}

impl Problem {
    /// Where a person goes who has to sign in first, or to give the password once more; with the way back to a page that was only read.
    fn way_in(&self, request: &Request<'_>) -> Option<Redirect> {
        let page = request.uri().to_string();
        let back = (request.method() == Method::Get).then(|| next::own_path(Some(&page)));
        match self.kind {
            Kind::NotSignedIn => {
                Some(Redirect::to(rocket::uri!(pages::signin::show(next = back, notice = None::<&str>))))
            }
            Kind::FreshSigninRequired => {
                let back = back.or_else(|| came_from(request))?;
                Some(Redirect::to(rocket::uri!(pages::confirm::show(next = Some(back)))))
            }
            _ => None,
        }
    }
}

/// The own page with the form that was sent, as browsers tell it.
fn came_from<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let site = request.rocket().state::<Site>()?;
    let page = request.headers().get_one("Referer")?.strip_prefix(site.url.as_str())?;
    Some(next::own_path(Some(page)))
}

/// Why the holder of a genuine token is not signed in any more.
fn ended_because(request: &Request<'_>) -> Option<EndReason> {
    match presented(request) {
        Presented::Ended(reason) => Some(*reason),
        _ => None,
    }
}
