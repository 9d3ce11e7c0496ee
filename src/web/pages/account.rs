//! `/account` and what is posted below it
use rocket::{State, get, post, response::Redirect};
use serde_json::{Value, json};
use tera::{Context, context};

use super::Flow;
use crate::{
    accounts::{Accounts, REQUEST_TTL},
    model::{client::Client, code::Purpose, session::Session},
    web::{
        Problem, forms,
        guards::User,
        input::Input,
        session::{Cookie, SignedOut},
        view::{Again, Page, Pages, moment},
    },
};

/// Name, address, password, export and deletion.
#[get("/account?<done>")]
pub async fn show(
    user: User<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    done: Option<&str>,
) -> Result<Page, Problem> {
    let known = known(&pages, accounts, user.session, &flow, None, done).await?;
    Ok(pages.form("account", known))
}

/// Gives the account another name.
#[post("/account/name", format = "form", data = "<form>")]
pub async fn rename(
    user: User<'_>,
    form: Input<forms::Name>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match accounts.rename(user.session, &form.name).await {
        Ok(()) => Ok(done("name")),
        Err(error) => {
            Err(again(&pages, accounts, user.session, &flow, "name", &json!({ "name": form.name }), error.into()).await)
        }
    }
}

/// Sets a new password.
#[post("/account/password", format = "form", data = "<form>")]
pub async fn change_password(
    user: User<'_>,
    form: Input<forms::ChangePassword>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    client: Client,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match accounts.change_password(user.session, &form.current_password, &form.password, &client).await {
        Ok(()) => Ok(done("password")),
        Err(error) => Err(again(&pages, accounts, user.session, &flow, "password", &json!({}), error.into()).await),
    }
}

/// Begins a change of address.
#[post("/account/email", format = "form", data = "<form>")]
pub async fn change_email(
    user: User<'_>,
    form: Input<forms::ChangeEmail>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match accounts.change_email(user.session, &form.email, &form.current_password, &client).await {
        Ok(request) => {
            cookie.hold_request(request.reveal(), REQUEST_TTL);
            Ok(Redirect::to("/account?done=code-sent#email"))
        }
        Err(error) => {
            let typed = json!({ "email": form.email });
            Err(again(&pages, accounts, user.session, &flow, "email", &typed, error.into()).await)
        }
    }
}

/// Makes the new address the account's.
#[post("/account/email/confirm", format = "form", data = "<form>")]
pub async fn confirm_email(
    user: User<'_>,
    form: Input<forms::Code>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match accounts.confirm_email(user.session, &flow.clone().request(), &form.code, &client).await {
        Ok(()) => {
            cookie.drop_request();
            Ok(done("email"))
        }
        Err(error) => {
            let typed = json!({ "code": form.code });
            Err(again(&pages, accounts, user.session, &flow, "code", &typed, error.into()).await)
        }
    }
}

/// Deletes the account.
#[post("/account/delete", format = "form", data = "<form>")]
pub async fn delete(
    user: User<'_>,
    form: Input<forms::DeleteAccount>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    flow: Flow,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Redirect>, Again> {
    match accounts.delete_account(user.session, &form.0.current_password, &client).await {
        Ok(()) => Ok(cookie.sign_out(Redirect::to("/signin?notice=deleted"))),
        Err(error) => Err(again(&pages, accounts, user.session, &flow, "delete", &json!({}), error.into()).await),
    }
}

fn done(what: &str) -> Redirect {
    Redirect::to(format!("/account?done={what}"))
}

/// The page again, with what is wrong in the form called `section`.
async fn again(
    pages: &Pages<'_>,
    accounts: &Accounts,
    session: &Session,
    flow: &Flow,
    section: &str,
    typed: &Value,
    problem: Problem,
) -> Again {
    match known(pages, accounts, session, flow, Some(section), None).await {
        Ok(known) => pages.again("account", typed, problem, known),
        Err(other) => pages.again("account", typed, other, Context::new()),
    }
}

async fn known(
    pages: &Pages<'_>,
    accounts: &Accounts,
    session: &Session,
    flow: &Flow,
    section: Option<&str>,
    done: Option<&str>,
) -> Result<Context, Problem> {
    let owner = accounts.account(session).await?.ok_or_else(Problem::not_found)?;
    let pending = flow.address(accounts, Purpose::Email).await?;
    let notice = match done {
        Some("name") => Some("Your name is changed."),
        Some("password") => Some("Your password is changed. Every other session has ended."),
        Some("email") => Some("Your address is changed. Every other session has ended."),
        _ => None,
    };
    let mut context = pages.password_help();
    context.extend(context! {
        user => &json!({ "name": owner.name, "email": owner.email.as_str(), "created_at": moment(owner.created_at) }),
        pending => &pending,
        section => &section,
        notice => &notice,
        code_minutes => &accounts.code_minutes(),
    });
    Ok(context)
}
