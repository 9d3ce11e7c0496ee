//! `POST /api/auth/reset-password`
use rocket::{State, http::Status, post};

use crate::{
    accounts::Accounts,
    model::{client::Client, code::RequestId},
    web::{Problem, forms, input::Input},
};

/// Sets a new password; every session of the account ends.
#[utoipa::path(
    operation_id = "resetPassword",
    tag = "Signing in",
    request_body = forms::ResetPassword,
    responses(
        (status = 204, description = "The new password holds; nobody is signed in by it"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/reset-password", format = "json", data = "<body>")]
pub async fn submit(
    body: Input<forms::ResetPassword>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    let request = RequestId::given(&body.0.request);
    accounts.reset_password(&request, &body.0.code, &body.0.password, &client).await?;
    Ok(Status::NoContent)
}
