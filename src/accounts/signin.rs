//! Signing in: the same work and the same answer for whatever is wrong.
use std::sync::Arc;

use super::{Accounts, Caller, Internal, SignedIn, SigninError, Tx};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        email::{self, Email},
        event::{Event, EventKind},
        invalid::Fault,
        password::Password,
        user::User,
        username::Username,
    },
    store,
};

impl Accounts {
    /// Signs somebody in; the session that the same browser had before, if any, ends.
    ///
    /// # Errors
    /// See [`SigninError`]. A refusal is recorded.
    pub async fn signin(&self, login: &str, password: &str, caller: &Caller<'_>) -> Result<SignedIn, SigninError> {
        self.counted(self.start_signed_in(login, password, caller).await)
    }

    async fn start_signed_in(&self, login: &str, password: &str, caller: &Caller<'_>) -> Result<SignedIn, SigninError> {
        let (mut tx, user, now) = self.authenticate(login, password, &caller.client).await?;
        let started = self.start_session(&mut tx, &user, caller, now).await?;
        let device = self.recognise_device(&mut tx, &user, caller, now).await?;
        let signed_in = self.commit_start(tx, started, user, device, now).await?;
        self.mail.notify_one();
        Ok(signed_in)
    }

    /// Counts a sign-in, whichever way it came out.
    pub(super) fn counted<T>(&self, outcome: Result<T, SigninError>) -> Result<T, SigninError> {
        self.metrics.signed_in(outcome.as_ref().map_or_else(SigninError::word, |_| "ok"));
        outcome
    }

    /// Verifies a password, and begins the transaction of what it opens; the account is locked from here on, so that nothing can come
    /// between.
    pub(super) async fn authenticate(
        &self,
        login: &str,
        password: &str,
        client: &Client,
    ) -> Result<(Tx, User, Timestamp), SigninError> {
        let password = Password::given(password).map_err(|why| vec![Fault::Password(why).of("password")])?;
        let password = Arc::new(password);
        if login.len() > email::MAX_LENGTH {
            return Err(vec![Fault::TooLong { max: email::MAX_LENGTH }.of("email")].into());
        }
        let known = match (Email::parse(login), Username::parse(login)) {
            (Ok(email), _) => store::users::by_email(&*self.db, &email).await?,
            (_, Ok(username)) => store::users::by_username(&*self.db, &username).await?,
            _ => None,
        };
        let (user, hash) = known.unzip();
        let hash = hash.flatten();
        let verified = self.hasher.verify(Arc::clone(&password), hash.as_deref()).await?;
        let (user, hash) = match (user, hash, verified) {
            (Some(user), Some(hash), true) => (user, hash),
            (user, ..) => return Err(self.refuse(user.as_ref(), "wrong", client).await?),
        };
        let new_hash = if self.hasher.is_outdated(&hash) { self.hasher.hash(password).await? } else { hash.clone() };
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !store::users::note_signin(&mut *tx, &user, &hash, &new_hash, now).await? {
            tx.rollback().await?;
            return Err(self.refuse(Some(&user), "locked", client).await?);
        }
        Ok((tx, user, now))
    }

    async fn refuse(&self, user: Option<&User>, reason: &str, client: &Client) -> Result<SigninError, Internal> {
        let event = Event::new(EventKind::SessionFailed, client);
        let event = match user {
            Some(user) => event.about(&user.id).because(reason),
            None => event.because("unknown"),
        };
        self.record(&*self.db, event, self.clock.now()).await?;
        Ok(SigninError::Refused)
    }
}
