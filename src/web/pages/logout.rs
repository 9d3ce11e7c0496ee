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
