//! Browsers that signed in before.
use sqlx::any::AnyExecutor;

use crate::{clock::Timestamp, model::id::UserId};

/// Notes that a browser signed in to an account again; false when it had never done so.
pub async fn note(db: impl AnyExecutor<'_>, id: &str, user: &UserId, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE devices SET used_at = $1 WHERE id = $2 AND user_id = $3";
    let query = sqlx::query(sql).bind(now.millis()).bind(id).bind(user.as_str());
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Whether a browser signed in to an account before.
pub async fn knows(db: impl AnyExecutor<'_>, id: &str, user: &UserId) -> sqlx::Result<bool> {
    let query = sqlx::query("SELECT id FROM devices WHERE id = $1 AND user_id = $2").bind(id).bind(user.as_str());
    Ok(query.fetch_optional(db).await?.is_some())
}

/// Whether a browser signed in to any account before.
pub async fn exists(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<bool> {
    Ok(sqlx::query("SELECT id FROM devices WHERE id = $1").bind(id).fetch_optional(db).await?.is_some())
}

/// Adds a browser to those that signed in to an account.
pub async fn insert(db: impl AnyExecutor<'_>, id: &str, user: &UserId, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO devices (id, user_id, created_at, used_at) VALUES ($1, $2, $3, $3)
        ON CONFLICT (id, user_id) DO NOTHING";
    sqlx::query(sql).bind(id).bind(user.as_str()).bind(now.millis()).execute(db).await?;
    Ok(())
}

/// Forgets every browser that signed in to an account, but the one called `kept`.
pub async fn forget_others(db: impl AnyExecutor<'_>, user: &UserId, kept: &str) -> sqlx::Result<()> {
    let sql = "DELETE FROM devices WHERE user_id = $1 AND id <> $2";
    sqlx::query(sql).bind(user.as_str()).bind(kept).execute(db).await?;
    Ok(())
}

/// Deletes up to `limit` notes of browsers that signed in to an account before `before` for the last time, and says how many.
pub async fn delete_unused(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM devices WHERE used_at < $1
        AND (id, user_id) IN (SELECT id, user_id FROM devices WHERE used_at < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
