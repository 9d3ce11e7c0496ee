//! The shapes of answers.
use rocket::{Responder, serde::json::Json};
use serde::Serialize;

use crate::{
    accounts::SignedIn,
    model::{
        session::Session,
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
