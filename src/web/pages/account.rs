//! `/account` and what is posted below it
use rocket::{
    Request, State, get,
    outcome::try_outcome,
    post,
    request::{FromRequest, Outcome},
    response::Redirect,
};
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
pub async fn show(user: User<'_>, page: AccountPage<'_>, done: Option<&str>) -> Result<Page, Problem> {
    let notice = match done {
        Some("name") => Some("Your name is changed."),
        Some("password") => Some("Your password is changed. Every other session has ended."),
        Some("email") => Some("Your address is changed. Every other session has ended."),
        _ => None,
    };
    Ok(page.pages.form("account", page.known(user.session, None, notice).await?))
}

/// Gives the account another name.
#[post("/account/name", format = "form", data = "<form>")]
pub async fn rename(user: User<'_>, form: Input<forms::Name>, page: AccountPage<'_>) -> Result<Redirect, Again> {
    let Input(form) = form;
    match page.accounts.rename(user.session, &form.name).await {
        Ok(()) => Ok(done("name")),
        Err(error) => Err(page.again(user.session, "name", &json!({ "name": form.name }), error.into()).await),
    }
}

/// Sets a new password.
#[post("/account/password", format = "form", data = "<form>")]
pub async fn change_password(
    user: User<'_>,
    form: Input<forms::ChangePassword>,
    page: AccountPage<'_>,
    client: Client,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match page.accounts.change_password(user.session, &form.current_password, &form.password, &client).await {
        Ok(()) => Ok(done("password")),
        Err(error) => Err(page.again(user.session, "password", &json!({}), error.into()).await),
    }
}

/// Begins a change of address.
#[post("/account/email", format = "form", data = "<form>")]
pub async fn change_email(
    user: User<'_>,
    form: Input<forms::ChangeEmail>,
    page: AccountPage<'_>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    match page.accounts.change_email(user.session, &form.email, &form.current_password, &client).await {
        Ok(request) => {
            cookie.hold_request(request.reveal(), REQUEST_TTL);
            Ok(Redirect::to("/account?done=code-sent#email"))
        }
        Err(error) => Err(page.again(user.session, "email", &json!({ "email": form.email }), error.into()).await),
    }
}

/// Makes the new address the account's.
#[post("/account/email/confirm", format = "form", data = "<form>")]
pub async fn confirm_email(
    user: User<'_>,
    form: Input<forms::Code>,
    page: AccountPage<'_>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    let request = page.flow.clone().request();
    match page.accounts.confirm_email(user.session, &request, &form.code, &client).await {
        Ok(()) => {
            cookie.drop_request();
            Ok(done("email"))
        }
        Err(error) => Err(page.again(user.session, "code", &json!({ "code": form.code }), error.into()).await),
    }
}

/// Deletes the account.
#[post("/account/delete", format = "form", data = "<form>")]
pub async fn delete(
    user: User<'_>,
    form: Input<forms::DeleteAccount>,
    page: AccountPage<'_>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Redirect>, Again> {
    match page.accounts.delete_account(user.session, &form.0.current_password, &client).await {
        Ok(()) => Ok(cookie.sign_out(Redirect::to("/signin?notice=deleted"))),
        Err(error) => Err(page.again(user.session, "delete", &json!({}), error.into()).await),
    }
}

fn done(what: &str) -> Redirect {
    Redirect::to(format!("/account?done={what}"))
}

/// What every answer of the account page is made of.
pub struct AccountPage<'r> {
    pages: Pages<'r>,
    accounts: &'r Accounts,
    flow: Flow,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AccountPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let pages = try_outcome!(request.guard::<Pages<'_>>().await);
        let accounts = try_outcome!(request.guard::<&State<Accounts>>().await);
        let flow = try_outcome!(request.guard::<Flow>().await);
        Outcome::Success(Self { pages, accounts, flow })
    }
}

impl AccountPage<'_> {
    /// The page again, with what is wrong in the form called `section`.
    async fn again(&self, session: &Session, section: &str, typed: &Value, problem: Problem) -> Again {
        self.pages.again_with("account", typed, problem, self.known(session, Some(section), None)).await
    }

    async fn known(&self, session: &Session, section: Option<&str>, notice: Option<&str>) -> Result<Context, Problem> {
        let owner = self.accounts.account(session).await?;
        let pending = self.flow.address(self.accounts, Purpose::Email).await?;
        let user = json!({
            "id": owner.id, "name": owner.name, "email": owner.called(), "without_address": owner.email.is_stand_in(), "created_at": moment(owner.created_at),
            "second_factor_at": owner.second_factor_at.map(moment),
        });
        let mut context = self.pages.password_help();
        context.extend(context! {
            user => &user,
            pending => &pending,
            section => &section,
            notice => &notice,
            code_minutes => &self.accounts.code_minutes(),
        });
        Ok(context)
    }
}
