//! The second factor of an account: turning it on and off, and the recovery codes beside it.
mod check;
mod recovery;
mod turn_off;
mod turn_on;

pub(super) use check::Proven;
pub use turn_on::{Enabled, Proposal};

use super::{Accounts, ActError, By, Caller, FactorError, Internal, SignedIn, Tx};
use crate::{
    clock::Timestamp,
    model::{
        session::{EndReason, Session},
        user::{Role, User},
    },
    store,
};

/// What an account has of a second factor.
pub struct FactorState {
    /// Since when signing in asks for it; `None`: it does not.
    pub enabled_at: Option<Timestamp>,
    /// The recovery codes that were not used yet.
    pub recovery_codes_left: i64,
}

impl Accounts {
    /// The second factor of the owner of `session`.
    ///
    /// # Errors
    /// The account was deleted meanwhile, or a fault of ours.
    pub async fn second_factor(&self, session: &Session) -> Result<FactorState, ActError> {
        let user = self.account(session).await?;
        Ok(self.factor_state(&user).await?)
    }

    pub(super) async fn factor_state(&self, user: &User) -> Result<FactorState, Internal> {
        let recovery_codes_left = store::recovery_codes::count(&*self.db, &user.id).await?;
        Ok(FactorState { enabled_at: user.second_factor_at, recovery_codes_left })
    }

    /// Begins a transaction on the caller's own account, which is locked from here on; the session must still be open.
    async fn begin_own(&self, session: &Session) -> Result<(Tx, User), FactorError> {
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &session.user_id).await?;
        if store::sessions::lock_open(&mut *tx, &session.id).await?
            && let Some(user) = store::users::by_id(&mut *tx, &session.user_id).await?
        {
            return Ok((tx, user));
        }
        tx.rollback().await?;
        self.learn_ending(&session.id).await?;
        Err(FactorError::SignedOut)
    }

    /// Ends every other session of `user`, who has or had a second factor from now on, and commits. Where that changes what may be done in
    /// a session, the caller's own begins anew in a browser; that of a program ends if it could do more.
    async fn end_others(
        &self,
        mut tx: Tx,
        user: User,
        session: &Session,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, Internal> {
        let role = self.session_role(user.role, user.second_factor_at);
        let (changes, browser) = (role != session.role, caller.session.is_some());
        let own_ends = changes && (browser || role == Role::User);
        let except = (!own_ends).then_some(&session.id);
        let by = By::owner(session, &caller.client);
        let ended = self.end_sessions(&mut tx, &user.id, except, EndReason::EndedByYou, by, now).await?;
        let anew = match changes && browser {
            true => Some(self.begin_anew(&mut tx, user, caller, now).await?),
            false => None,
        };
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(anew)
    }

    async fn begin_anew(
        &self,
        tx: &mut Tx,
        user: User,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<SignedIn, Internal> {
        // Every older session has ended in this transaction.
        let caller = Caller { client: caller.client.clone(), session: None, device: caller.device };
        let started = self.start_session(tx, &user, &caller, None, now).await?;
        let device = self.know_device(tx, &user, &caller, now).await?;
        Ok(SignedIn { session: started.session, user, device })
    }
}
