//! `POST /api/auth/token`, `POST /api/auth/token/code`, `POST /api/auth/token/refresh` and `GET /.well-known/jwks.json`
use rocket::{Responder, Route, State, get, http::Header, post, routes, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::TokensAnswer;
use crate::{
    accounts::{Accounts, Caller},
    jwt::Jwts,
    model::{client::Client, code::RequestId},
    web::{Problem, forms, input::Input},
};

/// Whoever verifies our tokens asks again after this: less than a new key waits before it signs.
const CACHE: &str = "public, max-age=300";

/// What stands outside `/api`.
pub fn well_known() -> Vec<Route> {
    routes![keys]
}

/// Signs a program in that keeps no cookies: an access token for the `Authorization` header of its calls, and a refresh token.
#[utoipa::path(
    operation_id = "issueTokens",
    tag = "Tokens",
    request_body = forms::Signin,
    responses(
        (status = 200, description = "Signed in", body = TokensAnswer),
        (status = 401, description = "invalid_credentials second_factor_required"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/token", format = "json", data = "<body>")]
pub async fn issue(
    body: Input<forms::Signin>,
    accounts: &State<Accounts>,
    jwts: &State<Jwts>,
    caller: Caller<'_>,
) -> Result<Json<TokensAnswer>, Problem> {
    let tokens = accounts.issue_tokens(&body.0.email, &body.0.password, &caller).await?;
    Ok(Json(TokensAnswer::new(&tokens, jwts, accounts.now())?))
}

/// Signs a program in to an account with a second factor, with the `request` that came with `second_factor_required`.
#[utoipa::path(
    operation_id = "issueTokensWithCode",
    tag = "Tokens",
    request_body = forms::SigninCode,
    responses(
        (status = 200, description = "Signed in", body = TokensAnswer),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/token/code", format = "json", data = "<body>")]
pub async fn issue_for_code(
    body: Input<forms::SigninCode>,
    accounts: &State<Accounts>,
    jwts: &State<Jwts>,
    caller: Caller<'_>,
) -> Result<Json<TokensAnswer>, Problem> {
    let request = RequestId::given(&body.0.request);
    let tokens = accounts.issue_tokens_for_code(&request, &body.0.code, &caller).await?;
    Ok(Json(TokensAnswer::new(&tokens, jwts, accounts.now())?))
}

/// Gives a new access token, and the refresh token that takes the place of the one sent. One that was used before ends the session, but
/// for the last one within a few seconds: then its answer may have been lost, and the same successor is given again.
#[utoipa::path(
    operation_id = "refreshTokens",
    tag = "Tokens",
    request_body = forms::RefreshToken,
    responses(
        (status = 200, description = "New tokens", body = TokensAnswer),
        (status = 401, description = "not_signed_in"),
    ),
)]
#[post("/auth/token/refresh", format = "json", data = "<body>")]
pub async fn refresh(
    body: Input<forms::RefreshToken>,
    accounts: &State<Accounts>,
    jwts: &State<Jwts>,
    client: Client,
) -> Result<Json<TokensAnswer>, Problem> {
    let tokens = accounts.refresh_tokens(&body.0.refresh_token, &client).await?;
    Ok(Json(TokensAnswer::new(&tokens, jwts, accounts.now())?))
}

/// The public keys of access tokens (RFC 7517, RFC 8037).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

#[derive(Serialize, ToSchema)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    /// The key.
    x: String,
}

/// The keys, and how long they may be kept.
#[derive(Responder)]
pub struct Published {
    inner: Json<KeySet>,
    cache: Header<'static>,
}

/// The keys that access tokens can be verified with by anybody: those that sign, those that will and those that did.
#[utoipa::path(
    operation_id = "showKeys",
    tag = "Tokens",
    responses(
        (status = 200, description = "The keys", body = KeySet),
    ),
)]
#[get("/jwks.json")]
pub fn keys(jwts: &State<Jwts>) -> Published {
    let ring = jwts.access.keys().ring();
    let public = ring.all().iter().filter_map(|key| {
        let (x, kid) = (key.public.clone()?, key.kid.clone());
        Some(PublicKey { kty: "OKP", crv: "Ed25519", r#use: "sig", alg: "EdDSA", kid, x })
    });
    Published { inner: Json(KeySet { keys: public.collect() }), cache: Header::new("Cache-Control", CACHE) }
}
