//! `POST /api/auth/confirm`
use rocket::{State, post, serde::json::Json};

use super::answers::SignedInAnswer;
use crate::{
    accounts::{Accounts, Caller},
    web::{Problem, forms, guards::User, input::Input, session::Cookie},
};

/// Makes the sign-in fresh: a new session in place of the caller's.
#[utoipa::path(
    operation_id = "confirmPassword",
    tag = "Signing in",
    request_body = forms::Confirm,
    responses(
        (status = 200, description = "Signed in afresh", body = SignedInAnswer),
        (status = 401, description = "invalid_credentials"),
    ),
    security(("session" = [])),
)]
#[post("/auth/confirm", format = "json", data = "<body>")]
pub async fn submit(
    user: User<'_>,
    body: Input<forms::Confirm>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Json<SignedInAnswer>, Problem> {
    let signed_in = accounts.confirm(user.session, &body.0.password, &caller).await?;
    cookie.start(&signed_in)?;
    Ok(Json((&signed_in).into()))
}
