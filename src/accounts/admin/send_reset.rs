//! Telling somebody to set a new password.
use super::Operator;
use crate::{
    accounts::{Accounts, AdminError},
    model::{event::EventKind, id::UserId, letter::Letter},
    store,
};

impl Accounts {
    /// Mails the owner of the account of `id` the way to a new password; the letter holds no secret, and nothing changes by it.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn send_reset(&self, operator: &Operator<'_>, id: &UserId) -> Result<(), AdminError> {
        let now = self.clock.now();
        let (mut tx, _) = self.begin_on(operator, id).await?;
        let account = store::users::account_of(&mut *tx, id).await?.ok_or(AdminError::NotFound)?;
        let (kind, letter) = if account.has_password {
            (EventKind::PasswordResetRequested, Letter::ResetSuggested {})
        } else {
            (EventKind::UserInvited, Letter::Invited {})
        };
        self.record(&mut *tx, operator.by().event(kind, id), now).await?;
        self.queue_letter(&mut *tx, &account.user.email, &letter, None, now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(())
    }
}
