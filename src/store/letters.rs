//! The mail queue.
use sqlx::any::AnyExecutor;

use crate::{clock::Timestamp, model::email::Email};

/// A letter whose turn has come.
pub struct Due {
    /// Its row.
    pub id: String,
    /// Where it goes.
    pub recipient: String,
    /// What it says, encrypted.
    pub sealed: String,
    /// How often it was tried, this time counted.
    pub attempts: i64,
    /// From then on it is worthless.
    pub not_after: Option<Timestamp>,
}

/// Puts a letter into the queue; called in the transaction of what it tells.
pub async fn insert(
    db: impl AnyExecutor<'_>,
    id: &str,
    recipient: &str,
    sealed: &str,
    not_after: Option<Timestamp>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO letters (id, recipient, sealed, created_at, not_after, attempts, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, 0, $4)";
    sqlx::query(sql)
        .bind(id)
        .bind(recipient)
        .bind(sealed)
        .bind(now.millis())
        .bind(not_after.map(Timestamp::millis))
        .execute(db)
        .await?;
    Ok(())
}

/// Drops what has outlived its use: a code that expired in the queue is not sent. Answers how many.
pub async fn drop_expired(db: impl AnyExecutor<'_>, now: Timestamp) -> sqlx::Result<u64> {
    let sql = "UPDATE letters SET dropped_at = $1, sealed = '', last_error = 'expired in the queue'
        WHERE sent_at IS NULL AND dropped_at IS NULL AND not_after <= $1";
    Ok(sqlx::query(sql).bind(now.millis()).execute(db).await?.rows_affected())
}

/// Takes up to `limit` letters that are due and keeps other nodes off them until `until`; the oldest first.
pub async fn claim(db: impl AnyExecutor<'_>, now: Timestamp, until: Timestamp, limit: i64) -> sqlx::Result<Vec<Due>> {
    let sql = "UPDATE letters SET next_attempt_at = $1, attempts = attempts + 1
        WHERE sent_at IS NULL AND dropped_at IS NULL AND next_attempt_at <= $2
            AND id IN (SELECT id FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL AND next_attempt_at <= $2
                ORDER BY next_attempt_at, id LIMIT $3)
        RETURNING id, recipient, sealed, attempts, not_after";
    let rows = sqlx::query_as::<_, (String, String, String, i64, Option<i64>)>(sql)
        .bind(until.millis())
        .bind(now.millis())
        .bind(limit)
        .fetch_all(db)
        .await?;
    let due = |(id, recipient, sealed, attempts, not_after): (_, _, _, _, Option<i64>)| {
        let not_after = not_after.map(Timestamp::from_millis);
        Due { id, recipient, sealed, attempts, not_after }
    };
    let mut letters: Vec<Due> = rows.into_iter().map(due).collect();
    letters.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(letters)
}

/// Gives a letter back that was taken and not tried: it is due now.
pub async fn give_back(db: impl AnyExecutor<'_>, id: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE letters SET next_attempt_at = $1, attempts = attempts - 1 WHERE id = $2";
    sqlx::query(sql).bind(now.millis()).bind(id).execute(db).await?;
    Ok(())
}

/// Notes that a letter left, and forgets what it said.
pub async fn sent(db: impl AnyExecutor<'_>, id: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE letters SET sent_at = $1, sealed = '', last_error = NULL WHERE id = $2";
    sqlx::query(sql).bind(now.millis()).bind(id).execute(db).await?;
    Ok(())
}

/// Notes why a letter did not leave, and when it is tried again.
pub async fn failed(db: impl AnyExecutor<'_>, id: &str, error: &str, again: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE letters SET next_attempt_at = $1, last_error = $2 WHERE id = $3";
    sqlx::query(sql).bind(again.millis()).bind(error).bind(id).execute(db).await?;
    Ok(())
}

/// Gives a letter up, and forgets what it said.
pub async fn dropped(db: impl AnyExecutor<'_>, id: &str, error: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE letters SET dropped_at = $1, sealed = '', last_error = $2 WHERE id = $3";
    sqlx::query(sql).bind(now.millis()).bind(error).bind(id).execute(db).await?;
    Ok(())
}

/// How many letters have not left, and when the oldest of them was written.
pub async fn queue(db: impl AnyExecutor<'_>) -> sqlx::Result<(i64, Option<Timestamp>)> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL";
    let (waiting, oldest): (i64, Option<i64>) = sqlx::query_as(sql).fetch_one(db).await?;
    Ok((waiting, oldest.map(Timestamp::from_millis)))
}

/// Deletes every letter to an address.
pub async fn delete_to(db: impl AnyExecutor<'_>, recipient: &Email) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM letters WHERE recipient = $1").bind(recipient.as_str()).execute(db).await?;
    Ok(())
}

/// Deletes up to `limit` letters that left or were given up before `before`, and says how many. One that expires is given up.
pub async fn delete_done(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM letters WHERE COALESCE(sent_at, dropped_at) < $1
        AND id IN (SELECT id FROM letters WHERE COALESCE(sent_at, dropped_at) < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
