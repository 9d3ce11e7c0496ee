//! `POST /api/auth/signin`
use rocket::{State, post, serde::json::Json};

use super::answers::SignedInAnswer;
use crate::{
    accounts::{Accounts, Caller},
    web::{Problem, forms, input::Input, session::Cookie},
};

/// Opens a session and sets its cookie.
#[utoipa::path(
    operation_id = "signIn",
    tag = "Signing in",
    request_body = forms::Signin,
    responses(
        (status = 200, description = "Signed in", body = SignedInAnswer),
        (status = 401, description = "invalid_credentials"),
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
