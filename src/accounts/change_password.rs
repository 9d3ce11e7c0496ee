//! A new password by somebody who knows the old one: every other session ends.
use std::sync::Arc;

use super::{Accounts, ActError, By, prove::Asked};
use crate::{
    model::{
        client::Client,
        event::{Event, EventKind},
        letter::Letter,
        session::{EndReason, Session},
    },
    store,
};

impl Accounts {
    /// Sets a new password; the caller's session goes on, all others end, open requests die, and the owner gets a letter.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn change_password(
        &self,
        session: &Session,
        current_password: &str,
        password: &str,
        client: &Client,
    ) -> Result<(), ActError> {
        let proof = self.prove(session, Asked::Act, current_password, client).await?;
        let related = self.related_to(&[proof.user.email.as_str(), &proof.user.name]);
        let password = self.new_password(password, &related).map_err(|fault| vec![fault])?;
        let hash = self.hasher.hash(Arc::new(password)).await?;
        let now = self.clock.now();
        let mut tx = self.begin_proven(session, &proof).await?;
        let user = &proof.user;
        store::users::set_password(&mut *tx, &user.id, &hash).await?;
        store::requests::void_all(&mut *tx, &user.id, now).await?;
        let event = Event::new(EventKind::PasswordChanged, client).by_owner(&user.id).in_session(&session.id);
        self.record(&mut *tx, event, now).await?;
        let reason = EndReason::PasswordChanged;
        let ended =
            self.end_sessions(&mut tx, &user.id, Some(&session.id), reason, By::owner(session, client), now).await?;
        let letter = Letter::PasswordChanged { at: now.to_string() };
        self.queue_letter(&mut *tx, &user.email, &letter, None, now).await?;
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(())
    }
}
