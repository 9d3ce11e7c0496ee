//! Proving an address: the right code with its request makes the account and opens the session.
use std::time::Duration;

use super::{Accounts, Caller, CodeError, InputError, Internal, SignedIn, signup::new_user};
use crate::{
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
        let name_hash = self.request_name(request);
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let counted =
            store::requests::count_attempt(&mut *tx, &name_hash, Purpose::Signup, self.rules.limits, now).await?;
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
    /// A fault of ours only.
    pub async fn resend_code(&self, request: &RequestId) -> Result<(), InputError> {
        let (code, name_hash, now) = (Code::draw(), self.request_name(request), self.clock.now());
        let mut tx = self.db.begin().await?;
        let address = store::requests::address(&mut *tx, &name_hash, Purpose::Signup, now).await?;
        // An unknown request costs the same: a letter that goes nowhere is written for it.
        let email = address.unwrap_or_else(Email::nobody);
        let mac = self.code_mac(Purpose::Signup, &name_hash, &email, &code);
        let renewed = store::requests::renew_code(
            &mut *tx,
            &name_hash,
            (&mac, self.code_expiry(now)),
            now.minus(RESEND_PAUSE),
            self.rules.limits,
            now,
        )
        .await?;
        let taken = store::users::by_email(&mut *tx, &email).await?.is_some();
        let letter = if renewed { self.signup_letter(taken, &code) } else { Letter::Void {} };
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
