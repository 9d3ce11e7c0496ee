//! `POST /api/auth/forgot-password`
use rocket::{State, post};

use super::answers::{Begun, RequestAnswer};
use crate::{
    accounts::{Accounts, Caller},
    web::{Problem, forms, input::Input},
};

/// Begins a reset; the answer is always the same.
#[utoipa::path(
    operation_id = "forgetPassword",
    tag = "Signing in",
    request_body = forms::ForgotPassword,
    responses(
        (status = 202, description = "Begun. The answer is the same for an address without an account", body = RequestAnswer),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/forgot-password", format = "json", data = "<body>")]
pub async fn submit(
    body: Input<forms::ForgotPassword>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
) -> Result<Begun, Problem> {
    let request = accounts.forgot_password(&body.0.email, None, &caller).await?;
    Ok(Begun::new(request.reveal()))
}
