//! An account with its last sign-ins, in one statement: a page waits for the database once.
use sqlx::{
    Row,
    any::{AnyExecutor, AnyRow},
};

use super::{moment, sessions::Signin, users};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        id::{SessionId, UserId},
        session::EndReason,
        user::User,
    },
};

/// The account of `user` and its last sign-ins, at most `limit`, the newest first; `None` when it is gone.
pub async fn of(db: impl AnyExecutor<'_>, user: &UserId, limit: i64) -> sqlx::Result<Option<(User, Vec<Signin>)>> {
    let sql = "SELECT users.id, email, name, username, role, version, locked_at, email_verified_at, second_factor_at, users.created_at,
            signin_id, signin_at, ip, user_agent, end_reason, ends_at
        FROM users LEFT JOIN (
            SELECT id AS signin_id, created_at AS signin_at, ip, user_agent, end_reason, ends_at FROM sessions
            WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
        ) AS signins ON TRUE
        WHERE users.id = $1 ORDER BY signin_at DESC, signin_id DESC";
    let rows = sqlx::query(sql).bind(user.as_str()).bind(limit).fetch_all(db).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let signins = rows.iter().filter_map(|row| signin(row).transpose()).collect::<sqlx::Result<_>>()?;
    Ok(Some((users::user(first)?, signins)))
}

/// `None` in the only row of an account that nobody has signed in to.
fn signin(row: &AnyRow) -> sqlx::Result<Option<Signin>> {
    let Some(at) = moment(row, "signin_at")? else { return Ok(None) };
    Ok(Some(Signin {
        session: SessionId::from(row.try_get::<&str, _>("signin_id")?),
        at,
        client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
        end_reason: row.try_get::<Option<&str>, _>("end_reason")?.and_then(EndReason::stored),
        ends_at: Timestamp::from_millis(row.try_get("ends_at")?),
    }))
}
