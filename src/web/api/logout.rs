//! `POST /api/auth/logout`
use rocket::{State, http::Status, post};

use crate::{
    accounts::Accounts,
    model::client::Client,
    web::{
        Problem,
        guards::User,
        session::{Cookie, SignedOut},
    },
};

/// Ends the caller's session.
#[utoipa::path(
    operation_id = "signOut",
    tag = "Signing in",
    responses(
        (status = 204, description = "No token of the session is accepted any more"),
    ),
    security(("session" = [])),
)]
#[post("/auth/logout")]
pub async fn submit(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Status>, Problem> {
    accounts.logout(user.session, &client).await?;
    Ok(cookie.sign_out(Status::NoContent))
}
