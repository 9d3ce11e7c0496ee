//! The sessions that ended lately: what a node must know of at its start.
use sqlx::any::AnyExecutor;

use crate::{
    clock::Timestamp,
    model::{
        id::SessionId,
        session::{EndReason, Ending},
    },
};

/// Notes that `session` is over; called in the transaction that ends it.
pub async fn insert(db: impl AnyExecutor<'_>, session: &SessionId, ending: Ending) -> sqlx::Result<()> {
    let sql = "INSERT INTO endings (session_id, reason, until) VALUES ($1, $2, $3) ON CONFLICT (session_id) DO NOTHING";
    let query = sqlx::query(sql).bind(session.as_str()).bind(ending.reason.as_str()).bind(ending.until.millis());
    query.execute(db).await?;
    Ok(())
}

/// The ending of one session, if it was ended.
pub async fn of(db: impl AnyExecutor<'_>, session: &SessionId) -> sqlx::Result<Option<Ending>> {
    let sql = "SELECT reason, until FROM endings WHERE session_id = $1";
    let row: Option<(String, i64)> = sqlx::query_as(sql).bind(session.as_str()).fetch_optional(db).await?;
    Ok(row.map(|(reason, until)| ending(&reason, until)))
}

/// The endings that must still be known at `now`.
pub async fn known(db: impl AnyExecutor<'_>, now: Timestamp) -> sqlx::Result<Vec<(SessionId, Ending)>> {
    let sql = "SELECT session_id, reason, until FROM endings WHERE until > $1";
    let rows: Vec<(String, String, i64)> = sqlx::query_as(sql).bind(now.millis()).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(id, reason, until)| (id.into(), ending(&reason, until))).collect())
}

fn ending(reason: &str, until: i64) -> Ending {
    // A reason that only a newer program knows still ends the session.
    let reason = EndReason::stored(reason).unwrap_or(EndReason::LoggedOut);
    Ending { reason, until: Timestamp::from_millis(until) }
}
