//! Step-up: the password once more makes the sign-in fresh.
use super::{Accounts, ActError, Caller, SignedIn};
use crate::model::session::Session;

impl Accounts {
    /// Begins a fresh session in place of the caller's (ASVS 7.2.4: a new identifier at every authentication).
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn confirm(&self, session: &Session, password: &str, caller: &Caller<'_>) -> Result<SignedIn, ActError> {
        let proof = self.prove(session, "password", password, &caller.client).await?;
        let now = self.clock.now();
        let mut tx = self.begin_proven(session, &proof).await?;
        let started = self.start_session(&mut tx, &proof.user, caller, now).await?;
        let device = self.know_device(&mut tx, &proof.user, caller, now).await?;
        Ok(self.commit_start(tx, started, proof.user, device, now).await?)
    }
}
