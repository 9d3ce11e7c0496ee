//! `POST /api/auth/logout`
use rocket::{Responder, State, http::Header, post};

use crate::{
    accounts::Accounts,
    model::client::Client,
    web::{
        Problem,
        guards::User,
        session::{CLEAR_SITE_DATA, Cookie},
    },
};

/// 204, the cookie gone.
#[derive(Responder)]
#[response(status = 204)]
pub struct SignedOut {
    inner: (),
    clear: Header<'static>,
}

/// Ends the caller's session.
#[post("/auth/logout")]
pub async fn submit(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut, Problem> {
    accounts.logout(user.session, &client).await?;
    cookie.remove();
    Ok(SignedOut { inner: (), clear: Header::new(CLEAR_SITE_DATA.0, CLEAR_SITE_DATA.1) })
}
