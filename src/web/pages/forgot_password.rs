//! `/forgot-password`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::Context;

use super::Flow;
use crate::{
    accounts::{Accounts, Caller, REQUEST_TTL},
    web::{
        forms,
        input::Input,
        session::Cookie,
        view::{Again, Page, Pages},
    },
};

/// The form.
#[get("/forgot-password")]
pub fn show(pages: Pages<'_>) -> Page {
    pages.form("forgot_password", Context::new())
}

/// Begins a reset and asks for the mailed code, whoever owns the address.
#[post("/forgot-password", format = "form", data = "<form>")]
pub async fn submit(
    form: Input<forms::ForgotPassword>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    flow: Flow,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match accounts.forgot_password(&form.email, flow.held(), &caller).await {
        Ok(request) => {
            cookie.hold_request(request.reveal(), REQUEST_TTL);
            Ok(Redirect::to("/reset-password"))
        }
        Err(error) => {
            let typed = json!({ "email": form.email });
            Err(pages.again("forgot_password", &typed, error.into(), Context::new()))
        }
    }
}
