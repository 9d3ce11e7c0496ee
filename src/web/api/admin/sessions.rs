//! `/api/admin/sessions`, `/api/admin/logout-everyone`
use rocket::{State, get, http::Status, post, serde::json::Json};

use super::limit;
use crate::{
    accounts::{
        Accounts,
        admin::{Operator, SessionFilter, SessionState},
    },
    model::client::Client,
    web::{
        Problem,
        api::answers::AllSessionsAnswer,
        guards::{FreshSuperuser, Superuser},
        input::{account, once, word},
    },
};

/// Everybody's sessions, the newest first, with those that ended and why.
#[utoipa::path(
    operation_id = "listAllSessions",
    tag = "Administration",
    params(
        ("state" = Option<String>, Query, pattern = "^(any|open|ended)$", description = "Only those that are `open`, or `ended`"),
        ("user" = Option<String>, Query, pattern = "^[0-9a-f]{32}$", description = "Only those of this account"),
        ("cursor" = Option<String>, Query, pattern = r"^[^\u0000]*$", description = "The `next_cursor` of the page before this one"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "Sessions on the page; 50 unless given"),
    ),
    responses(
        (status = 200, description = "A page of sessions", body = AllSessionsAnswer),
        (status = 403, description = "forbidden"),
        (status = 422, description = "invalid_input"),
    ),
    security(("session" = [])),
)]
#[get("/admin/sessions?<state>&<user>&<cursor>&<limit>")]
pub async fn list(
    _superuser: Superuser<'_>,
    accounts: &State<Accounts>,
    state: Vec<&str>,
    user: Vec<&str>,
    cursor: Vec<&str>,
    limit: Vec<&str>,
) -> Result<Json<AllSessionsAnswer>, Problem> {
    let filter = SessionFilter {
        state: word("state", &state, SessionState::parse)?,
        user: word("user", &user, account)?,
        cursor: once("cursor", &cursor)?,
        limit: self::limit(&limit)?,
    };
    Ok(Json(accounts.all_sessions(&filter).await?.into()))
}

/// Ends every session of everybody, the caller's too.
#[utoipa::path(
    operation_id = "logOutEveryone",
    tag = "Administration",
    responses(
        (status = 204, description = "No token of any session that was there is accepted any more"),
        (status = 403, description = "forbidden fresh_sign_in_required"),
    ),
    security(("session" = [])),
)]
#[post("/admin/logout-everyone")]
pub async fn logout_everyone(
    superuser: FreshSuperuser<'_>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.logout_everyone(&Operator::superuser(superuser.session, client)).await?;
    Ok(Status::NoContent)
}
