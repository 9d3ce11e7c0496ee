//! Signing up: a pending request, and no account before the address is proven.
use std::sync::Arc;

use super::{Accounts, Caller, Internal, SignedIn, SignupError, Tx, limits::Action, requests::REQUEST_TTL};
use crate::{
    clock::Timestamp,
    model::{
        code::{Code, Purpose, RequestId},
        email::Email,
        event::{Event, EventKind},
        id::UserId,
        invalid::{self, Fault},
        letter::Letter,
        name::Name,
        password::Password,
        user::{Role, User},
    },
    store::{self, requests::New},
};

/// What a sign-up led to.
pub enum Signup {
    /// A code is on its way; it answers this request. The same for an address that has an account.
    Pending(RequestId),
    /// Addresses need no proof here: the account is made and signed in.
    Done(Box<SignedIn>),
}

impl Accounts {
    /// Begins a sign-up.
    ///
    /// # Errors
    /// See [`SignupError`]; nothing is stored or mailed then.
    pub async fn signup(
        &self,
        email: &str,
        password: &str,
        name: &str,
        caller: &Caller<'_>,
    ) -> Result<Signup, SignupError> {
        if !self.is_signup_open() {
            return Err(SignupError::Closed);
        }
        let related = self.related_to(&[email, name]);
        let (email, password, name) = invalid::all(
            Email::parse(email).map_err(|fault| fault.of("email")),
            self.new_password(password, &related),
            Name::parse(name).map_err(|fault| fault.of("name")),
        )?;
        self.admit(Action::Signup, &caller.client).await?;
        let password_hash = self.hasher.hash(Arc::new(password)).await?;
        let now = self.clock.now();
        if self.rules.verify_email {
            self.begin_signup(&email, &password_hash, &name, caller, now).await.map(Signup::Pending)
        } else {
            self.sign_up_at_once(&email, &password_hash, &name, caller, now).await.map(Box::new).map(Signup::Done)
        }
    }

    async fn begin_signup(
        &self,
        email: &Email,
        password_hash: &str,
        name: &Name,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<RequestId, SignupError> {
        let (request, code) = (RequestId::draw(), Code::draw());
        let name_hash = self.request_name(&request);
        let mut tx = self.db.begin().await?;
        let owner = store::users::by_email(&mut *tx, email).await?.map(|(owner, _)| owner);
        let new = New {
            name_hash: &name_hash,
            purpose: Purpose::Signup,
            email,
            user_id: None,
            display_name: Some(name.as_str()),
            password_hash: Some(password_hash),
            code_mac: &self.code_mac(Purpose::Signup, &name_hash, email, &code),
            code_expires_at: self.code_expiry(now),
            expires_at: now.plus(REQUEST_TTL),
        };
        store::requests::insert(&mut *tx, new, now).await?;
        let device = self.known_device(&mut *tx, caller, owner.as_ref()).await?;
        let letter = match self.may_mail(&mut tx, email, &caller.client, device.as_deref(), now).await? {
            true => self.signup_letter(owner.is_some(), &code),
            false => Letter::Void {},
        };
        self.queue_letter(&mut *tx, email, &letter, Some(self.code_expiry(now)), now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(request)
    }

    /// The code, or, to the owner of a taken address, the news that somebody signed up with it.
    pub(super) fn signup_letter(&self, taken: bool, code: &Code) -> Letter {
        if taken {
            return Letter::SignupTaken {};
        }
        Letter::SignupCode { code: code.spaced(), minutes: self.code_minutes() }
    }

    async fn sign_up_at_once(
        &self,
        email: &Email,
        password_hash: &str,
        name: &Name,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<SignedIn, SignupError> {
        let user = new_user(email, name.as_str(), None, now);
        let mut tx = self.db.begin().await?;
        if !store::users::insert(&mut *tx, &user, Some(password_hash)).await? {
            return Err(SignupError::Taken);
        }
        Ok(self.welcome(tx, user, caller, now).await?)
    }

    /// Signs the owner of a new account in, and commits.
    pub(super) async fn welcome(
        &self,
        mut tx: Tx,
        user: User,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<SignedIn, Internal> {
        self.index(&mut tx, &user).await?;
        let event = Event::new(EventKind::UserCreated, &caller.client).by_owner(&user.id);
        self.record(&mut *tx, event, now).await?;
        let started = self.start_session(&mut tx, &user, caller, None, now).await?;
        let device = self.know_device(&mut tx, &user, caller, now).await?;
        self.commit_start(tx, started, user, device, now).await
    }

    /// Checks a password that somebody chose against the policy.
    pub(super) fn new_password(&self, raw: &str, related: &[&str]) -> Result<Password, invalid::Invalid> {
        Password::parse(raw, self.rules.min_length, related).map_err(|why| Fault::Password(why).of("password"))
    }

    /// What no password may be: the words of the person, and those of the site.
    pub(super) fn related_to<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        ["Nightlatch", self.rules.host.as_str()].into_iter().chain(words.iter().copied()).collect()
    }
}

/// An account with an address that was proven at `verified`, or not at all.
pub(super) fn new_user(email: &Email, name: &str, verified: Option<Timestamp>, now: Timestamp) -> User {
    User {
        id: UserId::new(now),
        email: email.clone(),
        name: name.to_owned(),
        username: None,
        role: Role::User,
        version: 1,
        locked_at: None,
        email_verified_at: verified,
        second_factor_at: None,
        created_at: now,
    }
}
