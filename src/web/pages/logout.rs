//! `/logout`
use rocket::{State, post, response::Redirect};

use crate::{
    accounts::Accounts,
    model::client::Client,
    web::{
        Problem,
        guards::User,
        session::{Cookie, SignedOut},
    },
};

/// Ends every session of the account.
#[post("/logout-all")]
pub async fn everywhere(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Redirect>, Problem> {
    accounts.logout_all(user.session, &client).await?;
    Ok(cookie.sign_out(Redirect::to("/signin?notice=signed-out-everywhere")))
}

/// Ends the session.
#[post("/logout")]
pub async fn submit(
    user: User<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Redirect>, Problem> {
    accounts.logout(user.session, &client).await?;
    Ok(cookie.sign_out(Redirect::to("/signin?notice=signed-out")))
}
