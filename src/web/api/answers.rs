//! The shapes of answers.
use rocket::{Responder, serde::json::Json};
use serde::Serialize;

use serde_json::Value;

use crate::{
    accounts::{Export, RecentSignin, Recorded, SignedIn},
    model::{
        session::{EndReason, Session},
        user::{Role, User},
    },
};

/// An account.
#[derive(Serialize)]
pub struct UserAnswer {
    id: String,
    email: String,
    name: String,
    username: Option<String>,
    role: Role,
    email_verified: bool,
    created_at: String,
}

/// A session. Times are RFC 3339 in UTC.
#[derive(Serialize)]
pub struct SessionAnswer {
    user_id: String,
    session_id: String,
    role: Role,
    expires_at: String,
    ends_at: String,
}

/// Who signed in.
#[derive(Serialize)]
pub struct SignedInAnswer {
    user: UserAnswer,
    session: SessionAnswer,
}

/// The request that a mailed code answers.
#[derive(Serialize)]
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

impl From<&User> for UserAnswer {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            name: user.name.clone(),
            username: None,
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
#[derive(Serialize)]
pub struct SigninAnswer {
    id: String,
    created_at: String,
    ends_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
    end_reason: Option<&'static str>,
}

/// A recorded event.
#[derive(Serialize)]
pub struct EventAnswer {
    id: String,
    r#type: String,
    time: String,
    actor_id: Option<String>,
    session_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    data: Value,
}

/// A page of recorded events; `next_cursor` asks for the one after it.
#[derive(Serialize)]
pub struct EventsAnswer {
    items: Vec<EventAnswer>,
    next_cursor: Option<String>,
}

/// Everything stored about a person.
#[derive(Serialize)]
pub struct ExportAnswer {
    account: UserAnswer,
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
            sessions: export.sessions.into_iter().map(SigninAnswer::from).collect(),
            events: export.events.into_iter().map(EventAnswer::from).collect(),
        }
    }
}
