//! `/api/admin/stats`
use rocket::{State, get, serde::json::Json};

use crate::{
    accounts::Accounts,
    web::{Problem, api::answers::StatsAnswer, guards::Superuser},
};

/// How many there are of everything, and what the last hours and days brought.
#[utoipa::path(
    operation_id = "showStats",
    tag = "Administration",
    responses(
        (status = 200, description = "The figures; what is counted is some ten seconds old at most", body = StatsAnswer),
        (status = 403, description = "forbidden"),
    ),
    security(("session" = [])),
)]
#[get("/admin/stats")]
pub async fn show(_superuser: Superuser<'_>, accounts: &State<Accounts>) -> Result<Json<StatsAnswer>, Problem> {
    Ok(Json(accounts.stats().await?.into()))
}
