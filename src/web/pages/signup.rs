//! `/signup`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;

use crate::{
    accounts::{Accounts, Caller, REQUEST_TTL, Signup},
    web::{
        Problem, forms,
        guards::Guest,
        input::Input,
        next::HOME,
        session::Cookie,
        view::{Again, Page, Pages},
    },
};

/// The form.
#[get("/signup")]
pub fn show(pages: Pages<'_>, _guest: Guest) -> Page {
    pages.form("signup", pages.password_help())
}

/// Begins a sign-up and asks for the mailed code.
#[post("/signup", format = "form", data = "<form>")]
pub async fn submit(
    form: Input<forms::Signup>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    let again = |problem: Problem| {
        let typed = json!({ "email": form.email, "name": form.name });
        pages.again("signup", &typed, problem, pages.password_help())
    };
    match accounts.signup(&form.email, &form.password, &form.name, &caller).await {
        Ok(Signup::Pending(request)) => {
            cookie.hold_request(request.reveal(), REQUEST_TTL);
            Ok(Redirect::to("/verify-email"))
        }
        Ok(Signup::Done(signed_in)) => {
            cookie.start(&signed_in).map_err(|error| again(error.into()))?;
            Ok(Redirect::to(HOME))
        }
        Err(error) => Err(again(error.into())),
    }
}
