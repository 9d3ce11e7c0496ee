//! `/verify-email`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use super::Flow;
use crate::{
    accounts::{Accounts, Caller, CodeError, Internal, REQUEST_TTL},
    model::code::Purpose,
    web::{
        Problem, forms,
        input::Input,
        next::HOME,
        session::Cookie,
        view::{Again, Page, Pages},
    },
};

/// Asks for the code, in the browser that signed up; tells others to go there.
#[get("/verify-email?<resent>")]
pub async fn show(pages: Pages<'_>, accounts: &State<Accounts>, flow: Flow, resent: bool) -> Result<Page, Problem> {
    Ok(pages.form("verify_email", known(accounts, &flow, resent).await?))
}

/// Makes the account and opens the session.
#[post("/verify-email", format = "form", data = "<form>")]
pub async fn submit(
    form: Input<forms::Code>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    flow: Flow,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Result<Redirect, Again>, Problem> {
    let Input(form) = form;
    match accounts.verify_email(&flow.clone().request(), &form.code, &caller).await {
        Ok(signed_in) => {
            cookie.start(&signed_in)?;
            cookie.drop_request();
            Ok(Ok(Redirect::to(HOME)))
        }
        Err(error) => {
            if matches!(error, CodeError::Taken) {
                cookie.drop_request();
            }
            let (typed, known) = (json!({ "code": form.code }), known(accounts, &flow, false));
            Ok(Err(pages.again_with("verify_email", &typed, error.into(), known).await))
        }
    }
}

/// Has a new code mailed.
#[post("/verify-email/resend")]
pub async fn resend(
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    flow: Flow,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Result<Redirect, Again>, Problem> {
    if let Err(error) = accounts.resend_code(&flow.clone().request(), &caller).await {
        let known = known(accounts, &flow, false);
        return Ok(Err(pages.again_with("verify_email", &json!({}), error.into(), known).await));
    }
    if let Some(request) = flow.held() {
        // The new code may be good for longer than the cookie was.
        cookie.hold_request(request.reveal(), REQUEST_TTL);
    }
    Ok(Ok(Redirect::to("/verify-email?resent=true")))
}

async fn known(accounts: &Accounts, flow: &Flow, resent: bool) -> Result<Context, Internal> {
    let email = flow.address(accounts, Purpose::Signup).await?;
    Ok(context! { email => &email, resent => &resent, code_minutes => &accounts.code_minutes() })
}
