//! `/health/live` and `/health/ready`
use rocket::{Route, State, get, http::Status, routes, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::Accounts;

/// What a probe asks.
pub fn routes() -> Vec<Route> {
    routes![live, ready]
}

/// One word.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    status: &'static str,
}

/// The process answers.
#[utoipa::path(
    operation_id = "isLive",
    tag = "Health",
    responses(
        (status = 200, description = "It does", body = Health),
    ),
)]
#[get("/live")]
fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers too; 503 when it does not.
#[utoipa::path(
    operation_id = "isReady",
    tag = "Health",
    responses(
        (status = 200, description = "It does", body = Health),
        (status = 503, description = "The database does not answer", body = Health),
    ),
)]
#[get("/ready")]
async fn ready(accounts: &State<Accounts>) -> (Status, Json<Health>) {
    if accounts.is_ready().await {
        (Status::Ok, Json(Health { status: "ok" }))
    } else {
        (Status::ServiceUnavailable, Json(Health { status: "the database does not answer" }))
    }
}
