//! Signing in: the same work and the same answer for whatever is wrong.
use std::sync::Arc;

use super::{
    Accounts, Caller, Internal, SignedIn, SigninError, Tx,
    guesses::{Target, Verdict},
    second_factor::Proven,
};
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
        let (tx, user, now) = self.authenticate(login, password, caller).await?;
        Ok(self.enter(tx, user, caller, None, now).await?)
    }

    /// Opens the session of somebody who has given everything, and commits.
    pub(super) async fn enter(
        &self,
        mut tx: Tx,
        user: User,
        caller: &Caller<'_>,
        how: Option<Proven>,
        now: Timestamp,
    ) -> Result<SignedIn, Internal> {
        let started = self.start_session(&mut tx, &user, caller, how, now).await?;
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
    /// between. Where the account has a second factor, the password opens a request for that and nothing else.
    pub(super) async fn authenticate(
        &self,
        login: &str,
        password: &str,
        caller: &Caller<'_>,
    ) -> Result<(Tx, User, Timestamp), SigninError> {
        let password = Password::given(password).map_err(|why| vec![Fault::Password(why).of("password")])?;
        let password = Arc::new(password);
        if login.len() > email::MAX_LENGTH {
            return Err(vec![Fault::TooLong { max: email::MAX_LENGTH }.of("email")].into());
        }
        let client = &caller.client;
        let (name, known) = self.account_called(login).await?;
        let (user, hash) = known.unzip();
        let hash = hash.flatten();
        let device = self.known_device(&*self.db, caller, user.as_ref()).await?;
        let target = match (&user, &device) {
            (Some(user), Some(device)) => Target::Device(device, &user.id),
            (Some(user), None) => Target::Account(&user.id),
            (None, _) => Target::Stranger(&name),
        };
        let verdict = self.verify::<SigninError>(target, Arc::clone(&password), hash.as_deref(), client).await?;
        let (user, hash, guess) = match (user, hash, verdict) {
            (Some(user), Some(hash), Verdict::Right(guess)) => (user, hash, guess),
            (.., Verdict::TooSoon) => return Err(SigninError::Refused),
            (user, ..) => return Err(self.refuse(user.as_ref(), "wrong", client).await?),
        };
        let outdated = self.hasher.is_outdated(&hash);
        // Where there is no room for it now, the next sign-in does it.
        let new_hash = if outdated { self.hasher.hash(password).await.ok() } else { None };
        let new_hash = new_hash.unwrap_or_else(|| hash.clone());
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !store::users::note_signin(&mut *tx, &user, &hash, &new_hash, now).await? {
            tx.rollback().await?;
            return Err(self.refuse(Some(&user), "locked", client).await?);
        }
        self.forget_guesses(&mut tx, &guess, client).await?;
        if user.second_factor_at.is_some() {
            return Err(SigninError::SecondFactor(self.ask_second_factor(tx, &user, &new_hash, now).await?));
        }
        Ok((tx, user, now))
    }

    /// The one spelling of a login, and the account of that name with its password hash.
    async fn account_called(&self, login: &str) -> Result<(String, Option<(User, Option<String>)>), Internal> {
        Ok(match (Email::parse(login), Username::parse(login)) {
            (Ok(email), _) => (email.as_str().to_owned(), store::users::by_email(&*self.db, &email).await?),
            (_, Ok(name)) => (name.as_str().to_owned(), store::users::by_username(&*self.db, &name).await?),
            _ => (login.trim().to_lowercase(), None),
        })
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
