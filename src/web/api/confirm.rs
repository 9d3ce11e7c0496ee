//! `POST /api/auth/confirm`
use rocket::{State, post, serde::json::Json};

use super::answers::{Confirmed, SignedInAnswer, TokensAnswer};
use crate::{
    accounts::{Accounts, Caller},
    jwt::Jwts,
    web::{
        Problem, forms,
        guards::User,
        input::Input,
        session::{Cookie, Credentials},
    },
};

/// Makes the sign-in fresh: a new session in place of the caller's. An account with a second factor needs its code too. A caller with an access token gets new tokens.
#[utoipa::path(
    operation_id = "confirmPassword",
    tag = "Signing in",
    request_body = forms::Confirm,
    responses(
        (status = 200, description = "Signed in afresh", body = Confirmed),
        (status = 401, description = "invalid_credentials"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/auth/confirm", format = "json", data = "<body>")]
pub async fn submit(
    user: User<'_>,
    body: Input<forms::Confirm>,
    accounts: &State<Accounts>,
    jwts: &State<Jwts>,
    caller: Caller<'_>,
    credentials: Credentials,
    cookie: Cookie<'_>,
) -> Result<Json<Confirmed>, Problem> {
    let (password, code) = (&body.0.password, body.0.code.as_deref());
    Ok(Json(match credentials {
        Credentials::Cookie => {
            let signed_in = accounts.confirm(user.session, password, code, &caller).await?;
            cookie.start(&signed_in)?;
            Confirmed::Session(SignedInAnswer::from(&signed_in))
        }
        Credentials::Bearer => {
            let tokens = accounts.confirm_tokens(user.session, password, code, &caller).await?;
            Confirmed::Tokens(TokensAnswer::new(&tokens, jwts, accounts.now())?)
        }
    }))
}
