//! `/logout`
use rocket::{Responder, State, http::Header, post, response::Redirect};

use crate::{
    accounts::Accounts,
    model::client::Client,
    web::{
        Problem,
        guards::User,
        session::{CLEAR_SITE_DATA, Cookie},
    },
};

/// Leads to the sign-in page and has the browser forget what pages stored.
#[derive(Responder)]
pub struct SignedOut {
    inner: Redirect,
    clear: Header<'static>,
}

/// Ends the session.
#[post("/logout")]
pub async fn submit(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut, Problem> {
    accounts.logout(user.session, &client).await?;
    cookie.remove();
    let clear = Header::new(CLEAR_SITE_DATA.0, CLEAR_SITE_DATA.1);
    Ok(SignedOut { inner: Redirect::to("/signin?notice=signed-out"), clear })
}
