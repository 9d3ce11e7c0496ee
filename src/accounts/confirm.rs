//! Step-up: the password once more, and the second factor where there is one, make the sign-in fresh.
use super::{Accounts, ActError, Caller, SignedIn, Tx, limits::Action, prove::Asked, second_factor::Proven};
use crate::{
    clock::Timestamp,
    model::{invalid::Fault, second_factor::FactorCode, session::Session, user::User},
    store,
};

impl Accounts {
    /// Begins a fresh session in place of the caller's (ASVS 7.2.4: a new identifier at every authentication).
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn confirm(
        &self,
        session: &Session,
        password: &str,
        code: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<SignedIn, ActError> {
        let (mut tx, user, how, now) = self.step_up(session, password, code, caller).await?;
        let started = self.start_session(&mut tx, &user, caller, how, now).await?;
        store::second_factors::hand_over(&mut *tx, &user.id, &session.id, &started.session.id).await?;
        let device = self.know_device(&mut tx, &user, caller, now).await?;
        let signed_in = self.commit_start(tx, started, user, device, now).await?;
        self.mail.notify_one();
        Ok(signed_in)
    }

    /// Verifies all that the account asks for, and begins the transaction of what it allows.
    pub(super) async fn step_up(
        &self,
        session: &Session,
        password: &str,
        code: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<(Tx, User, Option<Proven>, Timestamp), ActError> {
        let proof = self.prove(session, Asked::StepUp, password, &caller.client).await?;
        if proof.user.second_factor_at.is_none() {
            let (tx, now) = (self.begin_proven(session, &proof).await?, self.clock.now());
            return Ok((tx, proof.user, None, now));
        }
        let code = code.filter(|code| !code.is_empty()).ok_or(Fault::Missing).and_then(FactorCode::parse);
        let code = code.map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, &caller.client).await?;
        let (mut tx, now) = (self.begin_proven(session, &proof).await?, self.clock.now());
        match self.check_code(&mut tx, &proof.user, &code, Some(session), caller, now).await? {
            Some(how) => Ok((tx, proof.user, Some(how), now)),
            None => {
                // It stays counted.
                tx.commit().await?;
                Err(ActError::WrongCode)
            }
        }
    }
}
