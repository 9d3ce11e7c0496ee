//! Forgotten passwords: a code by mail, with the same answer for an unknown address.
use super::{Accounts, Caller, InputError, Tx, limits::Action, requests::REQUEST_TTL};
use crate::{
    clock::Timestamp,
    model::{
        code::{Code, Purpose, RequestId},
        email::Email,
        event::{Event, EventKind},
        letter::Letter,
    },
    store::{self, requests::New},
};

impl Accounts {
    /// Begins a reset: mails a code to the owner of `email`, if there is one. Where that would be a letter too many, the reset that the
    /// caller holds already for the same address goes on: its code is the one in the last letter.
    ///
    /// # Errors
    /// What is not an address, or a fault of ours.
    pub async fn forgot_password(
        &self,
        email: &str,
        held: Option<&RequestId>,
        caller: &Caller<'_>,
    ) -> Result<RequestId, InputError> {
        let email = Email::parse(email).map_err(|fault| vec![fault.of("email")])?;
        self.admit(Action::ForgotPassword, &caller.client).await?;
        let (request, code, now) = (RequestId::draw(), Code::draw(), self.clock.now());
        let name_hash = self.request_name(&request);
        let mut tx = self.db.begin().await?;
        let user = store::users::by_email(&mut *tx, &email).await?.map(|(user, _)| user);
        let device = self.known_device(&mut *tx, caller, user.as_ref()).await?;
        let mailed = self.may_mail(&mut tx, &email, &caller.client, device.as_deref(), now).await?;
        if let (false, Some(held)) = (mailed, held)
            && self.is_for(&mut tx, held, &email, now).await?
        {
            tx.commit().await?;
            return Ok(held.clone());
        }
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
            Some(_) if mailed => Letter::ResetCode { code: code.spaced(), minutes: self.code_minutes() },
            _ => Letter::Void {},
        };
        self.queue_letter(&mut *tx, &email, &letter, Some(self.code_expiry(now)), now).await?;
        let event = Event::new(EventKind::PasswordResetRequested, &caller.client);
        let event = match &user {
            Some(user) => event.about(&user.id),
            None => event,
        };
        self.record(&mut *tx, event, now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(request)
    }

    /// Whether a reset for `email` goes on under this name.
    async fn is_for(&self, tx: &mut Tx, request: &RequestId, email: &Email, now: Timestamp) -> sqlx::Result<bool> {
        let name_hash = self.request_name(request);
        Ok(store::requests::address(&mut **tx, &name_hash, Purpose::Reset, now).await?.as_ref() == Some(email))
    }
}
