//! The second half of a sign-in: the second factor, for the request that the right password opened.
use std::time::Duration;

use super::{Accounts, Caller, FactorError, Internal, SignedIn, Tokens, Tx, limits::Action, second_factor::Proven};
use crate::{
    clock::Timestamp,
    model::{
        code::{Purpose, RequestId},
        second_factor::FactorCode,
        user::User,
    },
    store::{self, requests::New},
};

/// How long a sign-in waits for its second factor.
pub const SIGNIN_TTL: Duration = Duration::from_secs(10 * 60);

impl Accounts {
    /// Opens the session, if `code` proves the second factor of the account that `request` is for.
    ///
    /// # Errors
    /// See [`FactorError`]. Each refusal counts as a try and is recorded.
    pub async fn signin_code(
        &self,
        request: &RequestId,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<SignedIn, FactorError> {
        self.counted_code(async {
            let (tx, user, how, now) = self.answer(request, code, caller).await?;
            Ok(self.enter(tx, user, caller, Some(how), now).await?)
        })
        .await
    }

    /// The same for a program.
    ///
    /// # Errors
    /// See [`FactorError`]. Each refusal counts as a try and is recorded.
    pub async fn issue_tokens_for_code(
        &self,
        request: &RequestId,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<Tokens, FactorError> {
        self.counted_code(async {
            let (tx, user, how, now) = self.answer(request, code, caller).await?;
            Ok(self.hand_out(tx, user, caller, Some(how), now).await?)
        })
        .await
    }

    /// Whether a code could still answer `request`.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn awaits_code(&self, request: &RequestId) -> Result<bool, Internal> {
        let (name_hash, now) = (self.request_name(request), self.clock.now());
        Ok(store::requests::open(&*self.db, &name_hash, Purpose::Signin, self.rules.codes, now).await?.is_some())
    }

    /// Opens a request for the second factor of `user`, whose password is behind `hash`, and commits. It is good for as long as neither the
    /// password nor the account's version changes.
    pub(super) async fn ask_second_factor(
        &self,
        mut tx: Tx,
        user: &User,
        hash: &str,
        now: Timestamp,
    ) -> Result<RequestId, Internal> {
        let request = RequestId::draw();
        let (name_hash, expires_at) = (self.request_name(&request), now.plus(SIGNIN_TTL));
        let new = New {
            name_hash: &name_hash,
            purpose: Purpose::Signin,
            email: &user.email,
            user_id: Some(&user.id),
            display_name: None,
            password_hash: None,
            code_mac: &self.secret.code_mac(&bound(&name_hash, user, &user.version.to_string(), hash)),
            code_expires_at: expires_at,
            expires_at,
        };
        store::requests::insert(&mut *tx, new, now).await?;
        tx.commit().await?;
        Ok(request)
    }

    /// Counts the try and begins the transaction of what the right code opens.
    async fn answer(
        &self,
        request: &RequestId,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<(Tx, User, Proven, Timestamp), FactorError> {
        let code = FactorCode::parse(code).map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, &caller.client).await?;
        let (name_hash, now, limits) = (self.request_name(request), self.clock.now(), self.rules.codes);
        let seen = store::requests::open(&*self.db, &name_hash, Purpose::Signin, limits, now).await?;
        let id = seen.and_then(|open| open.user_id).ok_or(FactorError::Refused)?;
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &id).await?;
        let counted = store::requests::count_attempt(&mut *tx, &name_hash, Purpose::Signin, limits, now).await?;
        let open = counted.ok_or(FactorError::Refused)?;
        let Some((user, Some(hash))) = store::users::with_hash(&mut *tx, &id).await? else {
            return Err(FactorError::Refused);
        };
        let version = user.version.to_string();
        let unchanged = self.secret.is_code_mac(&open.code_mac, &bound(&name_hash, &user, &version, &hash));
        let proven = match unchanged && user.locked_at.is_none() {
            true => self.check_code(&mut tx, &user, &code, None, caller, now).await?,
            false => None,
        };
        let Some(how) = proven else {
            tx.commit().await?;
            return Err(FactorError::Refused);
        };
        store::requests::consume(&mut *tx, &name_hash, now).await?;
        store::users::note_second_factor(&mut *tx, &user.id, now).await?;
        Ok((tx, user, how, now))
    }

    /// Counts a sign-in, whichever way it came out.
    async fn counted_code<T>(&self, signin: impl Future<Output = Result<T, FactorError>>) -> Result<T, FactorError> {
        let outcome = signin.await;
        self.metrics.signed_in(outcome.as_ref().map_or_else(FactorError::word, |_| "ok"));
        outcome
    }
}

/// What a request is bound to: whoever answers it, the account must be as it was when the password was given.
fn bound<'a>(name_hash: &'a str, user: &'a User, version: &'a str, hash: &'a str) -> [&'a str; 5] {
    [Purpose::Signin.as_str(), name_hash, user.id.as_str(), version, hash]
}
