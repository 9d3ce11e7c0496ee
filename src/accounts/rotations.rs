//! Refreshes that come while others are being committed are committed together: a commit takes longer than all else of a refresh.
use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{Accounts, Internal};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        event::{Event, EventKind},
        session::Session,
    },
    store::{self, lines::Rotation},
};

/// How many are committed together at most.
const ROUND: usize = 64;

/// Who waits for the next round, and whether somebody is busy with one.
#[derive(Default)]
pub(super) struct Rotations(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    at_work: bool,
}

struct Waiting {
    rotation: Rotation,
    client: Client,
    tell: oneshot::Sender<Result<Outcome, Internal>>,
}

/// The session and the time of its round, or `None` where the token is not the last one of an open session.
type Outcome = Option<(Session, Timestamp)>;

impl Accounts {
    /// Uses up a refresh token: the session goes on with the next one. It is recorded and committed when this answers.
    pub(super) async fn rotate(&self, rotation: Rotation, client: &Client) -> Result<Outcome, Internal> {
        let (tell, told) = oneshot::channel();
        if self.rotations.join(Waiting { rotation: rotation.clone(), client: client.clone(), tell }) {
            let accounts = self.clone();
            // Whoever came first may go away, and the others wait on.
            tokio::spawn(async move { accounts.make_rounds().await });
        }
        let told = self.db.in_time(told).await?;
        match told.map_err(|_| Internal::new("a round of refreshes was not finished"))?? {
            // It may have been left out, and on SQLite nothing is.
            None if !self.db.is_sqlite() => Ok(self.commit_rotations(&[rotation], &[client]).await?.pop().flatten()),
            outcome => Ok(outcome),
        }
    }

    async fn make_rounds(&self) {
        while let Some(round) = self.rotations.next() {
            let accounts = self.clone();
            // Of a panic in it only those hear who are in this round.
            let _ = tokio::spawn(async move { accounts.make_round(round).await }).await;
        }
    }

    async fn make_round(&self, round: Vec<Waiting>) {
        let (rotations, callers): (Vec<_>, Vec<_>) =
            round.into_iter().map(|one| (one.rotation, (one.client, one.tell))).unzip();
        let clients: Vec<&Client> = callers.iter().map(|(client, _)| client).collect();
        let outcomes = self.commit_rotations(&rotations, &clients).await;
        for (number, (_, tell)) in callers.into_iter().enumerate() {
            let outcome = outcomes.as_ref().map(|outcomes| outcomes[number].clone()).map_err(Clone::clone);
            // Whoever went away comes again with the same token.
            let _ = tell.send(outcome);
        }
    }

    async fn commit_rotations(&self, rotations: &[Rotation], clients: &[&Client]) -> Result<Vec<Outcome>, Internal> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // One alone has nothing that others could wait for.
        let patient = rotations.len() == 1 || self.db.is_sqlite();
        let rotated = store::lines::rotate(&mut tx, rotations, self.rules.tokens.refresh_idle, patient, now).await?;
        let (mut outcomes, mut events) = (Vec::with_capacity(rotations.len()), Vec::with_capacity(rotated.len()));
        for (rotation, client) in rotations.iter().zip(clients) {
            let session = rotated.iter().find(|one| one.session.id == rotation.session).map(|one| self.session_of(one));
            if let Some(session) = &session {
                let event = Event::new(EventKind::TokenRefreshed, client);
                events.push(event.by_owner(&session.user_id).in_session(&session.id));
            }
            outcomes.push(session.map(|session| (session, now)));
        }
        if events.is_empty() {
            tx.rollback().await?;
            return Ok(outcomes);
        }
        self.record_each(&mut tx, events, now).await?;
        tx.commit().await?;
        Ok(outcomes)
    }
}

impl Rotations {
    /// Waits for the next round; true for whoever has to see to it.
    fn join(&self, one: Waiting) -> bool {
        let mut queue = self.lock();
        queue.waiting.push(one);
        !std::mem::replace(&mut queue.at_work, true)
    }

    /// The next round, of which no two are of one session; without one nobody is at work any more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.lock();
        // Who has gone away, or was told to come back, is not served behind its back.
        queue.waiting.retain(|one| !one.tell.is_closed());
        let mut sessions = HashSet::new();
        let mut fits = |one: &mut Waiting| sessions.len() < ROUND && sessions.insert(one.rotation.session.clone());
        let round: Vec<_> = queue.waiting.extract_if(.., |one| fits(one)).collect();
        queue.at_work = !round.is_empty();
        queue.at_work.then_some(round)
    }

    // A panic while the lock was held cannot leave a queue half written.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
