//! Deleting an account: everything of the person goes at once; the audit trail keeps only the id.
use super::{Accounts, ActError};
use crate::{
    model::{
        client::Client,
        event::{Event, EventKind},
        session::{EndReason, Session},
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
        let proof = self.prove(session, "current_password", current_password, client).await?;
        let (user, now) = (&proof.user, self.clock.now());
        let mut tx = self.begin_proven(session, &proof).await?;
        let ended = self.end_sessions(&mut tx, &user.id, None, EndReason::Deleted, client, now).await?;
        let event = Event::new(EventKind::UserDeleted, client).by_owner(&user.id).in_session(&session.id);
        self.record(&mut *tx, event, now).await?;
        store::requests::delete_for(&mut *tx, &user.email).await?;
        store::letters::delete_to(&mut *tx, &user.email).await?;
        store::users::delete(&mut *tx, &user.id).await?;
        self.commit_end(tx, ended, now).await?;
        Ok(())
    }
}
