//! `GET /api/auth/session`: the hot path.
use std::io::Cursor;

use rocket::{
    Request, Response, State, get,
    http::Status,
    response::{self, Responder},
};

use super::answers::SessionAnswer;
use crate::{
    accounts::Accounts,
    web::{guards::User, passive::Passive},
};

/// Bytes of an answer, and some more.
const ANSWER: usize = 256;

/// The answer as JSON. Rocket's own way there names two content types, one after the other, in a map with hashed names.
pub struct Shown(SessionAnswer);

impl<'r> Responder<'r, 'static> for Shown {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut body = Vec::with_capacity(ANSWER);
        serde_json::to_writer(&mut body, &self.0).map_err(|_| Status::InternalServerError)?;
        Response::build().raw_header("Content-Type", "application/json").sized_body(body.len(), Cursor::new(body)).ok()
    }
}

/// The caller's session, as the answer leaves it. Reads no table.
#[utoipa::path(
    operation_id = "showSession",
    tag = "Signing in",
    params(("passive" = Option<String>, Query, description = "Where given, with or without a value, the call does not count as use")),
    responses(
        (status = 200, description = "The session, as this answer leaves it", body = SessionAnswer),
    ),
    security(("session" = [])),
)]
#[get("/auth/session")]
pub fn show(user: User<'_>, accounts: &State<Accounts>, passive: Passive) -> Shown {
    if passive.0 {
        return Shown(user.session.into());
    }
    Shown((&accounts.lifetimes().slide(user.session, accounts.now())).into())
}
