//! `GET /api/auth/session`: the hot path.
use rocket::{State, get, serde::json::Json};

use super::answers::SessionAnswer;
use crate::{
    accounts::Accounts,
    web::{guards::User, passive::Passive},
};

/// The caller's session, as the answer leaves it. Reads no table.
#[get("/auth/session")]
pub fn show(user: User<'_>, accounts: &State<Accounts>, passive: Passive) -> Json<SessionAnswer> {
    if passive.0 {
        return Json(user.session.into());
    }
    Json((&accounts.lifetimes().slide(user.session, accounts.now())).into())
}
