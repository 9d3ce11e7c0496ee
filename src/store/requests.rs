//! Requests that a code answers: pending sign-ups and resets, also for unknown and taken addresses, and sign-ins without their second factor.
use sqlx::{Row, any::AnyExecutor};

use crate::{
    clock::Timestamp,
    model::{code::Purpose, email::Email, id::UserId},
};

/// A request as it begins.
pub struct New<'a> {
    /// The keyed hash of its secret name.
    pub name_hash: &'a str,
    /// What it asks for.
    pub purpose: Purpose,
    /// The address the code goes to.
    pub email: &'a Email,
    /// The account it is about; none for a sign-up or an unknown address.
    pub user_id: Option<&'a UserId>,
    /// What the person wants to be called.
    pub display_name: Option<&'a str>,
    /// The password chosen with it.
    pub password_hash: Option<&'a str>,
    /// The keyed hash of its code.
    pub code_mac: &'a str,
    /// From then on the code is worthless.
    pub code_expires_at: Timestamp,
    /// From then on the request is worthless, with a new code too.
    pub expires_at: Timestamp,
}

/// A request whose code is being tried.
pub struct Open {
    /// The address the code went to.
    pub email: Email,
    /// The account it is about.
    pub user_id: Option<UserId>,
    /// What the person wants to be called.
    pub display_name: Option<String>,
    /// The password chosen with it.
    pub password_hash: Option<String>,
    /// The keyed hash of its code.
    pub code_mac: String,
}

/// How often a code may be tried, and how often and how soon another may be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tries per request.
    pub attempts: u32,
    /// New codes per request.
    pub resends: u32,
}

/// Adds a request.
pub async fn insert(db: impl AnyExecutor<'_>, new: New<'_>, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO requests (id, purpose, email, user_id, name, password_hash, code_mac, code_sent_at, code_expires_at,
            attempts, resends, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $8, $10)";
    sqlx::query(sql)
        .bind(new.name_hash)
        .bind(new.purpose.as_str())
        .bind(new.email.as_str())
        .bind(new.user_id.map(UserId::as_str))
        .bind(new.display_name)
        .bind(new.password_hash)
        .bind(new.code_mac)
        .bind(now.millis())
        .bind(new.code_expires_at.millis())
        .bind(new.expires_at.millis())
        .execute(db)
        .await?;
    Ok(())
}

/// The request, if a code could still answer it. Counts nothing.
pub async fn open(
    db: impl AnyExecutor<'_>,
    name_hash: &str,
    purpose: Purpose,
    limits: Limits,
    now: Timestamp,
) -> sqlx::Result<Option<Open>> {
    let sql = "SELECT email, user_id, name, password_hash, code_mac FROM requests
        WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND attempts < $3 AND code_expires_at > $4 AND expires_at > $4";
    fetch(db, sql, name_hash, purpose, limits, now).await
}

/// Counts a try and gives the request it was for, or `None` when it cannot be answered any more. The row stays locked to the end of
/// the transaction, so that a thousand tries at once are counted one by one.
pub async fn count_attempt(
    db: impl AnyExecutor<'_>,
    name_hash: &str,
    purpose: Purpose,
    limits: Limits,
    now: Timestamp,
) -> sqlx::Result<Option<Open>> {
    let sql = "UPDATE requests SET attempts = attempts + 1
        WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND attempts < $3 AND code_expires_at > $4 AND expires_at > $4
        RETURNING email, user_id, name, password_hash, code_mac";
    fetch(db, sql, name_hash, purpose, limits, now).await
}

async fn fetch(
    db: impl AnyExecutor<'_>,
    sql: &'static str,
    name_hash: &str,
    purpose: Purpose,
    limits: Limits,
    now: Timestamp,
) -> sqlx::Result<Option<Open>> {
    let row = sqlx::query(sql)
        .bind(name_hash)
        .bind(purpose.as_str())
        .bind(i64::from(limits.attempts))
        .bind(now.millis())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Open {
            email: Email::stored(row.try_get("email")?),
            user_id: row.try_get::<Option<String>, _>("user_id")?.map(UserId::from),
            display_name: row.try_get("name")?,
            password_hash: row.try_get("password_hash")?,
            code_mac: row.try_get("code_mac")?,
        })
    })
    .transpose()
}

/// Uses the request up; false when somebody else did.
pub async fn consume(db: impl AnyExecutor<'_>, name_hash: &str, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE requests SET used_at = $1, password_hash = NULL WHERE id = $2 AND used_at IS NULL";
    let done = sqlx::query(sql).bind(now.millis()).bind(name_hash).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Voids every request about an account.
pub async fn void_all(db: impl AnyExecutor<'_>, user: &UserId, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE requests SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL";
    sqlx::query(sql).bind(now.millis()).bind(user.as_str()).execute(db).await?;
    Ok(())
}

/// Gives the request a new code in place of the old one, and time to answer it, unless it is over, had one after `last_before`, or had too many.
/// False when it did nothing. The tries go on counting.
pub async fn renew_code(
    db: impl AnyExecutor<'_>,
    name_hash: &str,
    code: (&str, Timestamp),
    last_before: Timestamp,
    limits: Limits,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE requests SET code_mac = $1, code_expires_at = $2, code_sent_at = $3, resends = resends + 1,
            expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END
        WHERE id = $4 AND purpose = $5 AND used_at IS NULL AND expires_at > $3 AND attempts < $6
            AND code_sent_at <= $7 AND resends < $8";
    let done = sqlx::query(sql)
        .bind(code.0)
        .bind(code.1.millis())
        .bind(now.millis())
        .bind(name_hash)
        .bind(Purpose::Signup.as_str())
        .bind(i64::from(limits.attempts))
        .bind(last_before.millis())
        .bind(i64::from(limits.resends))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The address a request is for, while it is open, to show it to the holder of the request.
pub async fn address(
    db: impl AnyExecutor<'_>,
    name_hash: &str,
    purpose: Purpose,
    now: Timestamp,
) -> sqlx::Result<Option<Email>> {
    let sql = "SELECT email FROM requests WHERE id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    let query = sqlx::query_scalar(sql).bind(name_hash).bind(purpose.as_str()).bind(now.millis());
    Ok(query.fetch_optional(db).await?.map(Email::stored))
}

/// Deletes every request of an address, pending sign-ups too.
pub async fn delete_for(db: impl AnyExecutor<'_>, email: &Email) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM requests WHERE email = $1").bind(email.as_str()).execute(db).await?;
    Ok(())
}

/// Deletes up to `limit` requests that nobody could answer any more at `before`, and says how many.
pub async fn delete_expired(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM requests WHERE expires_at < $1
        AND id IN (SELECT id FROM requests WHERE expires_at < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
