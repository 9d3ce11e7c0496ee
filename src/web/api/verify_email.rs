//! `POST /api/auth/verify-email` and `…/resend`
use rocket::{State, http::Status, post, serde::json::Json};

use super::answers::{Made, SignedInAnswer};
use crate::{
    accounts::{Accounts, Caller},
    model::code::RequestId,
    web::{Problem, forms, input::Input, session::Cookie},
};

/// Makes the account and opens the session.
#[utoipa::path(
    operation_id = "verifyEmail",
    tag = "Signing up",
    request_body = forms::RequestCode,
    responses(
        (status = 201, description = "The account is made and signed in", body = SignedInAnswer),
        (status = 409, description = "conflict"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/verify-email", format = "json", data = "<body>")]
pub async fn submit(
    body: Input<forms::RequestCode>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Made, Problem> {
    let request = RequestId::given(&body.0.request);
    let signed_in = accounts.verify_email(&request, &body.0.code, &caller).await?;
    cookie.start(&signed_in)?;
    Ok(Made(Json((&signed_in).into())))
}

/// Has a new code mailed; the answer is always the same.
#[utoipa::path(
    operation_id = "resendCode",
    tag = "Signing up",
    request_body = forms::Resend,
    responses(
        (status = 202, description = "Always, whether or not there is such a request"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/verify-email/resend", format = "json", data = "<body>")]
pub async fn resend(
    body: Input<forms::Resend>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
) -> Result<Status, Problem> {
    accounts.resend_code(&RequestId::given(&body.0.request), &caller).await?;
    Ok(Status::Accepted)
}
