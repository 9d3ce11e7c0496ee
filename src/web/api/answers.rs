//! The shapes of answers.
mod admin;
mod second_factor;
mod stats;

use rocket::{Responder, serde::json::Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type, schema::SchemaType},
};

use crate::{
    accounts::{Export, Internal, OpenSession, RecentSignin, Recorded, SessionKind, SignedIn, Tokens},
    clock::Timestamp,
    jwt::Jwts,
    model::{
        session::{EndReason, Session},
        user::{Role, User},
    },
};

pub use admin::{AccountAnswer, AccountsAnswer, AllEventsAnswer, AllSessionsAnswer, AnyEventAnswer, MadeAccount};
use second_factor::ExportedFactorAnswer;
pub use second_factor::{FactorAnswer, ProposalAnswer, Proposed, RecoveryCodesAnswer};
pub use stats::StatsAnswer;

/// An account.
#[derive(Serialize, ToSchema)]
pub struct UserAnswer {
    /// Opaque.
    id: String,
    /// Where letters go; null for an account that came here with a username only.
    email: Option<String>,
    /// What its owner wants to be called; may be empty.
    name: String,
    /// Another name to sign in with.
    username: Option<String>,
    #[schema(schema_with = role)]
    role: Role,
    /// Whether its owner proved to hold the address.
    email_verified: bool,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
}

/// A session. Times are RFC 3339 in UTC.
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    /// Whose it is.
    user_id: String,
    session_id: String,
    #[schema(schema_with = role)]
    role: Role,
    /// When it ends by itself unless it is used before.
    #[schema(format = "date-time")]
    expires_at: String,
    /// When it ends however much it is used.
    #[schema(format = "date-time")]
    ends_at: String,
}

/// Who signed in.
#[derive(Serialize, ToSchema)]
pub struct SignedInAnswer {
    user: UserAnswer,
    session: SessionAnswer,
}

/// What a program without cookies holds (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokensAnswer {
    /// For the `Authorization` header of calls, after `Bearer` and a space.
    access_token: String,
    /// For the next tokens; good for one use.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
}

/// A sign-in made fresh, as its caller needs it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Confirmed {
    /// With a cookie.
    Session(SignedInAnswer),
    /// With an access token.
    Tokens(TokensAnswer),
}

impl TokensAnswer {
    /// Signs the access token.
    ///
    /// # Errors
    /// It could not be signed.
    pub fn new(tokens: &Tokens, jwts: &Jwts, now: Timestamp) -> Result<Self, Internal> {
        Ok(Self {
            access_token: jwts.access.sign(&tokens.session, now)?,
            refresh_token: tokens.refresh.clone(),
            token_type: "Bearer",
            expires_in: tokens.session.expires_at.since(now.floor()).as_secs(),
        })
    }
}

/// The request that a mailed code answers.
#[derive(Serialize, ToSchema)]
pub struct RequestAnswer {
    /// To be sent back with the code.
    pub request: String,
}

/// 202: begun, and nothing more is told.
#[derive(Responder)]
#[response(status = 202)]
pub struct Begun(pub Json<RequestAnswer>);

/// 201: made.
#[derive(Responder)]
#[response(status = 201)]
pub struct Made(pub Json<SignedInAnswer>);

impl Begun {
    /// With the request's secret name.
    pub fn new(request: &str) -> Self {
        Self(Json(RequestAnswer { request: request.to_owned() }))
    }
}

fn role() -> Object {
    let words = [Role::User, Role::Superuser].map(Role::as_str);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .description(Some("What the account may do."))
        .build()
}

fn end_reason() -> Object {
    let words = EndReason::ALL.map(|reason| Some(reason.as_str())).into_iter().chain([None]);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words))
        .description(Some("Why it is over; null while it goes on."))
        .build()
}

impl From<&User> for UserAnswer {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.real().map(str::to_owned),
            name: user.name.clone(),
            username: user.username.as_ref().map(|name| name.as_str().to_owned()),
            role: user.role,
            email_verified: user.email_verified_at.is_some(),
            created_at: user.created_at.rfc3339(),
        }
    }
}

impl From<&Session> for SessionAnswer {
    fn from(session: &Session) -> Self {
        Self {
            user_id: session.user_id.to_string(),
            session_id: session.id.to_string(),
            role: session.role,
            expires_at: session.expires_at.rfc3339(),
            ends_at: session.ends_at.rfc3339(),
        }
    }
}

