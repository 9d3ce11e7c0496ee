//! Running nodes, each with the number up to which it knows of every ending.
use sqlx::any::AnyExecutor;

use crate::clock::Timestamp;

/// Writes the row of a node that has seen nothing yet.
pub async fn register(db: impl AnyExecutor<'_>, id: &str, registration: i64, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO nodes (id, registration, seen, started_at) VALUES ($1, $2, -1, $3)
        ON CONFLICT (id) DO UPDATE SET registration = $2, seen = -1";
    sqlx::query(sql).bind(id).bind(registration).bind(now.millis()).execute(db).await?;
    Ok(())
}

/// Notes that a node knows of every ending up to `number`; false when its row is gone.
pub async fn publish(db: impl AnyExecutor<'_>, id: &str, registration: i64, number: i64) -> sqlx::Result<bool> {
    let sql = "UPDATE nodes SET seen = $1 WHERE id = $2 AND registration = $3";
    let done = sqlx::query(sql).bind(number).bind(id).bind(registration).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// The nodes other than `but` that do not say yet that they know of `number`.
pub async fn behind(db: impl AnyExecutor<'_>, number: i64, but: &str) -> sqlx::Result<Vec<String>> {
    let sql = "SELECT id FROM nodes WHERE seen < $1 AND id <> $2";
    sqlx::query_scalar(sql).bind(number).bind(but).fetch_all(db).await
}

/// Deletes the row of a node that still does not say that it knows of `number`: nobody waits for it any more.
pub async fn give_up(db: impl AnyExecutor<'_>, id: &str, number: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM nodes WHERE id = $1 AND seen < $2").bind(id).bind(number).execute(db).await?;
    Ok(())
}

/// Deletes the row of a node that stops.
pub async fn remove(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM nodes WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// How many nodes have a row.
pub async fn count(db: impl AnyExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM nodes").fetch_one(db).await
}
