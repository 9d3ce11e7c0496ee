//! `/health/live` and `/health/ready`
use rocket::{Route, State, get, http::Status, routes, serde::json::Json};
use serde::Serialize;

use crate::accounts::Accounts;

/// What a probe asks.
pub fn routes() -> Vec<Route> {
    routes![live, ready]
}

/// One word.
#[derive(Serialize)]
pub struct Health {
    status: &'static str,
}

/// The process answers.
#[get("/live")]
fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers too; 503 when it does not.
#[get("/ready")]
async fn ready(accounts: &State<Accounts>) -> (Status, Json<Health>) {
    if accounts.is_ready().await {
        (Status::Ok, Json(Health { status: "ok" }))
    } else {
        (Status::ServiceUnavailable, Json(Health { status: "the database does not answer" }))
    }
}
