//! Beginning and ending sessions inside the transaction of what begins or ends them.
use super::{Accounts, Caller, Internal, SignedIn, Tx, second_factor::Proven};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        event::{Event, EventKind},
        id::{SessionId, UserId},
        session::{EndReason, Ending, Session, horizon},
        user::{Role, User},
    },
    store::{self, endings::Known},
};

/// A session that was written and is good once the transaction is committed.
#[must_use]
pub(super) struct Started {
    /// The session.
    pub session: Session,
    /// What it takes the place of.
    pub replaced: Ended,
}

/// Sessions that were ended and must be refused once the transaction is committed.
#[must_use]
pub(super) struct Ended {
    sessions: Vec<SessionId>,
    ending: Ending,
    /// What other requests have just ended: it may still be on its way to this node and to others.
    lately: Vec<Known>,
}

impl Ended {
    /// These sessions and others that ended for the same reason at the same time.
    pub fn and(mut self, others: Self) -> Self {
        self.sessions.extend(others.sessions);
        self.lately.extend(others.lately);
        self
    }
}

/// Who ends sessions, and from where.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    /// The account that does it; nobody where nobody is known.
    pub actor: Option<&'a UserId>,
    /// From where.
    pub client: &'a Client,
}

impl<'a> By<'a> {
    /// The owner of `session`.
    pub fn owner(session: &'a Session, client: &'a Client) -> Self {
        Self { actor: Some(&session.user_id), client }
    }

    /// Somebody at `client` who is not known.
    pub fn nobody(client: &'a Client) -> Self {
        Self { actor: None, client }
    }

    /// What they do to the account of `user_id`.
    pub fn event(&self, kind: EventKind, user_id: &UserId) -> Event {
        Event { actor_id: self.actor.cloned(), ..Event::new(kind, self.client).about(user_id) }
    }
}

/// That a session of `user` began.
pub(super) fn started(user: &User, session: &Session, how: Option<Proven>, client: &Client) -> Event {
    let event = Event::new(EventKind::SessionStarted, client).by_owner(&user.id).in_session(&session.id);
    match how {
        Some(how) => event.because(how.as_str()),
        None => event,
    }
}

impl Accounts {
    /// What may be done in a session of an account with this role, and a second factor since then. Every session asks this, when it begins
    /// and when a refresh token prolongs it.
    pub(super) fn session_role(&self, role: Role, second_factor_at: Option<Timestamp>) -> Role {
        if self.rules.second_factor_required && second_factor_at.is_none() { Role::User } else { role }
    }

    /// Writes a new session of `user` and ends the one that the caller's browser had, with their events. `how` is what was given beside
    /// the password.
    pub(super) async fn start_session(
        &self,
        tx: &mut Tx,
        user: &User,
        caller: &Caller<'_>,
        how: Option<Proven>,
        now: Timestamp,
    ) -> Result<Started, Internal> {
        let client = &caller.client;
        let role = self.session_role(user.role, user.second_factor_at);
        let session = self.rules.lifetimes.start(user, role, now);
        store::sessions::insert(&mut **tx, &session, client, now).await?;
        self.record(&mut **tx, started(user, &session, how, client), now).await?;
        let replaced = self.make_room(tx, &session, caller.session, client, now).await?;
        Ok(Started { session, replaced })
    }

    /// Ends what a new session takes the place of: `old`, or every other session where an account may have one only. The account's row is
    /// locked, so that of many sign-ins at once one session is left.
    pub(super) async fn make_room(
        &self,
        tx: &mut Tx,
        session: &Session,
        old: Option<&Session>,
        client: &Client,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let reason = EndReason::Replaced;
        if self.rules.one_session {
            let by = By::owner(session, client);
            return self.end_sessions(tx, &session.user_id, Some(&session.id), reason, by, now).await;
        }
        match old {
            Some(old) => self.end_session(tx, old, reason, By::owner(old, client), now).await,
            None => Ok(self.ended_now(Vec::new(), reason, now)),
        }
    }

