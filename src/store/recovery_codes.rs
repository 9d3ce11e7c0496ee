//! Recovery codes, as keyed hashes that name the account too.
use sqlx::any::AnyExecutor;

use crate::model::id::UserId;

/// Adds a code.
pub async fn insert(db: impl AnyExecutor<'_>, user: &UserId, id: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO recovery_codes (id, user_id) VALUES ($1, $2)")
        .bind(id)
        .bind(user.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Uses a code up; false when there is none of this name. One statement, so that of many at once one gets true.
pub async fn spend(db: impl AnyExecutor<'_>, user: &UserId, id: &str) -> sqlx::Result<bool> {
    let sql = "DELETE FROM recovery_codes WHERE id = $1 AND user_id = $2";
    Ok(sqlx::query(sql).bind(id).bind(user.as_str()).execute(db).await?.rows_affected() == 1)
}

/// How many an account has left.
pub async fn count(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<i64> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";
    sqlx::query_scalar(sql).bind(user.as_str()).fetch_one(db).await
}

/// Deletes those of an account.
pub async fn delete_all(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.as_str()).execute(db).await?;
    Ok(())
}
