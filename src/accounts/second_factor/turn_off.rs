//! Turning the second factor off, by whoever can prove it.
use crate::{
    accounts::{Accounts, By, Caller, FactorError, Internal, SignedIn, Tx, limits::Action},
    clock::Timestamp,
    model::{event::EventKind, letter::Letter, second_factor::FactorCode, session::Session, user::User},
    store,
};

impl Accounts {
    /// Turns it off, if `code` proves it: every other session ends, and the owner gets a letter. Where superusers must have one, the
    /// caller's session ends too, in a browser for one with fewer rights: so a superuser can go on to another app.
    ///
    /// # Errors
    /// See [`FactorError`].
    pub async fn remove_second_factor(
        &self,
        session: &Session,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<Option<SignedIn>, FactorError> {
        let code = FactorCode::parse(code).map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, &caller.client).await?;
        let now = self.clock.now();
        let (mut tx, mut user) = self.begin_own(session).await?;
        if user.second_factor_at.is_none() {
            return Err(FactorError::Off);
        }
        if self.check_code(&mut tx, &user, &code, Some(session), caller, now).await?.is_none() {
            tx.commit().await?;
            return Err(FactorError::Refused);
        }
        let by = By::owner(session, &caller.client);
        let letter = Letter::SecondFactorDisabled { at: now.to_string() };
        self.drop_factor(&mut tx, &user, by, Some(session), &letter, now).await?;
        user.second_factor_at = None;
        Ok(self.end_others(tx, user, session, caller, now).await?)
    }

    /// Takes the second factor from `user`, whose row is locked, with its codes and what was counted of them; done in the session
    /// `during`.
    pub(in crate::accounts) async fn drop_factor(
        &self,
        tx: &mut Tx,
        user: &User,
        by: By<'_>,
        during: Option<&Session>,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<(), Internal> {
        store::users::set_second_factor(&mut **tx, &user.id, None).await?;
        store::second_factors::delete(&mut **tx, &user.id).await?;
        store::recovery_codes::delete_all(&mut **tx, &user.id).await?;
        store::guesses::forget_codes(&mut **tx, &user.id).await?;
        let event = by.event(EventKind::SecondFactorDisabled, &user.id);
        let event = match during {
            Some(session) => event.in_session(&session.id),
            None => event,
        };
        self.record(&mut **tx, event, now).await?;
        self.queue_letter(&mut **tx, &user.email, letter, None, now).await
    }
}
