//! `GET /api/auth/session`: the hot path.
use rocket::{State, get, serde::json::Json};

use super::answers::SessionAnswer;
use crate::{
    accounts::Accounts,
    web::{guards::User, passive::Passive},
};

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
pub fn show(user: User<'_>, accounts: &State<Accounts>, passive: Passive) -> Json<SessionAnswer> {
    if passive.0 {
        return Json(user.session.into());
    }
    Json((&accounts.lifetimes().slide(user.session, accounts.now())).into())
}
