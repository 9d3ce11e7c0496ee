//! What accounts are found by.
use crate::{db::Connection, model::id::UserId};

/// Puts `words` in the place of those that `user` was found by before.
pub async fn set(db: &mut Connection, user: &UserId, words: impl IntoIterator<Item = String>) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM user_words WHERE user_id = $1").bind(user.as_str()).execute(&mut *db).await?;
    for word in words {
        let sql = "INSERT INTO user_words (user_id, word) VALUES ($1, $2)";
        sqlx::query(sql).bind(user.as_str()).bind(word).execute(&mut *db).await?;
    }
    Ok(())
}
