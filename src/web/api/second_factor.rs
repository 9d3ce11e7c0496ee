//! `/api/account/second-factor`
use rocket::{State, get, http::Status, post, serde::json::Json};

use super::answers::{FactorAnswer, ProposalAnswer, Proposed, RecoveryCodesAnswer};
use crate::{
    accounts::{Accounts, Caller},
    web::{
        Problem, forms,
        guards::{FreshlyAuthenticated, User},
        input::Input,
        session::Cookie,
    },
};

/// Whether signing in asks for a second factor.
#[utoipa::path(
    operation_id = "showSecondFactor",
    tag = "Second factor",
    responses(
        (status = 200, description = "The state of it", body = FactorAnswer),
    ),
    security(("session" = [])),
)]
#[get("/account/second-factor")]
pub async fn show(user: User<'_>, accounts: &State<Accounts>) -> Result<Json<FactorAnswer>, Problem> {
    Ok(Json(accounts.second_factor(user.session).await?.into()))
}

/// Makes a secret for an authenticator app (TOTP: SHA-1, six digits, 30 seconds), in place of one that was not confirmed. Nothing asks for
/// it before it is confirmed in the same session.
#[utoipa::path(
    operation_id = "beginSecondFactor",
    tag = "Second factor",
    responses(
        (status = 201, description = "The secret, for the app", body = ProposalAnswer),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 409, description = "conflict"),
    ),
    security(("session" = [])),
)]
#[post("/account/second-factor")]
pub async fn begin(user: FreshlyAuthenticated<'_>, accounts: &State<Accounts>) -> Result<Proposed, Problem> {
    Ok(Proposed(Json(accounts.begin_second_factor(user.session).await?.into())))
}

/// Turns it on with the first code of the app; all other sessions end. The recovery codes are shown this once. Where superusers must have
/// a second factor, the caller's session is theirs from now on: a new cookie comes with the answer, and a program refreshes its tokens.
#[utoipa::path(
    operation_id = "confirmSecondFactor",
    tag = "Second factor",
    request_body = forms::FactorCode,
    responses(
        (status = 200, description = "It is on", body = RecoveryCodesAnswer),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 409, description = "conflict"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/second-factor/confirm", format = "json", data = "<body>")]
pub async fn confirm(
    user: FreshlyAuthenticated<'_>,
    body: Input<forms::FactorCode>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Json<RecoveryCodesAnswer>, Problem> {
    let enabled = accounts.confirm_second_factor(user.session, &body.0.code, &caller).await?;
    if let Some(signed_in) = &enabled.signed_in {
        cookie.start(signed_in)?;
    }
    Ok(Json(RecoveryCodesAnswer { recovery_codes: enabled.recovery_codes }))
}

/// Makes ten new recovery codes; the old ones are worthless.
#[utoipa::path(
    operation_id = "replaceRecoveryCodes",
    tag = "Second factor",
    request_body = forms::FactorCode,
    responses(
        (status = 200, description = "The new codes, shown this once", body = RecoveryCodesAnswer),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 409, description = "conflict"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/second-factor/recovery-codes", format = "json", data = "<body>")]
pub async fn replace_recovery_codes(
    user: FreshlyAuthenticated<'_>,
    body: Input<forms::FactorCode>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
) -> Result<Json<RecoveryCodesAnswer>, Problem> {
    let recovery_codes = accounts.replace_recovery_codes(user.session, &body.0.code, &caller).await?;
    Ok(Json(RecoveryCodesAnswer { recovery_codes }))
}

/// Turns it off; all other sessions end. Where superusers must have one, so does a superuser's own: in its place comes one with fewer
/// rights, for a caller with a cookie.
#[utoipa::path(
    operation_id = "removeSecondFactor",
    tag = "Second factor",
    request_body = forms::FactorCode,
    responses(
        (status = 204, description = "It is off"),
        (status = 403, description = "fresh_sign_in_required"),
        (status = 409, description = "conflict"),
        (status = 422, description = "invalid_code"),
        (status = 429, description = "too_many_requests"),
    ),
    security(("session" = [])),
)]
#[post("/account/second-factor/remove", format = "json", data = "<body>")]
pub async fn remove(
    user: FreshlyAuthenticated<'_>,
    body: Input<forms::FactorCode>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Status, Problem> {
    if let Some(signed_in) = accounts.remove_second_factor(user.session, &body.0.code, &caller).await? {
        cookie.start(&signed_in)?;
    }
    Ok(Status::NoContent)
}
