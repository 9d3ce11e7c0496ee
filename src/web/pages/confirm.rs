//! `/confirm`: the password once more, and the second factor where there is one
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use crate::{
    accounts::{Accounts, Caller},
    model::session::Session,
    web::{
        Problem, forms,
        guards::User,
        input::Input,
        next::own_path,
        session::Cookie,
        view::{Again, Page, Pages, in_words},
    },
};

/// The form.
#[get("/confirm?<next>")]
pub async fn show(
    user: User<'_>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    next: Option<&str>,
) -> Result<Page, Problem> {
    Ok(pages.form("confirm", known(accounts, user.session, next).await?))
}

/// Makes the sign-in fresh and goes on.
#[post("/confirm", format = "form", data = "<form>")]
pub async fn submit(
    user: User<'_>,
    form: Input<forms::ConfirmPage>,
    accounts: &State<Accounts>,
    pages: Pages<'_>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Result<Redirect, Again>, Problem> {
    let Input(form) = form;
    let next = form.next.as_deref();
    match accounts.confirm(user.session, &form.password, form.code.as_deref(), &caller).await {
        Ok(signed_in) => {
            cookie.start(&signed_in)?;
            Ok(Ok(Redirect::to(own_path(next).to_owned())))
        }
        Err(error) => {
            let known = known(accounts, user.session, next);
            Ok(Err(pages.again_with("confirm", &json!({}), error.into(), known).await))
        }
    }
}

/// The address is for password managers, which fill in by it.
async fn known(accounts: &Accounts, session: &Session, next: Option<&str>) -> Result<Context, Problem> {
    let owner = accounts.account(session).await?;
    let (email, fresh) = (owner.called(), in_words(accounts.lifetimes().fresh));
    let next = next.map(|next| own_path(Some(next)));
    let second_factor = owner.second_factor_at.is_some();
    let user = json!({ "id": owner.id, "email": email });
    Ok(context! { next => &next, fresh => &fresh, user => &user, second_factor => &second_factor })
}
