//! Beginning and ending sessions inside the transaction of what begins or ends them.
use super::{Accounts, Caller, Internal, SignedIn, Tx};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        event::{Event, EventKind},
        id::{SessionId, UserId},
        session::{EndReason, Ending, Session},
        user::User,
    },
    store,
};

/// A session that was written and is good once the transaction is committed.
#[must_use]
pub(super) struct Started {
    session: Session,
    replaced: Ended,
}

/// Sessions that were ended and must be refused once the transaction is committed.
#[must_use]
pub(super) struct Ended {
    sessions: Vec<SessionId>,
    ending: Ending,
}

impl Accounts {
    /// Writes a new session of `user` and ends the one that the caller's browser had, with their events.
    pub(super) async fn start_session(
        &self,
        tx: &mut Tx,
        user: &User,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<Started, Internal> {
        let client = &caller.client;
        let session = self.rules.lifetimes.start(user, now);
        store::sessions::insert(&mut **tx, &session, client, now).await?;
        let event = Event::new(EventKind::SessionStarted, client).by_owner(&user.id).in_session(&session.id);
        store::events::insert(&mut **tx, event, now).await?;
        let replaced = match caller.session {
            Some(old) => self.end_session(tx, old, EndReason::Replaced, client, now).await?,
            None => Ended { sessions: Vec::new(), ending: self.ending(EndReason::Replaced, now) },
        };
        Ok(Started { session, replaced })
    }

    /// Ends a session with its event, unless it had ended before.
    pub(super) async fn end_session(
        &self,
        tx: &mut Tx,
        session: &Session,
        reason: EndReason,
        client: &Client,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let sessions = vec![session.id.clone()];
        if store::sessions::end(&mut **tx, &session.id, reason, now).await? {
            return self.record_endings(tx, sessions, &session.user_id, reason, client, now).await;
        }
        // Of two sign-outs at once both must hold when they are answered: the other one may not have come that far.
        Ok(Ended { sessions, ending: self.ending(reason, now) })
    }

    /// Ends every session of an account but `except`, with an event for each.
    pub(super) async fn end_sessions(
        &self,
        tx: &mut Tx,
        user_id: &UserId,
        except: Option<&SessionId>,
        reason: EndReason,
        client: &Client,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let sessions = store::sessions::end_all(&mut **tx, user_id, except, reason, now).await?;
        self.record_endings(tx, sessions, user_id, reason, client, now).await
    }

    async fn record_endings(
        &self,
        tx: &mut Tx,
        sessions: Vec<SessionId>,
        user_id: &UserId,
        reason: EndReason,
        client: &Client,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let ending = self.ending(reason, now);
        for session in &sessions {
            store::endings::insert(&mut **tx, session, ending).await?;
            let event = Event::new(EventKind::SessionEnded, client).by_owner(user_id).in_session(session);
            store::events::insert(&mut **tx, event.because(reason.as_str()), now).await?;
        }
        Ok(Ended { sessions, ending })
    }

    /// After the commit: the replaced session is refused from now on.
    pub(super) fn finish_start(&self, started: Started, user: User, device: String, now: Timestamp) -> SignedIn {
        self.revoke(started.replaced, now);
        SignedIn { user, session: started.session, device }
    }

    /// After the commit and before the answer: the ended sessions are refused from now on.
    pub(super) fn revoke(&self, ended: Ended, now: Timestamp) {
        for session in ended.sessions {
            self.revocations.end(session, ended.ending, now);
        }
    }

    /// Whether the table says that `session` was ended. Then it is refused from now on here too, although whoever ended it has not
    /// come so far yet.
    pub(super) async fn learn_ending(&self, session: &Session) -> Result<bool, Internal> {
        let ending = store::endings::of(&*self.db, &session.id).await?;
        Ok(ending.map(|ending| self.revocations.end(session.id.clone(), ending, self.clock.now())).is_some())
    }

    fn ending(&self, reason: EndReason, now: Timestamp) -> Ending {
        Ending { reason, until: self.rules.lifetimes.horizon(now) }
    }
}
