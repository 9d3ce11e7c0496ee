//! The sessions of an account, for its owner: to see them and to end them.
use super::{Accounts, By, Internal};
use crate::{
    model::{
        client::Client,
        id::SessionId,
        session::{EndReason, Session},
    },
    store::{self, sessions::Kind},
};

pub use crate::store::sessions::{Kind as SessionKind, OpenSession};

impl Accounts {
    /// The sessions that go on, the newest first. Last use is known exactly for what this node saw, and to within
    /// [`FLUSH`](super::seen::FLUSH) for the rest.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn open_sessions(&self, session: &Session) -> Result<Vec<OpenSession>, Internal> {
        let now = self.clock.now();
        let mut open = store::sessions::open(&*self.db, &session.user_id, now).await?;
        for row in &mut open {
            row.last_seen_at = row.last_seen_at.max(self.seen.last(&row.id).unwrap_or(row.last_seen_at));
        }
        // What was not used for so long has closed by itself, whatever may still be on its way from another node.
        let idle = self.rules.lifetimes.idle + super::seen::FLUSH;
        open.retain(|row| row.kind == Kind::Api || now < row.last_seen_at.plus(idle));
        Ok(open)
    }

    /// Ends one session of the account, on every node when this returns; false when the account has none of this name that goes on.
    ///
    /// # Errors
    /// The ending could not be stored; then the session may go on.
    pub async fn end_own_session(&self, session: &Session, id: &SessionId, client: &Client) -> Result<bool, Internal> {
        let (reason, now) = (EndReason::EndedByYou, self.clock.now());
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &session.user_id).await?;
        if !store::sessions::end_of(&mut *tx, &session.user_id, id, reason, now).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let ended = self
            .record_endings(&mut tx, vec![id.clone()], &session.user_id, reason, By::owner(session, client), now)
            .await?;
        self.commit_end(tx, ended, now).await?;
        Ok(true)
    }

    /// Ends every session of the account but the caller's, on every node when this returns.
    ///
    /// # Errors
    /// The endings could not be stored; then the sessions may go on.
    pub async fn end_other_sessions(&self, session: &Session, client: &Client) -> Result<(), Internal> {
        self.end_many(session, Some(&session.id), EndReason::EndedByYou, client).await
    }

    /// Ends every session of the account, the caller's too, on every node when this returns.
    ///
    /// # Errors
    /// The endings could not be stored; then the sessions may go on.
    pub async fn logout_all(&self, session: &Session, client: &Client) -> Result<(), Internal> {
        self.end_many(session, None, EndReason::LoggedOutEverywhere, client).await
    }

    async fn end_many(
        &self,
        session: &Session,
        except: Option<&SessionId>,
        reason: EndReason,
        client: &Client,
    ) -> Result<(), Internal> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &session.user_id).await?;
        let ended =
            self.end_sessions(&mut tx, &session.user_id, except, reason, By::owner(session, client), now).await?;
        self.commit_end(tx, ended, now).await
    }
}
