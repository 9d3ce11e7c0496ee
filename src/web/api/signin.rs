//! `POST /api/auth/signin` and `POST /api/auth/signin/code`
use rocket::{State, post, serde::json::Json};

use super::answers::SignedInAnswer;
use crate::{
    accounts::{Accounts, Caller},
    model::code::RequestId,
    web::{Problem, forms, input::Input, session::Cookie},
};

/// Opens a session and sets its cookie. Where the account has a second factor, the answer to the right password is 401
/// `second_factor_required` with a `request`, which is good for ten minutes.
#[utoipa::path(
    operation_id = "signIn",
    tag = "Signing in",
    request_body = forms::Signin,
    responses(
        (status = 200, description = "Signed in", body = SignedInAnswer),
        (status = 401, description = "invalid_credentials second_factor_required"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/signin", format = "json", data = "<body>")]
pub async fn submit(
    body: Input<forms::Signin>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Json<SignedInAnswer>, Problem> {
    let signed_in = accounts.signin(&body.0.email, &body.0.password, &caller).await?;
    cookie.start(&signed_in)?;
    Ok(Json((&signed_in).into()))
}

/// Opens the session of an account with a second factor, and sets its cookie.
#[utoipa::path(
    operation_id = "signInWithCode",
    tag = "Signing in",
    request_body = forms::SigninCode,
    responses(
        (status = 200, description = "Signed in", body = SignedInAnswer),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/signin/code", format = "json", data = "<body>")]
pub async fn submit_code(
    body: Input<forms::SigninCode>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Json<SignedInAnswer>, Problem> {
    let signed_in = accounts.signin_code(&RequestId::given(&body.0.request), &body.0.code, &caller).await?;
    cookie.start(&signed_in)?;
    Ok(Json((&signed_in).into()))
}
