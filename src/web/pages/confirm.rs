//! `/confirm`: the password once more
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use crate::{
    accounts::{Accounts, Caller},
    web::{
        forms,
        guards::User,
        input::Input,
        next::own_path,
        session::Cookie,
        view::{Again, Page, Pages},
    },
};

/// The form.
#[get("/confirm?<next>")]
pub fn show(_user: User<'_>, pages: Pages<'_>, next: Option<&str>) -> Page {
    pages.form("confirm", known(next))
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
) -> Result<Redirect, Again> {
    let Input(form) = form;
    let next = form.next.as_deref();
    let again = |problem| pages.again("confirm", &json!({}), problem, known(next));
    match accounts.confirm(user.session, &form.password, &caller).await {
        Ok(signed_in) => {
            cookie.start(&signed_in).map_err(|error| again(error.into()))?;
            Ok(Redirect::to(own_path(next).to_owned()))
        }
        Err(error) => Err(again(error.into())),
    }
}

fn known(next: Option<&str>) -> Context {
    let next = next.map(|next| own_path(Some(next)));
    context! { next => &next }
}
