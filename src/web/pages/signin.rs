//! `/signin`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use crate::{
    accounts::{Accounts, Caller},
    model::session::EndReason,
    web::{
        forms,
        guards::Guest,
        input::Input,
        next::own_path,
        problem::ending,
        session::{Cookie, Presented},
        view::{Again, Page, Pages},
    },
};

/// The form; tells the holder of an ended session why it is needed again.
#[get("/signin?<next>&<notice>")]
pub fn show(pages: Pages<'_>, presented: &Presented, next: Option<&str>, notice: Option<&str>, _guest: Guest) -> Page {
    let notice = match (notice, presented) {
        (Some("signed-out-everywhere"), _) => Some("You are signed out, here and everywhere else."),
        (Some("signed-out"), _) => Some("You are signed out. Have a good time."),
        (Some("everybody-signed-out"), _) => Some("Everybody is signed out, and so are you."),
        (Some("deleted"), _) => Some("Your account is deleted, with everything that was stored about you."),
        (Some("password-set"), _) => {
            Some("Your new password is set. Sign in with it now; every older sign-in has ended.")
        }
        (_, Presented::Ended(reason)) => Some(ending(*reason)),
        (Some("expired"), _) => Some(ending(EndReason::Expired)),
        _ => None,
    };
    pages.form("signin", known(next, notice))
}

/// Signs in and goes to the page that was wanted.
#[post("/signin", format = "form", data = "<form>")]
pub async fn submit(
    form: Input<forms::SigninPage>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    let next = form.next.as_deref();
    let again = |problem| pages.again("signin", &json!({ "email": form.email }), problem, known(next, None));
    match accounts.signin(&form.email, &form.password, &caller).await {
        Ok(signed_in) => {
            cookie.start(&signed_in).map_err(|error| again(error.into()))?;
            Ok(Redirect::to(own_path(next).to_owned()))
        }
        Err(error) => Err(again(error.into())),
    }
}

fn known(next: Option<&str>, notice: Option<&str>) -> Context {
    let next = next.map(|next| own_path(Some(next)));
    context! { next => &next, notice => &notice }
}
