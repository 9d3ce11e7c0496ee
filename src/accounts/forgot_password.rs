//! Forgotten passwords: a code by mail, with the same answer for an unknown address.
use super::{Accounts, InputError, requests::REQUEST_TTL};
use crate::{
    model::{
        client::Client,
        code::{Code, Purpose, RequestId},
        email::Email,
        event::{Event, EventKind},
        letter::Letter,
    },
    store::{self, requests::New},
};

impl Accounts {
    /// Begins a reset: mails a code to the owner of `email`, if there is one.
    ///
    /// # Errors
    /// What is not an address, or a fault of ours.
    pub async fn forgot_password(&self, email: &str, client: &Client) -> Result<RequestId, InputError> {
        let email = Email::parse(email).map_err(|fault| vec![fault.of("email")])?;
        let (request, code, now) = (RequestId::draw(), Code::draw(), self.clock.now());
        let name_hash = self.request_name(&request);
        let mut tx = self.db.begin().await?;
        let user = store::users::by_email(&mut *tx, &email).await?.map(|(user, _)| user);
        let new = New {
            name_hash: &name_hash,
            purpose: Purpose::Reset,
            email: &email,
            user_id: user.as_ref().map(|user| &user.id),
            display_name: None,
            password_hash: None,
            code_mac: &self.code_mac(Purpose::Reset, &name_hash, &email, &code),
            code_expires_at: self.code_expiry(now),
            expires_at: now.plus(REQUEST_TTL),
        };
        store::requests::insert(&mut *tx, new, now).await?;
        let letter = match user {
            Some(_) => Letter::ResetCode { code: code.spaced(), minutes: self.code_minutes() },
            None => Letter::Void {},
        };
        self.queue_letter(&mut *tx, &email, &letter, Some(self.code_expiry(now)), now).await?;
        let event = Event::new(EventKind::PasswordResetRequested, client);
        let event = match &user {
            Some(user) => event.about(&user.id),
            None => event,
        };
        self.record(&mut *tx, event, now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(request)
    }
}
