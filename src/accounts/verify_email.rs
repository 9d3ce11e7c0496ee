//! Proving an address: the right code with its request makes the account and opens the session.
use std::time::Duration;

use super::{Accounts, Caller, CodeError, InputError, Internal, SignedIn, limits::Action, signup::new_user};
use crate::{
    clock::Timestamp,
    model::{
        code::{Code, Purpose, RequestId},
        email::Email,
        letter::Letter,
    },
    store,
};

/// A request gets a new code once in this time.
const RESEND_PAUSE: Duration = Duration::from_secs(60);

impl Accounts {
    /// Tries `code` for the sign-up `request`.
    ///
    /// # Errors
    /// See [`CodeError`]. Each refusal counts as a try.
    pub async fn verify_email(
        &self,
        request: &RequestId,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<SignedIn, CodeError> {
        if !self.is_signup_open() {
            return Err(CodeError::Closed);
        }
        let code = Code::parse(code).map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, &caller.client).await?;
        let name_hash = self.request_name(request);
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let counted =
            store::requests::count_attempt(&mut *tx, &name_hash, Purpose::Signup, self.rules.codes, now).await?;
        let open = counted.ok_or(CodeError::Refused)?;
        if !self.is_code(&open.code_mac, Purpose::Signup, &name_hash, &open.email, &code) {
            tx.commit().await?;
            return Err(CodeError::Refused);
        }
        if !store::requests::consume(&mut *tx, &name_hash, now).await? {
            return Err(CodeError::Refused);
        }
        let user = new_user(&open.email, open.display_name.as_deref().unwrap_or_default(), Some(now), now);
        let password_hash = open.password_hash.ok_or_else(|| Internal::new("a sign-up without a password"))?;
        if !store::users::insert(&mut *tx, &user, Some(&password_hash)).await? {
            tx.commit().await?;
            return Err(CodeError::Taken);
        }
        Ok(self.welcome(tx, user, caller, now).await?)
    }

    /// Mails a new code for the sign-up `request`, at most once a minute and five times. Nobody is told whether it did.
    ///
    /// # Errors
    /// The network asks too often, or a fault of ours.
    pub async fn resend_code(&self, request: &RequestId, caller: &Caller<'_>) -> Result<(), InputError> {
        self.admit(Action::Resend, &caller.client).await?;
        let (code, name_hash, now) = (Code::draw(), self.request_name(request), self.clock.now());
        let mut tx = self.db.begin().await?;
        let address = store::requests::address(&mut *tx, &name_hash, Purpose::Signup, now).await?;
        // An unknown request costs the same: a letter that goes nowhere is written for it.
        let email = address.unwrap_or_else(Email::nobody);
        let owner = store::users::by_email(&mut *tx, &email).await?.map(|(owner, _)| owner);
        let device = self.known_device(&mut *tx, caller, owner.as_ref()).await?;
        let mailed = self.may_mail(&mut tx, &email, &caller.client, device.as_deref(), now).await?;
        // Without a letter the code of the last one stays good: none was sent before the epoch.
        let last_before = if mailed { now.minus(RESEND_PAUSE) } else { Timestamp::from_millis(0) };
        let mac = self.code_mac(Purpose::Signup, &name_hash, &email, &code);
        let code_and_end = (mac.as_str(), self.code_expiry(now));
        let renewed =
            store::requests::renew_code(&mut *tx, &name_hash, code_and_end, last_before, self.rules.codes, now).await?;
        let letter = if renewed { self.signup_letter(owner.is_some(), &code) } else { Letter::Void {} };
        self.queue_letter(&mut *tx, &email, &letter, Some(self.code_expiry(now)), now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(())
    }

    /// The address a request is for, to show it to whoever began the request.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn request_address(&self, request: &RequestId, purpose: Purpose) -> Result<Option<Email>, Internal> {
        let name_hash = self.request_name(request);
        Ok(store::requests::address(&*self.db, &name_hash, purpose, self.clock.now()).await?)
    }
}
