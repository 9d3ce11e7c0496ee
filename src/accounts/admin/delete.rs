//! Deleting the account of somebody else.
use super::Operator;
use crate::{
    accounts::{Accounts, AdminError},
    model::id::UserId,
    store,
};

impl Accounts {
    /// Deletes the account of `id` with all that hangs on it; its sessions are refused on every node when this returns.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn remove_account(&self, operator: &Operator<'_>, id: &UserId) -> Result<(), AdminError> {
        let now = self.clock.now();
        let (mut tx, user) = self.begin_on(operator, id).await?;
        if store::users::is_last_superuser(&mut *tx, id).await? {
            return Err(AdminError::LastSuperuser);
        }
        let ended = self.remove(&mut tx, &user, operator.by(), operator.session, now).await?;
        self.commit_end(tx, ended, now).await?;
        Ok(())
    }
}
