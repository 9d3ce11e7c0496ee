//! `POST /api/auth/logout`
use rocket::{State, http::Status, post};

use crate::{
    accounts::Accounts,
    model::client::Client,
    web::{
        Problem, forms,
        guards::User,
        input::Optional,
        session::{Cookie, Presented, SignedOut},
    },
};

/// Ends the caller's session, or that of the refresh token in the body.
#[utoipa::path(
    operation_id = "signOut",
    tag = "Signing in",
    request_body = Option<forms::Logout>,
    responses(
        (status = 204, description = "No token of the session is accepted any more"),
    ),
    // A refresh token says by itself who calls.
    security((), ("session" = [])),
)]
#[post("/auth/logout", data = "<body>")]
pub async fn submit(
    body: Optional<forms::Logout>,
    presented: &Presented,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Status>, Problem> {
    match body.0.and_then(|body| body.refresh_token) {
        Some(token) => accounts.logout_tokens(&token, &client).await?,
        None => accounts.logout(presented.session()?, &client).await?,
    }
    Ok(cookie.sign_out(Status::NoContent))
}

/// Ends every session of the account, the caller's too.
#[utoipa::path(
    operation_id = "signOutEverywhere",
    tag = "Signing in",
    responses(
        (status = 204, description = "No token of any session is accepted any more"),
    ),
    security(("session" = [])),
)]
#[post("/auth/logout-all")]
pub async fn everywhere(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Status>, Problem> {
    accounts.logout_all(user.session, &client).await?;
    Ok(cookie.sign_out(Status::NoContent))
}
