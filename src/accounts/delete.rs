//! Deleting an account: everything of the person goes at once; the audit trail keeps only the id.
use super::{Accounts, ActError, By, Internal, Tx, prove::Asked, sessions::Ended};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        event::EventKind,
        session::{EndReason, Session},
        user::User,
    },
    store,
};

impl Accounts {
    /// Deletes the account of `session` with its sessions, requests and letters.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn delete_account(
        &self,
        session: &Session,
        current_password: &str,
        client: &Client,
    ) -> Result<(), ActError> {
        let proof = self.prove(session, Asked::Act, current_password, client).await?;
        let now = self.clock.now();
        let mut tx = self.begin_proven(session, &proof).await?;
        if store::users::is_last_superuser(&mut *tx, &proof.user.id).await? {
            return Err(ActError::LastSuperuser);
        }
        let ended = self.remove(&mut tx, &proof.user, By::owner(session, client), Some(session), now).await?;
        self.commit_end(tx, ended, now).await?;
        Ok(())
    }

    /// Deletes the row of `user`, which is locked, and all that hangs on it; done in the session `during`.
    pub(super) async fn remove(
        &self,
        tx: &mut Tx,
        user: &User,
        by: By<'_>,
        during: Option<&Session>,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let ended = self.end_sessions(tx, &user.id, None, EndReason::Deleted, by, now).await?;
        let event = by.event(EventKind::UserDeleted, &user.id);
        let event = match during {
            Some(session) => event.in_session(&session.id),
            None => event,
        };
        self.record(&mut **tx, event, now).await?;
        store::guesses::forget_all(&mut **tx, &user.id).await?;
        store::requests::delete_for(&mut **tx, &user.email).await?;
        store::letters::delete_to(&mut **tx, &user.email).await?;
        store::users::delete(&mut **tx, &user.id).await?;
        Ok(ended)
    }
}
