//! `/api/account/sessions`
use rocket::{State, delete, get, http::Status, post, serde::json::Json};

use super::answers::{OpenSessionAnswer, OpenSessionsAnswer};
use crate::{
    accounts::Accounts,
    model::{client::Client, id::SessionId},
    web::{
        Problem,
        guards::{FreshlyAuthenticated, User},
    },
};

/// The sessions of the caller that go on, the newest first.
#[utoipa::path(
    operation_id = "listSessions",
    tag = "Account",
    responses(
        (status = 200, description = "The sessions", body = OpenSessionsAnswer),
    ),
    security(("session" = [])),
)]
#[get("/account/sessions")]
pub async fn list(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<OpenSessionsAnswer>, Problem> {
    let open = accounts.open_sessions(user.session).await?;
    let items = open.into_iter().map(|open| OpenSessionAnswer::new(open, user.session)).collect();
    Ok(Json(OpenSessionsAnswer { items }))
}

/// Ends one of them.
#[utoipa::path(
    operation_id = "endSession",
    tag = "Account",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "No token of it is accepted any more"),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 404, description = "not_found"),
    ),
    security(("session" = [])),
)]
#[delete("/account/sessions/<id>")]
pub async fn end(
    user: FreshlyAuthenticated<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    let id = SessionId::parse(id).ok_or_else(Problem::not_found)?;
    if accounts.end_own_session(user.session, &id, &client).await? {
        Ok(Status::NoContent)
    } else {
        Err(Problem::not_found())
    }
}

/// Ends all but the caller's.
#[utoipa::path(
    operation_id = "endOtherSessions",
    tag = "Account",
    responses(
        (status = 204, description = "No token of the others is accepted any more"),
        (status = 403, description = "fresh_sign_in_required"),
    ),
    security(("session" = [])),
)]
#[post("/account/sessions/end-others")]
pub async fn end_others(
    user: FreshlyAuthenticated<'_>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.end_other_sessions(user.session, &client).await?;
    Ok(Status::NoContent)
}