impl From<&SignedIn> for SignedInAnswer {
    fn from(signed_in: &SignedIn) -> Self {
        Self { user: (&signed_in.user).into(), session: (&signed_in.session).into() }
    }
}

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct SigninAnswer {
    /// Opaque.
    id: String,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it ends however much it is used.
    #[schema(format = "date-time")]
    ends_at: String,
    /// From which network address.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    #[schema(schema_with = end_reason)]
    end_reason: Option<&'static str>,
}

/// A session that goes on.
#[derive(Serialize, ToSchema)]
pub struct OpenSessionAnswer {
    /// Opaque.
    id: String,
    #[schema(schema_with = session_kind)]
    kind: &'static str,
    /// When it began.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last used, to within half a minute.
    #[schema(format = "date-time")]
    last_seen_at: String,
    /// From which network address it began.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// The browser or program in words.
    device: String,
    /// Whether it is the caller's.
    current: bool,
}

/// The sessions of an account.
#[derive(Serialize, ToSchema)]
pub struct OpenSessionsAnswer {
    /// The newest first.
    pub items: Vec<OpenSessionAnswer>,
}

fn session_kind() -> Object {
    let words = [SessionKind::Browser, SessionKind::Api].map(SessionKind::as_str);
    let about = "A person with a cookie, or a program with tokens.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about)).build()
}

impl OpenSessionAnswer {
    /// As its owner sees it from the session `own`.
    pub fn new(open: OpenSession, own: &Session) -> Self {
        Self {
            current: open.id == own.id,
            id: open.id.to_string(),
            kind: open.kind.as_str(),
            created_at: open.created_at.rfc3339(),
            last_seen_at: open.last_seen_at.rfc3339(),
            device: open.client.device(),
            ip: open.client.ip,
            user_agent: open.client.user_agent,
        }
    }
}

/// A recorded event.
#[derive(Serialize, ToSchema)]
pub struct EventAnswer {
    /// Opaque.
    id: String,
    /// What happened, like `session.started`.
    r#type: String,
    /// When.
    #[schema(format = "date-time")]
    time: String,
    /// Who did it.
    actor_id: Option<String>,
    session_id: Option<String>,
    /// From which network address.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// More words.
    #[schema(value_type = Object)]
    data: Value,
}

/// A page of recorded events; `next_cursor` asks for the one after it.
#[derive(Serialize, ToSchema)]
pub struct EventsAnswer {
    items: Vec<EventAnswer>,
    /// Asks for the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// Everything stored about a person.
#[derive(Serialize, ToSchema)]
pub struct ExportAnswer {
    account: UserAnswer,
    second_factor: ExportedFactorAnswer,
    sessions: Vec<SigninAnswer>,
    events: Vec<EventAnswer>,
}

impl EventsAnswer {
    /// A page of at most `limit`.
    pub fn page(events: Vec<Recorded>, limit: i64) -> Self {
        let full = i64::try_from(events.len()).is_ok_and(|length| length >= limit);
        let next_cursor = events.last().filter(|_| full).map(|event| event.id.clone());
        Self { items: events.into_iter().map(EventAnswer::from).collect(), next_cursor }
    }
}

impl From<Recorded> for EventAnswer {
    fn from(event: Recorded) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            time: event.at.rfc3339(),
            actor_id: event.actor_id,
            session_id: event.session_id,
            ip: event.client.ip,
            user_agent: event.client.user_agent,
            data: event.data,
        }
    }
}

impl From<RecentSignin> for SigninAnswer {
    fn from(signin: RecentSignin) -> Self {
        Self {
            id: signin.session.to_string(),
            created_at: signin.at.rfc3339(),
            ends_at: signin.ends_at.rfc3339(),
            ip: signin.client.ip,
            user_agent: signin.client.user_agent,
            end_reason: signin.end_reason.map(EndReason::as_str),
        }
    }
}

impl From<Export> for ExportAnswer {
    fn from(export: Export) -> Self {
        Self {
            account: (&export.user).into(),
            second_factor: export.second_factor.into(),
            sessions: export.sessions.into_iter().map(SigninAnswer::from).collect(),
            events: export.events.into_iter().map(EventAnswer::from).collect(),
        }
    }
}
