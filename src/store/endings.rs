//! The sessions that ended lately, numbered in the order in which their transactions became visible.
use sqlx::{
    Row,
    any::{AnyExecutor, AnyRow},
};

use crate::{
    clock::Timestamp,
    model::{
        id::{SessionId, UserId},
        session::{EndReason, Ending},
    },
};

/// A session that was ended.
pub struct Known {
    /// Its name.
    pub session: SessionId,
    /// Why, and how long somebody may ask.
    pub ending: Ending,
    /// The number that was taken for it.
    pub number: i64,
}

/// What a node reads, all of one moment.
#[derive(Debug)]
pub struct Page {
    /// Whether the row of this registration was there.
    pub registered: bool,
    /// The last number that was taken.
    pub number: i64,
    /// The endings that were asked for.
    pub endings: Vec<(SessionId, Ending)>,
}

/// Takes the next number for a transaction that ends sessions. The row is locked from here to the commit, so that whoever sees a number
/// sees all before it; called last, since every other ending waits meanwhile.
pub async fn take_number(db: impl AnyExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("UPDATE feed SET number = number + 1 WHERE id = 1 RETURNING number").fetch_one(db).await
}

/// Notes that `session` is over, under the number that was taken for it.
pub async fn insert(db: impl AnyExecutor<'_>, session: &SessionId, ending: Ending, number: i64) -> sqlx::Result<()> {
    let sql = "INSERT INTO endings (session_id, reason, until, number) VALUES ($1, $2, $3, $4)
        ON CONFLICT (session_id) DO NOTHING";
    let query = sqlx::query(sql).bind(session.as_str()).bind(ending.reason.as_str()).bind(ending.until.millis());
    query.bind(number).execute(db).await?;
    Ok(())
}

/// The ending of one session, if it was ended.
pub async fn of(db: impl AnyExecutor<'_>, session: &SessionId) -> sqlx::Result<Option<Known>> {
    let sql = "SELECT session_id, reason, until, number FROM endings WHERE session_id = $1";
    sqlx::query(sql).bind(session.as_str()).fetch_optional(db).await?.as_ref().map(known).transpose()
}

/// The sessions of an account that ended so lately that a token of theirs may still verify.
pub async fn of_user(db: impl AnyExecutor<'_>, user: &UserId, now: Timestamp) -> sqlx::Result<Vec<Known>> {
    let sql = "SELECT session_id, reason, until, number FROM endings
        JOIN sessions ON sessions.id = session_id WHERE user_id = $1 AND until > $2";
    sqlx::query(sql).bind(user.as_str()).bind(now.millis()).fetch_all(db).await?.iter().map(known).collect()
}

fn known(row: &AnyRow) -> sqlx::Result<Known> {
    let session = row.try_get::<String, _>("session_id")?.into();
    let ending = ending(row.try_get("reason")?, row.try_get("until")?);
    Ok(Known { session, ending, number: row.try_get("number")? })
}

/// What the node `id` reads: the endings above `after`. One statement, so that all is of one moment. Old endings are among them until they
/// are deleted: which are still needed is not for a clock to say that may be wrong.
pub async fn page(db: impl AnyExecutor<'_>, id: &str, registration: i64, after: i64) -> sqlx::Result<Page> {
    let sql = "SELECT feed.number, nodes.id AS node, endings.session_id, endings.reason, endings.until FROM feed
        LEFT JOIN nodes ON nodes.id = $1 AND nodes.registration = $2
        LEFT JOIN endings ON endings.number > $3
        WHERE feed.id = 1";
    let rows = sqlx::query(sql).bind(id).bind(registration).bind(after).fetch_all(db).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (number, node) = (first.try_get("number")?, first.try_get::<Option<String>, _>("node")?);
    let mut endings = Vec::new();
    for row in &rows {
        if let Some(session) = row.try_get::<Option<String>, _>("session_id")? {
            endings.push((session.into(), ending(row.try_get("reason")?, row.try_get("until")?)));
        }
    }
    Ok(Page { registered: node.is_some(), number, endings })
}

/// Deletes up to `limit` endings of sessions that had no token any more at `before`, and says how many. A node that reads on misses nothing
/// it needs, and does not notice: how far it is it knows from the counter, which stays, and not from the endings.
pub async fn delete_dead(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM endings WHERE until < $1
        AND session_id IN (SELECT session_id FROM endings WHERE until < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}

fn ending(reason: &str, until: i64) -> Ending {
    // A reason that only a newer program knows still ends the session.
    let reason = EndReason::stored(reason).unwrap_or(EndReason::LoggedOut);
    Ending { reason, until: Timestamp::from_millis(until) }
}
