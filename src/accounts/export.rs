//! Everything that is stored about a person, for that person.
use super::{Accounts, ActError, FactorState, Internal};
use crate::{
    model::{session::Session, user::User},
    store::{self, sessions::Signin},
};

pub use crate::store::events::Recorded;

/// The most sign-ins and events of one export: more than the time they are kept for brings about.
const EVERYTHING: i64 = 100_000;

/// An account with its sessions and its audit trail, the newest first.
pub struct Export {
    /// The account.
    pub user: User,
    /// Its second factor.
    pub second_factor: FactorState,
    /// Its sessions.
    pub sessions: Vec<Signin>,
    /// What the audit trail says about it.
    pub events: Vec<Recorded>,
}

impl Accounts {
    /// Everything stored about the owner of `session`.
    ///
    /// # Errors
    /// The account was deleted meanwhile, or a fault of ours.
    pub async fn export(&self, session: &Session) -> Result<Export, ActError> {
        let user = self.account(session).await?;
        let sessions = store::sessions::recent(&*self.db, &user.id, EVERYTHING).await?;
        let events = store::events::about(&*self.db, &user.id, None, EVERYTHING).await?;
        Ok(Export { second_factor: self.factor_state(&user).await?, user, sessions, events })
    }

    /// A page of the audit trail about the owner of `session`, the newest first, from before `cursor` on.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn events(&self, session: &Session, cursor: Option<&str>, limit: i64) -> Result<Vec<Recorded>, Internal> {
        Ok(store::events::about(&*self.db, &session.user_id, cursor, limit).await?)
    }
}
