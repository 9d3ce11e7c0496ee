//! What superusers and the command line do to the accounts of others.
mod change;
mod create;
mod delete;
mod events;
mod force_logout;
pub mod import;
mod page;
mod second_factor;
mod send_reset;
mod sessions;
mod stats;
mod superuser;
mod users;

pub use change::Change;
pub use create::NewAccount;
pub use events::{Addresses, EventFilter};
pub use page::Page;
pub use sessions::{AnySession, SessionFilter, SessionState};
pub use stats::{AccountCounts, Backlog, Counts, Queue, Span, Stats};
pub use superuser::FirstSuperuser;
pub use users::{Account, Kept, Sort, Status, UserFilter};

pub(super) use stats::KeptCounts;

use super::{Accounts, AdminError, By, Tx};
use crate::{
    model::{client::Client, id::UserId, session::Session, user::User},
    store,
};

/// Who acts on the accounts of others.
pub struct Operator<'a> {
    session: Option<&'a Session>,
    client: Client,
}

impl<'a> Operator<'a> {
    /// A superuser, signed in with `session`.
    pub fn superuser(session: &'a Session, client: Client) -> Self {
        Self { session: Some(session), client }
    }

    /// Whoever may run programs where the server runs.
    pub fn command_line() -> Self {
        Self { session: None, client: Client::new(None, Some("nightlatch (command line)")) }
    }

    fn by(&self) -> By<'_> {
        By { actor: self.session.map(|session| &session.user_id), client: &self.client }
    }
}

impl Accounts {
    /// Begins a transaction of `operator`. All of them come one after another, and each begins with the right to it: a superuser who was
    /// demoted, locked or signed out meanwhile does nothing more.
    async fn begin_as(&self, operator: &Operator<'_>, target: Option<&UserId>) -> Result<Tx, AdminError> {
        let mut tx = self.db.begin().await?;
        store::roster::take(&mut *tx).await?;
        if let Some(id) = target {
            store::users::lock(&mut *tx, id).await?;
        }
        let Some(session) = operator.session else { return Ok(tx) };
        store::users::lock(&mut *tx, &session.user_id).await?;
        if store::sessions::lock_open(&mut *tx, &session.id).await? {
            return Ok(tx);
        }
        tx.rollback().await?;
        self.learn_ending(&session.id).await?;
        Err(AdminError::SignedOut)
    }

    /// The same on the account of `id`, which is locked from here on.
    async fn begin_on(&self, operator: &Operator<'_>, id: &UserId) -> Result<(Tx, User), AdminError> {
        let mut tx = self.begin_as(operator, Some(id)).await?;
        match store::users::by_id(&mut *tx, id).await? {
            Some(user) => Ok((tx, user)),
            None => Err(AdminError::NotFound),
        }
    }
}
