//! Looks at a code of the second factor: counted before it is compared, and good for one use.
use zeroize::Zeroizing;

use crate::{
    accounts::{Accounts, Caller, Internal, Tx, guesses::Target},
    clock::Timestamp,
    model::{
        client::Client,
        event::{Event, EventKind},
        id::UserId,
        letter::Letter,
        second_factor::{FactorCode, RecoveryCode, SharedSecret},
        session::Session,
        user::User,
    },
    store,
};

/// What proved the second factor.
#[derive(Clone, Copy)]
pub(in crate::accounts) enum Proven {
    /// The authenticator app.
    App,
    /// A recovery code.
    Recovery,
}

impl Proven {
    /// The word in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "second_factor",
            Self::Recovery => "recovery_code",
        }
    }
}

impl Accounts {
    /// Tries `code` in a transaction in which the account of `user` is locked, so that of many tries at once each is counted and a code
    /// serves one. `session` is that of a caller who is signed in. `None`: wrong or used, or too many were wrong before it; what was
    /// counted and recorded of that is for the caller to commit.
    pub(in crate::accounts) async fn check_code(
        &self,
        tx: &mut Tx,
        user: &User,
        code: &FactorCode,
        session: Option<&Session>,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<Option<Proven>, Internal> {
        let (client, device) = (&caller.client, self.known_device(&mut **tx, caller, Some(user)).await?);
        let target = match (session, &device) {
            (Some(_), _) => Target::Owner(&user.id),
            (None, Some(device)) => Target::Device(device, &user.id),
            (None, None) => Target::Account(&user.id),
        };
        let Some(guess) = self.count_code(tx, target, now).await? else {
            tracing::info!(ip = client.ip.as_deref(), "a code was refused, since too many were wrong before it");
            return Ok(None);
        };
        let proven = match code {
            FactorCode::App(digits) => self.take_digits(tx, &user.id, digits, now).await?.then_some(Proven::App),
            FactorCode::Recovery(code) => self.spend(tx, user, code, caller, now).await?.then_some(Proven::Recovery),
        };
        if proven.is_some() {
            self.forget_codes(tx, &guess).await?;
            return Ok(proven);
        }
        let event = Event::new(EventKind::SessionFailed, client).because("second_factor");
        let event = match session {
            Some(session) => event.by_owner(&user.id).in_session(&session.id),
            None => event.about(&user.id),
        };
        self.record(&mut **tx, event, now).await?;
        if session.is_none() && device.is_none() {
            self.warn(tx, user, client, now).await?;
        }
        Ok(None)
    }

    /// Tells the owner that somebody else seems to know the password, as often as one network may cause letters.
    async fn warn(&self, tx: &mut Tx, user: &User, client: &Client, now: Timestamp) -> Result<(), Internal> {
        if self.may_mail(tx, &user.email, client, None, now).await? {
            let ip = client.ip.clone().unwrap_or_else(|| "unknown".to_owned());
            let letter = Letter::SecondFactorFailed { at: now.to_string(), ip, device: client.device() };
            self.queue_letter(&mut **tx, &user.email, &letter, None, now).await?;
            self.mail.notify_one();
        }
        Ok(())
    }

    /// Whether `digits` are a code of the account's app that nobody used before, nor a later one; they are used up then.
    pub(super) async fn take_digits(
        &self,
        tx: &mut Tx,
        user: &UserId,
        digits: &str,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        let Some(shared) = store::second_factors::of(&mut **tx, user).await? else { return Ok(false) };
        match self.open_factor(user, &shared.sealed)?.step_of(digits, now)? {
            Some(step) => Ok(store::second_factors::use_step(&mut **tx, user, step).await?),
            None => Ok(false),
        }
    }

    async fn spend(
        &self,
        tx: &mut Tx,
        user: &User,
        code: &RecoveryCode,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        if !store::recovery_codes::spend(&mut **tx, &user.id, &self.recovery_code_name(&user.id, code)).await? {
            return Ok(false);
        }
        let letter = Letter::RecoveryCodeUsed {
            at: now.to_string(),
            ip: caller.client.ip.clone().unwrap_or_else(|| "unknown".to_owned()),
            device: caller.client.device(),
            left: store::recovery_codes::count(&mut **tx, &user.id).await?,
        };
        self.queue_letter(&mut **tx, &user.email, &letter, None, now).await?;
        Ok(true)
    }

    /// The secret of the account's app as it is stored.
    pub(super) fn seal_factor(&self, user: &UserId, secret: &SharedSecret) -> Result<String, Internal> {
        Ok(self.secret.factors().seal(&place(user), secret.bytes())?)
    }

    pub(super) fn open_factor(&self, user: &UserId, sealed: &str) -> Result<SharedSecret, Internal> {
        let bytes: Zeroizing<Vec<u8>> = self.secret.factors().open(&place(user), sealed)?;
        SharedSecret::stored(&bytes).ok_or_else(|| Internal::new("a second factor of another length"))
    }

    /// The keyed hash under which a recovery code is stored, bound to its account.
    pub(super) fn recovery_code_name(&self, user: &UserId, code: &RecoveryCode) -> String {
        self.secret.code_mac(&["recovery", user.as_str(), code.characters()])
    }
}

/// What the secret is sealed for: it opens for no other account.
fn place(user: &UserId) -> String {
    format!("second_factor:{user}")
}
