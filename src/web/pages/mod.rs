//! The pages: forms in, HTML out, everything without JavaScript.
mod account;
mod admin;
pub mod assets;
pub mod confirm;
mod dashboard;
mod dev_mailbox;
mod forgot_password;
mod home;
mod logout;
mod reset_password;
mod second_factor;
mod security_txt;
mod sessions;
pub mod signin;
mod signup;
mod stay;
mod verify_email;

use rocket::{
    Request, Route, State,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
    routes,
};

use super::{Site, cookies};
use crate::{
    accounts::{Accounts, Internal},
    model::code::{Purpose, RequestId},
};

/// Every page.
pub fn routes() -> Vec<Route> {
    let everybody = routes![
        home::show,
        signup::show,
        signup::submit,
        verify_email::show,
        verify_email::submit,
        verify_email::resend,
        signin::show,
        signin::submit,
        signin::show_code,
        signin::submit_code,
        forgot_password::show,
        forgot_password::submit,
        reset_password::show,
        reset_password::submit,
        dashboard::show,
        logout::submit,
        logout::everywhere,
        sessions::show,
        sessions::end,
        sessions::end_others,
        account::show,
        account::rename,
        account::change_password,
        account::change_email,
        account::confirm_email,
        account::delete,
        second_factor::show,
        second_factor::begin,
        second_factor::confirm,
        second_factor::replace_recovery_codes,
        second_factor::remove,
        confirm::show,
        confirm::submit,
        stay::show,
        stay::submit,
        home::change_password,
        security_txt::show,
        dev_mailbox::list,
        dev_mailbox::show,
    ];
    [everybody, admin::routes()].concat()
}

/// The request that this browser began, from its flow cookie.
#[derive(Clone)]
pub struct Flow(Option<RequestId>);

impl Flow {
    /// The request; a made-up one, which answers like any wrong one, when the browser holds none.
    fn request(self) -> RequestId {
        self.0.unwrap_or_else(RequestId::draw)
    }

    /// The request, if the browser holds one.
    fn held(&self) -> Option<&RequestId> {
        self.0.as_ref()
    }

    /// The address that the code of the request went to, to show it to whoever typed it.
    async fn address(&self, accounts: &Accounts, purpose: Purpose) -> Result<Option<String>, Internal> {
        let Some(request) = self.held() else { return Ok(None) };
        let email = accounts.request_address(request, purpose).await?;
        Ok(email.map(|email| email.as_str().to_owned()))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Flow {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        Outcome::Success(Self(
            cookies::value(request, &site.flow_cookie).filter(|value| !value.is_empty()).map(RequestId::given),
        ))
    }
}
