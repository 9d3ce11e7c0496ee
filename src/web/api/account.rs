//! `/api/account`
use rocket::{State, get, http::Status, patch, post, serde::json::Json};

use super::answers::{Begun, EventsAnswer, ExportAnswer, RequestAnswer, UserAnswer};
use crate::{
    accounts::Accounts,
    model::{client::Client, code::RequestId},
    web::{
        Problem, forms,
        guards::User,
        input::{Input, once},
        session::{Cookie, SignedOut},
    },
};

/// Events on a page unless the caller asks for fewer or more, and the most there are.
const PAGE: i64 = 50;
const LONGEST_PAGE: i64 = 200;

/// The caller's account.
#[utoipa::path(
    operation_id = "showAccount",
    tag = "Account",
    responses(
        (status = 200, description = "The account", body = UserAnswer),
    ),
    security(("session" = [])),
)]
#[get("/account")]
pub async fn show(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<UserAnswer>, Problem> {
    let account = accounts.account(user.session).await?;
    Ok(Json((&account).into()))
}

/// Gives it another name.
#[utoipa::path(
    operation_id = "renameAccount",
    tag = "Account",
    request_body = forms::Name,
    responses(
        (status = 200, description = "The account with its new name", body = UserAnswer),
    ),
    security(("session" = [])),
)]
#[patch("/account", format = "json", data = "<body>")]
pub async fn rename(
    user: User<'_>,
    body: Input<forms::Name>,
    accounts: &State<Accounts>,
) -> Result<Json<UserAnswer>, Problem> {
    accounts.rename(user.session, &body.0.name).await?;
    show(user, accounts).await
}

/// Sets a new password; all other sessions end.
#[utoipa::path(
    operation_id = "changePassword",
    tag = "Account",
    request_body = forms::ChangePassword,
    responses(
        (status = 204, description = "The new password holds"),
        (status = 401, description = "invalid_credentials"),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/password", format = "json", data = "<body>")]
pub async fn change_password(
    user: User<'_>,
    body: Input<forms::ChangePassword>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.change_password(user.session, &body.0.current_password, &body.0.password, &client).await?;
    Ok(Status::NoContent)
}

/// Begins a change of address.
#[utoipa::path(
    operation_id = "changeEmail",
    tag = "Account",
    request_body = forms::ChangeEmail,
    responses(
        (status = 202, description = "Begun. A code is on its way to the new address, a notice to the old one", body = RequestAnswer),
        (status = 401, description = "invalid_credentials"),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/email", format = "json", data = "<body>")]
pub async fn change_email(
    user: User<'_>,
    body: Input<forms::ChangeEmail>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Begun, Problem> {
    let request = accounts.change_email(user.session, &body.0.email, &body.0.current_password, &client).await?;
    Ok(Begun::new(request.reveal()))
}

/// Makes the new address the account's.
#[utoipa::path(
    operation_id = "confirmEmail",
    tag = "Account",
    request_body = forms::RequestCode,
    responses(
        (status = 200, description = "The account with its new address", body = UserAnswer),
        (status = 409, description = "conflict"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/email/confirm", format = "json", data = "<body>")]
pub async fn confirm_email(
    user: User<'_>,
    body: Input<forms::RequestCode>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Json<UserAnswer>, Problem> {
    let request = RequestId::given(&body.0.request);
    accounts.confirm_email(user.session, &request, &body.0.code, &client).await?;
    show(user, accounts).await
}

/// Deletes the account.
#[utoipa::path(
    operation_id = "deleteAccount",
    tag = "Account",
    request_body = forms::DeleteAccount,
    responses(
        (status = 204, description = "The account is gone, and so is everything that was stored about its owner"),
        (status = 401, description = "invalid_credentials"),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/delete", format = "json", data = "<body>")]
pub async fn delete(
    user: User<'_>,
    body: Input<forms::DeleteAccount>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Status>, Problem> {
    accounts.delete_account(user.session, &body.0.current_password, &client).await?;
    Ok(cookie.sign_out(Status::NoContent))
}

/// The audit trail about the caller, the newest first.
#[utoipa::path(
    operation_id = "listEvents",
    tag = "Account",
    params(
        ("cursor" = Option<String>, Query, pattern = r"^[^\u0000]*$", description = "The `next_cursor` of the page before this one"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "Events on the page; 50 unless given"),
    ),
    responses(
        (status = 200, description = "A page of events", body = EventsAnswer),
        (status = 422, description = "invalid_input"),
    ),
    security(("session" = [])),
)]
#[get("/account/events?<cursor>&<limit>")]
pub async fn events(
    user: User<'_>,
    accounts: &State<Accounts>,
    cursor: Vec<&str>,
    limit: Vec<&str>,
) -> Result<Json<EventsAnswer>, Problem> {
    let (cursor, limit) = (once("cursor", &cursor)?, once("limit", &limit)?);
    let limit = limit.map_or(Some(PAGE), |limit| limit.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit)));
    let limit = limit.ok_or_else(|| Problem::out_of_range("limit", 1, LONGEST_PAGE))?;
    let events = accounts.events(user.session, cursor, limit).await?;
    Ok(Json(EventsAnswer::page(events, limit)))
}

/// Everything stored about the caller.
#[utoipa::path(
    operation_id = "exportAccount",
    tag = "Account",
    responses(
        (status = 200, description = "Account, sessions and events", body = ExportAnswer),
    ),
    security(("session" = [])),
)]
#[get("/account/export")]
pub async fn export(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<ExportAnswer>, Problem> {
    let export = accounts.export(user.session).await?;
    Ok(Json(export.into()))
}
