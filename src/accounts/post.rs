//! Puts letters into the queue.
use sqlx::any::AnyExecutor;

use super::{Accounts, Internal};
use crate::{
    clock::Timestamp,
    model::{email::Email, id::row_id, letter::Letter},
    store,
};

impl Accounts {
    /// Seals `letter` to `recipient` into the queue, in the transaction of what it tells. It is not sent from `not_after` on, and to what
    /// only stands for an address not at all.
    pub(super) async fn queue_letter(
        &self,
        db: impl AnyExecutor<'_>,
        recipient: &Email,
        letter: &Letter,
        not_after: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let letter = if recipient.is_stand_in() { &Letter::Void {} } else { letter };
        let id = row_id(now);
        let sealed = self.secret.seal(&letter_place(&id), &serde_json::to_vec(letter)?)?;
        store::letters::insert(db, &id, recipient.as_str(), &sealed, not_after, now).await?;
        Ok(())
    }
}

/// What a letter is sealed for: it opens nowhere else.
pub fn letter_place(id: &str) -> String {
    format!("letter:{id}")
}
