//! Wrong passwords and wrong codes of second factors in a row.
use std::time::Duration;

use sqlx::any::AnyExecutor;

use crate::{
    clock::{Timestamp, millis},
    model::id::UserId,
};

/// How wrong passwords in a row slow the next one down.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// As many that nobody has to wait for; one at least.
    pub free: u32,
    /// The wait for the first one after them; each one more doubles it.
    pub wait: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// After as many no other is taken, however long one waits.
    pub most: u32,
}

/// What is counted.
pub struct Guess<'a> {
    /// The keyed name of who guesses at what.
    pub id: &'a str,
    /// The account that is guessed at.
    pub user: Option<&'a UserId>,
    /// Whether codes of a second factor are guessed, and not passwords.
    pub of_codes: bool,
    /// When all is forgotten.
    pub expires_at: Timestamp,
}

/// Counts a guess ahead as a wrong one; false, and nothing counted, while one has to wait, or after
/// too many. One statement, so that any number of nodes at once let no more through.
pub async fn count(
    db: impl AnyExecutor<'_>,
    guess: Guess<'_>,
    patience: Patience,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO guesses (id, user_id, failures, wait, failed_at, expires_at, of_codes) VALUES ($1, $2, 1, 0, $3, $4, $9)
        ON CONFLICT (id) DO UPDATE SET
            failures = guesses.failures + 1,
            wait = CASE WHEN guesses.failures < $5 THEN 0 WHEN guesses.wait = 0 THEN $6
                WHEN guesses.wait * 2 > $7 THEN $7 ELSE guesses.wait * 2 END,
            failed_at = $3,
            expires_at = $4
        WHERE guesses.failed_at + guesses.wait <= $3 AND guesses.failures < $8";
    let query = sqlx::query(sql)
        .bind(guess.id)
        .bind(guess.user.map(UserId::as_str))
        .bind(now.millis())
        .bind(guess.expires_at.millis())
        .bind(i64::from(patience.free))
        .bind(millis(patience.wait))
        .bind(millis(patience.longest))
        .bind(i64::from(patience.most))
        .bind(guess.of_codes.then_some(1_i64));
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Takes back one that was counted ahead and never looked at. Whoever was let through may try again at once.
pub async fn take_back(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<()> {
    let sql =
        "UPDATE guesses SET failures = failures - 1, wait = wait / 2, failed_at = 0 WHERE id = $1 AND failures > 0";
    sqlx::query(sql).bind(id).execute(db).await?;
    Ok(())
}

/// Keeps what was counted for longer.
pub async fn keep(db: impl AnyExecutor<'_>, id: &str, expires_at: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE guesses SET expires_at = $1 WHERE id = $2";
    sqlx::query(sql).bind(expires_at.millis()).bind(id).execute(db).await?;
    Ok(())
}

/// Forgets what was counted.
pub async fn forget(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM guesses WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// Forgets everything that was counted of an account.
pub async fn forget_all(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM guesses WHERE user_id = $1").bind(user.as_str()).execute(db).await?;
    Ok(())
}

/// Forgets the wrong passwords of an account, and no wrong code.
pub async fn forget_passwords(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<()> {
    let sql = "DELETE FROM guesses WHERE user_id = $1 AND of_codes IS NULL";
    sqlx::query(sql).bind(user.as_str()).execute(db).await?;
    Ok(())
}

/// Forgets the wrong codes of an account, and no wrong password.
pub async fn forget_codes(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<()> {
    let sql = "DELETE FROM guesses WHERE user_id = $1 AND of_codes IS NOT NULL";
    sqlx::query(sql).bind(user.as_str()).execute(db).await?;
    Ok(())
}

/// Deletes up to `limit` that were to be forgotten before `before`, and says how many.
pub async fn delete_expired(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM guesses WHERE expires_at < $1
        AND id IN (SELECT id FROM guesses WHERE expires_at < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
