//! Turning the second factor on: a secret for the app, and a code that proves that the app has it.
use crate::{
    accounts::{Accounts, Caller, FactorError, Internal, SignedIn, limits::Action},
    model::{
        event::{Event, EventKind},
        invalid::Fault,
        letter::Letter,
        second_factor::{FactorCode, SharedSecret},
        session::Session,
        user::User,
    },
    store,
};

/// A secret that an authenticator app is to take.
pub struct Proposal {
    /// In base32, to be typed.
    pub secret: String,
    /// With all that belongs to it, to be scanned (`otpauth://totp/…`).
    pub uri: String,
}

/// A second factor that has just been turned on.
pub struct Enabled {
    /// The recovery codes, in groups of four characters. They are shown this once.
    pub recovery_codes: Vec<String>,
    /// The session that takes the place of the caller's, where more may be done now.
    pub signed_in: Option<SignedIn>,
}

impl Accounts {
    /// Makes a secret for the app, in place of one that was never proven. Nothing asks for it before it is.
    ///
    /// # Errors
    /// See [`FactorError`].
    pub async fn begin_second_factor(&self, session: &Session) -> Result<Proposal, FactorError> {
        let secret = SharedSecret::draw();
        let now = self.clock.now();
        let (mut tx, user) = self.begin_own(session).await?;
        if user.second_factor_at.is_some() {
            return Err(FactorError::On);
        }
        let sealed = self.seal_factor(&user.id, &secret)?;
        store::second_factors::put(&mut *tx, &user.id, &session.id, &sealed, now).await?;
        tx.commit().await?;
        Ok(self.proposal(&user, &secret)?)
    }

    /// The secret that was begun in `session` and not proven yet. Another session does not see it, and what another one began is not seen
    /// here: its holder could know the secret.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn proposed_second_factor(&self, session: &Session, user: &User) -> Result<Option<Proposal>, Internal> {
        if user.second_factor_at.is_some() {
            return Ok(None);
        }
        match store::second_factors::of(&*self.db, &user.id).await? {
            Some(shared) if shared.session == session.id => {
                Ok(Some(self.proposal(user, &self.open_factor(&user.id, &shared.sealed)?)?))
            }
            _ => Ok(None),
        }
    }

    /// Turns it on, if `code` is one of the secret that was begun in this session: every other session ends, no
    /// other browser is known any more, and the owner gets a letter.
    ///
    /// # Errors
    /// See [`FactorError`].
    pub async fn confirm_second_factor(
        &self,
        session: &Session,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<Enabled, FactorError> {
        let code = FactorCode::parse(code).map_err(|fault| vec![fault.of("code")])?;
        let FactorCode::App(digits) = code else { return Err(vec![Fault::NotAFactorCode.of("code")].into()) };
        self.admit(Action::Code, &caller.client).await?;
        let now = self.clock.now();
        let (mut tx, mut user) = self.begin_own(session).await?;
        if user.second_factor_at.is_some() {
            return Err(FactorError::On);
        }
        let begun = store::second_factors::of(&mut *tx, &user.id).await?;
        if begun.is_none_or(|shared| shared.session != session.id) {
            return Err(FactorError::NotBegun);
        }
        if !self.take_digits(&mut tx, &user.id, &digits, now).await? {
            return Err(FactorError::Refused);
        }
        user.second_factor_at = Some(now);
        store::users::set_second_factor(&mut *tx, &user.id, user.second_factor_at).await?;
        // Whoever has only the password may have signed in by it before, and would be known.
        let kept = caller.named_device().map(|device| self.secret.device_name(device)).unwrap_or_default();
        store::devices::forget_others(&mut *tx, &user.id, &kept).await?;
        let recovery_codes = self.draw_recovery_codes(&mut tx, &user.id).await?;
        let event = Event::new(EventKind::SecondFactorEnabled, &caller.client).by_owner(&user.id);
        self.record(&mut *tx, event.in_session(&session.id), now).await?;
        let letter = Letter::SecondFactorEnabled { at: now.to_string() };
        self.queue_letter(&mut *tx, &user.email, &letter, None, now).await?;
        let signed_in = self.end_others(tx, user, session, caller, now).await?;
        Ok(Enabled { recovery_codes, signed_in })
    }

    fn proposal(&self, user: &User, secret: &SharedSecret) -> Result<Proposal, Internal> {
        Ok(Proposal { secret: secret.base32(), uri: secret.uri(&self.rules.host, user.called())? })
    }
}
