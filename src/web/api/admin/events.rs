//! `/api/admin/events`
use rocket::{State, get, serde::json::Json};

use super::limit;
use crate::{
    accounts::Accounts,
    web::{Problem, api::answers::AllEventsAnswer, event_query::EventQuery, guards::Superuser, input::once},
};

/// The audit trail, the newest first.
#[utoipa::path(
    operation_id = "listAllEvents",
    tag = "Administration",
    params(
        ("type" = Option<String>, Query, pattern = r"^[a-z]+\.[a-z_]+$", description = "Only events of this type, like `session.started`"),
        ("user" = Option<String>, Query, pattern = "^[0-9a-f]{32}$", description = "Only events about this account"),
        ("from" = Option<String>, Query, description = "From this moment on, like `2026-11-24` or `2026-11-24T14:05:00Z`"),
        ("to" = Option<String>, Query, description = "Before this moment"),
        ("cursor" = Option<String>, Query, pattern = r"^[^\u0000]*$", description = "The `next_cursor` of the page before this one"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "Events on the page; 50 unless given"),
    ),
    responses(
        (status = 200, description = "A page of events", body = AllEventsAnswer),
        (status = 403, description = "forbidden"),
        (status = 422, description = "invalid_input"),
    ),
    security(("session" = [])),
)]
#[get("/admin/events?<cursor>&<limit>")]
pub async fn list(
    _superuser: Superuser<'_>,
    query: EventQuery,
    accounts: &State<Accounts>,
    cursor: Vec<&str>,
    limit: Vec<&str>,
) -> Result<Json<AllEventsAnswer>, Problem> {
    let page = accounts.all_events(&query.0, once("cursor", &cursor)?, self::limit(&limit)?).await?;
    Ok(Json(page.into()))
}
