//! What authenticator apps share with us. Whether an account has a second factor, its own row says.
use sqlx::{Row, any::AnyExecutor};

use crate::{
    clock::Timestamp,
    model::id::{SessionId, UserId},
};

/// The secret of an app.
pub struct Shared {
    /// The session that began it.
    pub session: SessionId,
    /// The secret, sealed.
    pub sealed: String,
}

/// Puts a secret in the place of an older one, to be proven in the same session. The account's row is locked.
pub async fn put(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    session: &SessionId,
    sealed: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO second_factors (user_id, session_id, sealed, created_at, last_step) VALUES ($1, $2, $3, $4, 0)
        ON CONFLICT (user_id) DO UPDATE SET session_id = $2, sealed = $3, created_at = $4, last_step = 0";
    let query = sqlx::query(sql).bind(user.as_str()).bind(session.as_str()).bind(sealed).bind(now.millis());
    query.execute(db).await?;
    Ok(())
}

/// The secret of an account.
pub async fn of(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<Option<Shared>> {
    let sql = "SELECT session_id, sealed FROM second_factors WHERE user_id = $1";
    let row = sqlx::query(sql).bind(user.as_str()).fetch_optional(db).await?;
    row.map(|row| {
        Ok(Shared { session: SessionId::from(row.try_get::<String, _>("session_id")?), sealed: row.try_get("sealed")? })
    })
    .transpose()
}

/// Lets the session that takes the place of `old` go on with what that began.
pub async fn hand_over(db: impl AnyExecutor<'_>, user: &UserId, old: &SessionId, new: &SessionId) -> sqlx::Result<()> {
    let sql = "UPDATE second_factors SET session_id = $1 WHERE user_id = $2 AND session_id = $3";
    sqlx::query(sql).bind(new.as_str()).bind(user.as_str()).bind(old.as_str()).execute(db).await?;
    Ok(())
}

/// Uses up the code of this step and of those before it; false when they were. One statement, so that of many at once one gets true.
pub async fn use_step(db: impl AnyExecutor<'_>, user: &UserId, step: i64) -> sqlx::Result<bool> {
    let sql = "UPDATE second_factors SET last_step = $1 WHERE user_id = $2 AND last_step < $1";
    Ok(sqlx::query(sql).bind(step).bind(user.as_str()).execute(db).await?.rows_affected() == 1)
}

/// Forgets the secret of an account.
pub async fn delete(db: impl AnyExecutor<'_>, user: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM second_factors WHERE user_id = $1").bind(user.as_str()).execute(db).await?;
    Ok(())
}
