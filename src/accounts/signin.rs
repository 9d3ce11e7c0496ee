//! Signing in: the same work and the same answer for whatever is wrong.
use std::sync::Arc;

use sqlx::{Any, Transaction};

use super::{Accounts, Internal, SignedIn, SigninError};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        email::{self, Email},
        event::{Event, EventKind},
        invalid::Fault,
        password::Password,
        session::{EndReason, Session},
        user::User,
    },
    store,
};

/// A session that was written and is good once the transaction is committed.
pub(super) struct Started {
    session: Session,
    replaced: Option<Session>,
}

impl Accounts {
    /// Signs somebody in; the session that the same browser had before, if any, ends.
    ///
    /// # Errors
    /// See [`SigninError`]. A refusal is recorded.
    pub async fn signin(
        &self,
        login: &str,
        password: &str,
        client: &Client,
        replaces: Option<&Session>,
    ) -> Result<SignedIn, SigninError> {
        let password = Password::given(password).map_err(|why| vec![Fault::Password(why).of("password")])?;
        let password = Arc::new(password);
        if login.len() > email::MAX_LENGTH {
            return Err(vec![Fault::TooLong { max: email::MAX_LENGTH }.of("email")].into());
        }
        let known = match Email::parse(login) {
            Ok(email) => store::users::by_email(&*self.db, &email).await?,
            Err(_) => None,
        };
        let (user, hash) = known.unzip();
        let hash = hash.flatten();
        let verified = self.hasher.verify(Arc::clone(&password), hash.as_deref()).await?;
        let (Some(user), Some(hash), true) = (user.as_ref(), hash, verified) else {
            return self.refuse(user.as_ref(), "wrong", client).await;
        };
        let new_hash = if self.hasher.is_outdated(&hash) { self.hasher.hash(password).await? } else { hash.clone() };
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !store::users::note_signin(&mut *tx, user, &hash, &new_hash, now).await? {
            tx.rollback().await?;
            return self.refuse(Some(user), "locked", client).await;
        }
        let started = self.start_session(&mut tx, user, client, replaces, now).await?;
        tx.commit().await?;
        Ok(SignedIn { session: self.finish_start(started, now), user: user.clone() })
    }

    async fn refuse(&self, user: Option<&User>, reason: &str, client: &Client) -> Result<SignedIn, SigninError> {
        let event = Event::new(EventKind::SessionFailed, client);
        let event = match user {
            Some(user) => event.about(&user.id).because(reason),
            None => event.because("unknown"),
        };
        store::events::insert(&*self.db, event, self.clock.now()).await?;
        Err(SigninError::Refused)
    }

    /// Writes a new session of `user` and ends the one it `replaces`, with their events.
    pub(super) async fn start_session(
        &self,
        tx: &mut Transaction<'static, Any>,
        user: &User,
        client: &Client,
        replaces: Option<&Session>,
        now: Timestamp,
    ) -> Result<Started, Internal> {
        let session = self.rules.lifetimes.start(user, now);
        store::sessions::insert(&mut **tx, &session, client, now).await?;
        let event = Event::new(EventKind::SessionStarted, client).by_owner(&user.id).in_session(&session.id);
        store::events::insert(&mut **tx, event, now).await?;
        let replaced = match replaces {
            Some(old) if self.end_session(tx, old, EndReason::Replaced, client, now).await? => Some(old.clone()),
            _ => None,
        };
        Ok(Started { session, replaced })
    }

    /// Ends a session with its event; false when it had ended before.
    pub(super) async fn end_session(
        &self,
        tx: &mut Transaction<'static, Any>,
        session: &Session,
        reason: EndReason,
        client: &Client,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        let ended = store::sessions::end(&mut **tx, &session.id, self.ending(reason, now), now).await?;
        if ended {
            let event = Event::new(EventKind::SessionEnded, client).by_owner(&session.user_id);
            let event = event.in_session(&session.id).because(reason.as_str());
            store::events::insert(&mut **tx, event, now).await?;
        }
        Ok(ended)
    }

    /// After the commit: the replaced session is refused from now on.
    pub(super) fn finish_start(&self, started: Started, now: Timestamp) -> Session {
        let replaced = started.replaced.map(|session| session.id);
        self.revoke(replaced, self.ending(EndReason::Replaced, now), now);
        started.session
    }
}
