//! `/signin` and `/signin/code`
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use super::Flow;
use crate::{
    accounts::{Accounts, Caller, Internal, SIGNIN_TTL, SigninError},
    model::session::EndReason,
    web::{
        Problem, forms,
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
        Err(SigninError::SecondFactor(request)) => {
            cookie.hold_request(request.reveal(), SIGNIN_TTL);
            let next = next.map(|next| own_path(Some(next)));
            Ok(Redirect::to(rocket::uri!(show_code(next = next))))
        }
        Err(error) => Err(again(error.into())),
    }
}

/// Asks for the second factor, in the browser where the password was given.
#[get("/signin/code?<next>")]
pub async fn show_code(
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    next: Option<&str>,
) -> Result<Page, Problem> {
    Ok(pages.form("signin_code", asked(accounts, &flow, next).await?))
}

/// Signs in with it and goes to the page that was wanted.
#[post("/signin/code", format = "form", data = "<form>")]
pub async fn submit_code(
    form: Input<forms::SigninCodePage>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    flow: Flow,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Result<Redirect, Again>, Problem> {
    let Input(form) = form;
    let next = form.next.as_deref();
    match accounts.signin_code(&flow.clone().request(), &form.code, &caller).await {
        Ok(signed_in) => {
            cookie.start(&signed_in)?;
            cookie.drop_request();
            Ok(Ok(Redirect::to(own_path(next).to_owned())))
        }
        Err(error) => {
            let mut context = asked(accounts, &flow, next).await?;
            context.insert("section", if is_long(&form.code) { "recovery" } else { "app" });
            Ok(Err(pages.again("signin_code", &json!({}), error.into(), context)))
        }
    }
}

/// Whether a code is still of use, and where it leads.
async fn asked(accounts: &Accounts, flow: &Flow, next: Option<&str>) -> Result<Context, Internal> {
    let open = match flow.held() {
        Some(request) => accounts.awaits_code(request).await?,
        None => false,
    };
    let next = next.map(|next| own_path(Some(next)));
    let again = rocket::uri!(show(next = next, notice = None::<&str>)).to_string();
    Ok(context! { next => &next, open => &open, again => &again, minutes => &(SIGNIN_TTL.as_secs() / 60) })
}

/// Whether somebody tried to type a recovery code.
fn is_long(code: &str) -> bool {
    code.chars().filter(|c| c.is_alphanumeric()).count() > 8
}

fn known(next: Option<&str>, notice: Option<&str>) -> Context {
    let next = next.map(|next| own_path(Some(next)));
    context! { next => &next, notice => &notice }
}