    /// Ends a session with its event, unless it had ended before.
    pub(super) async fn end_session(
        &self,
        tx: &mut Tx,
        session: &Session,
        reason: EndReason,
        by: By<'_>,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let sessions = vec![session.id.clone()];
        if store::sessions::end(&mut **tx, &session.id, reason, now).await? {
            return self.record_endings(tx, sessions, &session.user_id, reason, by, now).await;
        }
        // Of two sign-outs at once both must hold when they are answered: the other one may not have come that far.
        Ok(self.ended_now(sessions, reason, now))
    }

    /// Ends every session of an account but `except`, with an event for each. When it holds for those, it does for what ended lately, too.
    pub(super) async fn end_sessions(
        &self,
        tx: &mut Tx,
        user_id: &UserId,
        except: Option<&SessionId>,
        reason: EndReason,
        by: By<'_>,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        let sessions = store::sessions::end_all(&mut **tx, user_id, except, reason, now).await?;
        let lately = store::endings::of_user(&mut **tx, user_id, now).await?;
        Ok(Ended { lately, ..self.record_endings(tx, sessions, user_id, reason, by, now).await? })
    }

    pub(super) async fn record_endings(
        &self,
        tx: &mut Tx,
        sessions: Vec<SessionId>,
        user_id: &UserId,
        reason: EndReason,
        by: By<'_>,
        now: Timestamp,
    ) -> Result<Ended, Internal> {
        for session in &sessions {
            let event = by.event(EventKind::SessionEnded, user_id).in_session(session);
            self.record(&mut **tx, event.because(reason.as_str()), now).await?;
        }
        Ok(self.ended_now(sessions, reason, now))
    }

    /// Commits what began a session. The one that it replaces is refused here at once and elsewhere with the next reading: a sign-in
    /// waits for no other node.
    pub(super) async fn commit_start(
        &self,
        tx: Tx,
        started: Started,
        user: User,
        device: String,
        now: Timestamp,
    ) -> Result<SignedIn, Internal> {
        self.commit_numbered(tx, started.replaced, now).await?;
        Ok(SignedIn { user, session: started.session, device })
    }

    /// Commits what ended sessions. When this returns, they are refused on every node.
    pub(super) async fn commit_end(&self, tx: Tx, ended: Ended, now: Timestamp) -> Result<(), Internal> {
        if let Some(number) = self.commit_numbered(tx, ended, now).await? {
            self.settle(number).await;
        }
        Ok(())
    }

    /// Commits with the endings under their number, and refuses the sessions on this node from now on. Answers the number that the
    /// other nodes have to know of.
    pub(super) async fn commit_numbered(
        &self,
        mut tx: Tx,
        ended: Ended,
        now: Timestamp,
    ) -> Result<Option<i64>, Internal> {
        let Ended { sessions, ending, lately } = ended;
        let mut number = lately.iter().map(|known| known.number).max();
        if !sessions.is_empty() {
            let taken = store::endings::take_number(&mut *tx).await?;
            for session in &sessions {
                store::endings::insert(&mut *tx, session, ending, taken).await?;
            }
            number = Some(taken);
        }
        tx.commit().await?;
        for session in sessions {
            self.revocations.end(&session, ending, now, self.clock.uptime());
        }
        for known in lately {
            self.revocations.end(&known.session, known.ending, now, self.clock.uptime());
        }
        Ok(number)
    }

    /// The number under which the table says that `session` was ended, if it does. Then it is refused from now on here too, although
    /// whoever ended it has not come so far yet.
    pub(super) async fn learn_ending(&self, session: &SessionId) -> Result<Option<i64>, Internal> {
        let Some(known) = store::endings::of(&*self.db, session).await? else { return Ok(None) };
        self.revocations.end(&known.session, known.ending, self.clock.now(), self.clock.uptime());
        Ok(Some(known.number))
    }

    /// These sessions, ended for one reason.
    pub(super) fn ended_now(&self, sessions: Vec<SessionId>, reason: EndReason, now: Timestamp) -> Ended {
        let until = now.plus(horizon(&self.rules.lifetimes, &self.rules.tokens));
        Ended { sessions, ending: Ending { reason, until }, lately: Vec::new() }
    }
}
