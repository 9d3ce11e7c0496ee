//! Taking the second factor from somebody who lost it, and holding superusers to theirs.
use super::Operator;
use crate::{
    accounts::{Accounts, AdminError},
    model::{id::UserId, letter::Letter, session::EndReason},
    store,
};

impl Accounts {
    /// Turns the second factor of the account of `id` off. Its sessions end, on every node when this returns, and its owner gets a letter.
    ///
    /// # Errors
    /// See [`AdminError`]; an account without a second factor has nothing to be found. Operators turn their own off with a code.
    pub async fn reset_second_factor(&self, operator: &Operator<'_>, id: &UserId) -> Result<(), AdminError> {
        if operator.session.is_some_and(|session| session.user_id == *id) {
            return Err(AdminError::Own);
        }
        let now = self.clock.now();
        let (mut tx, user) = self.begin_on(operator, id).await?;
        if user.second_factor_at.is_none() {
            return Err(AdminError::NotFound);
        }
        let letter = Letter::SecondFactorReset { at: now.to_string() };
        self.drop_factor(&mut tx, &user, operator.by(), operator.session, &letter, now).await?;
        let ended = self.end_sessions(&mut tx, id, None, EndReason::Forced, operator.by(), now).await?;
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(())
    }

    /// Where superusers must have a second factor, ends every session of those who have none: it may be older than the rule. At every
    /// start, since another node may not have known the rule until now.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn enforce_second_factor(&self) -> Result<(), AdminError> {
        if !self.rules.second_factor_required {
            return Ok(());
        }
        let (operator, now) = (Operator::command_line(), self.clock.now());
        let mut tx = self.begin_as(&operator, None).await?;
        let mut ended = self.ended_now(Vec::new(), EndReason::Forced, now);
        for id in store::users::superusers_with_one_factor(&mut *tx).await? {
            store::users::lock(&mut *tx, &id).await?;
            // Meanwhile a second factor may have been turned on, with what that ends.
            if store::users::by_id(&mut *tx, &id).await?.is_some_and(|user| user.second_factor_at.is_none()) {
                let more = self.end_sessions(&mut tx, &id, None, EndReason::Forced, operator.by(), now).await?;
                ended = ended.and(more);
            }
        }
        self.commit_end(tx, ended, now).await?;
        Ok(())
    }
}
