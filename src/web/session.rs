//! The session of a request: read once from its cookie, and slid when its answer leaves.
use std::{convert::Infallible, fmt::Write, time::Duration};

use rocket::{
    Request, Responder, Response, State,
    http::{CookieJar, Header, Status},
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};

use super::{
    Problem, Site, cookies,
    passive::{is_static, prolongs},
    trace::Trace,
};
use crate::{
    accounts::{Accounts, Internal, SignedIn},
    clock::Timestamp,
    jwt::{Jwt, Jwts},
    model::session::{EndReason, Session},
};

/// An answer after which nobody is signed in, and the browser forgets what pages stored.
#[derive(Responder)]
pub struct SignedOut<R> {
    inner: R,
    clear: Header<'static>,
}

/// Bytes that a session cookie with its attributes takes, and some more.
const LINE: usize = 640;

/// How long a browser is recognised after its last sign-in: a year.
const DEVICE_SECONDS: i64 = 365 * 24 * 3600;

/// What the session cookie of a request says.
pub enum Presented {
    /// No cookie, or one that is no genuine token of ours.
    Nothing,
    /// A session that goes on.
    Live(Session),
    /// A genuine token of a session that is over.
    Ended(EndReason),
    /// A genuine token, and no way to know: this node has lost touch with the others and with the database.
    Unknown(Internal),
}

impl Presented {
    /// The session.
    ///
    /// # Errors
    /// It does not go on, there is none, or nobody knows.
    pub fn session(&self) -> Result<&Session, Problem> {
        match self {
            Self::Live(session) => Ok(session),
            Self::Unknown(error) => Err(error.clone().into()),
            Self::Ended(reason) => Err(Problem::not_signed_in(Some(*reason))),
            Self::Nothing => Err(Problem::not_signed_in(None)),
        }
    }

    /// The session, if it goes on.
    pub fn live(&self) -> Option<&Session> {
        match self {
            Self::Live(session) => Some(session),
            _ => None,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for &'r Presented {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(presented(request))
    }
}

/// What the cookie of `request` says, which was worked out when the request came. With an `Authorization` header the cookie is ignored.
pub fn presented<'r>(request: &'r Request<'_>) -> &'r Presented {
    request.local_cache(|| Presented::Nothing)
}

async fn read(request: &Request<'_>) -> Option<Presented> {
    let (accounts, jwts) = (request.rocket().state::<Accounts>()?, request.rocket().state::<Jwts>()?);
    let now = accounts.now();
    let session = match bearer(request) {
        Some(credentials) => credentials.and_then(|token| jwts.access.verify(token, now)),
        None => {
            let token = cookies::value(request, &request.rocket().state::<Site>()?.session_cookie)?;
            jwts.session.verify(token, now)
        }
    };
    let Some(session) = session else {
        Trace::of(request)
            .around(|| tracing::warn!(path = %request.uri().path(), "refused a token that is none of ours"));
        return None;
    };
    Some(match accounts.ended(&session, now).await {
        Ok(None) => Presented::Live(session),
        Ok(Some(reason)) => Presented::Ended(reason),
        Err(error) => Presented::Unknown(error),
    })
}

/// What a request says who calls with.
pub enum Credentials {
    /// The session cookie.
    Cookie,
    /// The `Authorization` header; the cookie is ignored then.
    Bearer,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Credentials {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let header = request.headers().contains("Authorization");
        Outcome::Success(if header { Self::Bearer } else { Self::Cookie })
    }
}

/// The token after `Bearer` in the `Authorization` header (RFC 6750, 2.1); within, `None` for anything else that is there.
fn bearer<'r>(request: &'r Request<'_>) -> Option<Option<&'r str>> {
    let mut lines = request.headers().get("Authorization");
    let (first, more) = (lines.next()?, lines.next());
    let (scheme, token) = first.split_once(' ').unwrap_or((first, ""));
    Some((scheme.eq_ignore_ascii_case("Bearer") && more.is_none()).then_some(token.trim_matches(' ')))
}

/// What handlers need to begin and end the session of a browser.
pub struct Cookie<'r> {
    site: &'r Site,
    jwt: &'r Jwt,
    jar: &'r CookieJar<'r>,
    accounts: &'r Accounts,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Cookie<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        let jwt = &try_outcome!(request.guard::<&State<Jwts>>().await).session;
        let accounts = try_outcome!(request.guard::<&State<Accounts>>().await);
        Outcome::Success(Self { site, jwt, jar: request.cookies(), accounts })
    }
}

