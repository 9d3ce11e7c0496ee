//! Signing others out.
use std::collections::BTreeSet;

use super::Operator;
use crate::{
    accounts::{Accounts, AdminError},
    model::{id::UserId, session::EndReason},
    store,
};

/// Sessions that are looked at in one transaction: others wait for no longer than it takes.
const BATCH: i64 = 200;

impl Accounts {
    /// Ends every session and token of the account of `id`, on every node when this returns.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn force_logout(&self, operator: &Operator<'_>, id: &UserId) -> Result<(), AdminError> {
        let now = self.clock.now();
        let (mut tx, user) = self.begin_on(operator, id).await?;
        let ended = self.end_sessions(&mut tx, &user.id, None, EndReason::Forced, operator.by(), now).await?;
        self.commit_end(tx, ended, now).await?;
        Ok(())
    }

    /// Ends every session that is there, of everybody, `operator` too; on every node when this returns. That of `operator` ends last: where
    /// it stops half-way, it can be asked for again.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn logout_everyone(&self, operator: &Operator<'_>) -> Result<(), AdminError> {
        let own = operator.session.map(|session| &session.id);
        // From the newest on, so that those which begin meanwhile are not met.
        let mut place = Some(store::sessions::newest());
        let mut last = None;
        while let Some(from) = place {
            let now = self.clock.now();
            let mut tx = self.begin_as(operator, None).await?;
            let open = store::sessions::holders(&mut *tx, &from, now, BATCH).await?;
            place = open.last().map(|open| open.place.clone());
            let users: BTreeSet<&UserId> = open.iter().map(|open| &open.user_id).collect();
            let mut ended = self.ended_now(Vec::new(), EndReason::Forced, now);
            for id in users {
                store::users::lock(&mut *tx, id).await?;
                let more = self.end_sessions(&mut tx, id, own, EndReason::Forced, operator.by(), now).await?;
                ended = ended.and(more);
            }
            last = self.commit_numbered(tx, ended, now).await?.or(last);
        }
        if let Some(session) = operator.session {
            let now = self.clock.now();
            let mut tx = self.begin_as(operator, Some(&session.user_id)).await?;
            let ended = self.end_session(&mut tx, session, EndReason::Forced, operator.by(), now).await?;
            last = self.commit_numbered(tx, ended, now).await?.or(last);
        }
        if let Some(number) = last {
            self.settle(number).await;
        }
        Ok(())
    }
}
