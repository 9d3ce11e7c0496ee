//! `/api/account`
use rocket::{State, get, http::Status, patch, post, serde::json::Json};

use super::answers::{Begun, EventsAnswer, ExportAnswer, UserAnswer};
use crate::{
    accounts::Accounts,
    model::{client::Client, code::RequestId},
    web::{
        Problem, forms,
        guards::User,
        input::Input,
        session::{Cookie, SignedOut},
    },
};

/// Events on a page unless the caller asks for fewer or more, and the most there are.
const PAGE: i64 = 50;
const LONGEST_PAGE: i64 = 200;

/// The caller's account.
#[get("/account")]
pub async fn show(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<UserAnswer>, Problem> {
    let account = accounts.account(user.session).await?.ok_or_else(Problem::not_found)?;
    Ok(Json((&account).into()))
}

/// Gives it another name.
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
#[get("/account/events?<cursor>&<limit>")]
pub async fn events(
    user: User<'_>,
    accounts: &State<Accounts>,
    cursor: Option<&str>,
    limit: Option<i64>,
) -> Result<Json<EventsAnswer>, Problem> {
    let limit = limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE);
    let events = accounts.events(user.session, cursor, limit).await?;
    Ok(Json(EventsAnswer::page(events, limit)))
}

/// Everything stored about the caller.
#[get("/account/export")]
pub async fn export(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<ExportAnswer>, Problem> {
    let export = accounts.export(user.session).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(export.into()))
}