impl Cookie<'_> {
    /// Gives the browser the token of a new session, and what it is recognised by later.
    ///
    /// # Errors
    /// The token could not be signed.
    pub fn start(&self, signed_in: &SignedIn) -> Result<(), Internal> {
        let (session, now) = (&signed_in.session, self.accounts.now());
        cookies::set(self.jar, self.site, &self.site.device_cookie, signed_in.device.clone(), DEVICE_SECONDS);
        let token = self.jwt.sign(session, now)?;
        cookies::set(self.jar, self.site, &self.site.session_cookie, token, max_age(session, now));
        Ok(())
    }

    /// Takes the token from the browser, and answers with `inner`.
    pub fn sign_out<R>(&self, inner: R) -> SignedOut<R> {
        cookies::remove(self.jar, self.site, &self.site.session_cookie);
        // "cookies" would clear the whole registrable domain, and "cache" stalls Chromium.
        SignedOut { inner, clear: Header::new("Clear-Site-Data", "\"storage\"") }
    }

    /// Hands the browser the request that a mailed code answers, for as long as it can be answered.
    pub fn hold_request(&self, request: &str, life: Duration) {
        let seconds = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        cookies::set(self.jar, self.site, &self.site.flow_cookie, request.to_owned(), seconds);
    }

    /// Takes the request from the browser: it was answered.
    pub fn drop_request(&self) {
        cookies::remove(self.jar, self.site, &self.site.flow_cookie);
    }
}

fn max_age(session: &Session, now: Timestamp) -> i64 {
    session.expires_at.seconds() - now.seconds()
}

/// Reads the session of a request when it comes. Here and not in a guard: error pages of unknown paths know who is signed in, too.
pub async fn arrive(request: &Request<'_>) {
    Trace::of(request);
    if !is_static(request) {
        request.local_cache_async(async { read(request).await.unwrap_or(Presented::Nothing) }).await;
    }
}

/// The session cookie, reissued with every answer to its holder, so that the session lasts while it is used; `None` where the answer sets
/// none.
pub async fn slide(request: &Request<'_>, response: &mut Response<'_>) -> Option<String> {
    let site = request.rocket().state::<Site>().filter(|_| prolongs(request));
    // A sign-in or sign-out may have spoken already.
    let site = site.filter(|site| !speaks_of_session(response, site))?;
    // The handler may have waited for the database, which would be asked again; the browser keeps the cookie that it has.
    let knows = request.rocket().state::<Accounts>().is_some_and(Accounts::trusts_memory);
    if response.status() == Status::ServiceUnavailable && !knows {
        return None;
    }
    // The jar was written out before fairings run: what is added to it here would be lost.
    let cookie = Trace::of(request).follow(reissue(request, site)).await?;
    let mut line = String::with_capacity(LINE);
    write!(line, "{cookie}").ok()?;
    Some(line)
}

fn speaks_of_session(response: &Response<'_>, site: &Site) -> bool {
    let ours = |line: &str| line.strip_prefix(site.session_cookie.as_str()).is_some_and(|rest| rest.starts_with('='));
    response.headers().get("Set-Cookie").any(ours)
}

async fn reissue(request: &Request<'_>, site: &Site) -> Option<rocket::http::Cookie<'static>> {
    let session = presented(request).live()?;
    let accounts = request.rocket().state::<Accounts>()?;
    let now = accounts.now();
    let slid = accounts.lifetimes().slide(session, now);
    // Asked again: the session may have ended while this answer was made.
    if !matches!(accounts.ended(session, now).await, Ok(None)) {
        return None;
    }
    accounts.saw(&session.id, now);
    let token = request.rocket().state::<Jwts>()?.session.sign(&slid, now);
    let token = token.inspect_err(|error| tracing::error!(%error, "a session token could not be signed")).ok()?;
    Some(cookies::build(site, &site.session_cookie, token, max_age(&slid, now)))
}
