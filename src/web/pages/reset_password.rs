//! `/reset-password`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use super::Flow;
use crate::{
    accounts::{Accounts, Internal},
    model::{client::Client, code::Purpose},
    web::{
        Problem, forms,
        input::Input,
        session::Cookie,
        view::{Again, Page, Pages},
    },
};

/// Asks for the code and the new password, in the browser that asked for the reset.
#[get("/reset-password")]
pub async fn show(pages: Pages<'_>, accounts: &State<Accounts>, flow: Flow) -> Result<Page, Problem> {
    Ok(pages.form("reset_password", known(&pages, accounts, &flow).await?))
}

/// Sets the new password and leads to the sign-in page.
#[post("/reset-password", format = "form", data = "<form>")]
pub async fn submit(
    form: Input<forms::ResetPage>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    flow: Flow,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Result<Redirect, Again>, Problem> {
    let Input(form) = form;
    match accounts.reset_password(&flow.clone().request(), &form.code, &form.password, &client).await {
        Ok(()) => {
            cookie.drop_request();
            Ok(Ok(Redirect::to("/signin?notice=password-set")))
        }
        Err(error) => {
            let (typed, known) = (json!({ "code": form.code }), known(&pages, accounts, &flow));
            Ok(Err(pages.again_with("reset_password", &typed, error.into(), known).await))
        }
    }
}

async fn known(pages: &Pages<'_>, accounts: &Accounts, flow: &Flow) -> Result<Context, Internal> {
    let email = flow.address(accounts, Purpose::Reset).await?;
    let mut context = pages.password_help();
    context.extend(context! { email => &email, code_minutes => &accounts.code_minutes() });
    Ok(context)
}
