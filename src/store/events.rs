//! The audit trail.
use serde_json::Value;
use sqlx::{
    Any, AssertSqlSafe, Row,
    any::{AnyArguments, AnyExecutor, AnyRow},
    query::Query,
};

use crate::{
    clock::Timestamp,
    db::Connection,
    model::{
        client::Client,
        event::Event,
        id::{UserId, row_id},
    },
};

/// An event as it was recorded.
pub struct Recorded {
    /// Its name; those recorded later sort later.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Whose account it is about.
    pub user_id: Option<String>,
    /// Who did it.
    pub actor_id: Option<String>,
    /// In or about which session.
    pub session_id: Option<String>,
    /// From where.
    pub client: Client,
    /// More words.
    pub data: Value,
}

/// An event word for word as its row holds it: what its seal is over. Whatever is added to a row after it was written is not in here.
#[derive(Clone)]
pub struct Verbatim {
    /// Its name.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// Whose account it is about.
    pub user_id: Option<String>,
    /// Who did it.
    pub actor_id: Option<String>,
    /// In or about which session.
    pub session_id: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// More words, as JSON.
    pub data: String,
    /// When.
    pub created_at: Timestamp,
}

impl Verbatim {
    pub(super) fn read(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("type")?,
            user_id: row.try_get("user_id")?,
            actor_id: row.try_get("actor_id")?,
            session_id: row.try_get("session_id")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            data: row.try_get("data")?,
            created_at: Timestamp::from_millis(row.try_get("created_at")?),
        })
    }
}

/// Records `event` at `now`; called in the transaction of what it records. With `publish` it then waits for RabbitMQ.
pub async fn insert(db: impl AnyExecutor<'_>, event: Event, publish: bool, now: Timestamp) -> sqlx::Result<()> {
    bound(sqlx::query(INSERT), event, publish, now).execute(db).await?;
    Ok(())
}

/// The same for all of `events`, in their order.
pub async fn insert_all(db: &mut Connection, events: Vec<Event>, publish: bool, now: Timestamp) -> sqlx::Result<()> {
    let (mut rest, mut left) = (events.len(), events.into_iter());
    while rest > 0 {
        // So few sizes that each statement is prepared once.
        let size = AT_ONCE.into_iter().find(|size| *size <= rest).unwrap_or(1);
        let rows = (1..size).map(|row| format!(", ({})", places(row))).collect::<String>();
        let query = sqlx::query(AssertSqlSafe(format!("{INSERT}{rows}")));
        let some = left.by_ref().take(size);
        some.fold(query, |query, event| bound(query, event, publish, now)).execute(&mut *db).await?;
        rest -= size;
    }
    Ok(())
}

/// One row; [`places`] are more.
const INSERT: &str = "INSERT INTO events
        (id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, publish_after, publish_attempts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";

/// Rows in one statement.
const AT_ONCE: [usize; 3] = [16, 4, 1];

fn places(row: usize) -> String {
    (1..=10).map(|column| format!("${}, ", row * 10 + column)).chain(["0".to_owned()]).collect()
}

fn bound<'q>(
    query: Query<'q, Any, AnyArguments>,
    event: Event,
    publish: bool,
    now: Timestamp,
) -> Query<'q, Any, AnyArguments> {
    query
        .bind(row_id(now))
        .bind(event.kind.as_str())
        .bind(event.user_id.map(|id| id.to_string()))
        .bind(event.actor_id.map(|id| id.to_string()))
        .bind(event.session_id.map(|id| id.to_string()))
        .bind(event.client.ip)
        .bind(event.client.user_agent)
        .bind(Value::Object(event.data).to_string())
        .bind(now.millis())
        .bind(publish.then_some(now.millis()))
}

/// The events about an account, the newest first, from before the event `cursor` on.
pub async fn about(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    cursor: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    list(db, None, Some(user), ("", cursor.unwrap_or("z")), limit).await
}

// `$n = $n` stands for a parameter that a variant does not use: PostgreSQL wants to see every one that is bound.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at FROM events
                WHERE id >= $1 AND id < $2 AND $4 = $4 AND $5 = $5 ",
            $which,
            " ORDER BY id DESC LIMIT $3"
        )
    };
}

/// Up to `limit` events, the newest first, with ids from the first of `between` to before the second; of a type or about an account only.
pub async fn list(
    db: impl AnyExecutor<'_>,
    kind: Option<&str>,
    user: Option<&UserId>,
    between: (&str, &str),
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    let sql = match (kind, user) {
        (None, None) => select!(""),
        (Some(_), None) => select!("AND type = $4"),
        (None, Some(_)) => select!("AND user_id = $5"),
        (Some(_), Some(_)) => select!("AND type = $4 AND user_id = $5"),
    };
    let query = sqlx::query(sql).bind(between.0).bind(between.1).bind(limit).bind(kind.unwrap_or_default());
    query.bind(user.map_or("", UserId::as_str)).fetch_all(db).await?.iter().map(recorded).collect()
}

fn recorded(row: &AnyRow) -> sqlx::Result<Recorded> {
    Ok(Recorded {
        id: row.try_get("id")?,
        kind: row.try_get("type")?,
        at: Timestamp::from_millis(row.try_get("created_at")?),
        user_id: row.try_get("user_id")?,
        actor_id: row.try_get("actor_id")?,
        session_id: row.try_get("session_id")?,
        client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
        data: serde_json::from_str(row.try_get("data")?).unwrap_or_default(),
    })
}

/// Up to `limit` events that pass for not sealed, the oldest first, and whether they have a seal all the same: somebody may have taken
/// the flag away. That is no condition, since PostgreSQL might ask it of all that wait before it takes the first.
pub async fn unsealed(db: impl AnyExecutor<'_>, limit: i64) -> sqlx::Result<Vec<(Verbatim, bool)>> {
    let sql = "SELECT id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at,
            (SELECT COUNT(*) FROM seals WHERE event_id = events.id) AS seals
        FROM events WHERE sealed_at IS NULL ORDER BY id LIMIT $1";
    let rows = sqlx::query(sql).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok((Verbatim::read(row)?, row.try_get::<i64, _>("seals")? > 0))).collect()
}

/// How many events wait for their seal, and which has waited longest.
pub async fn waiting(db: impl AnyExecutor<'_>) -> sqlx::Result<(i64, Option<String>)> {
    let sql = "SELECT COUNT(*), MIN(id) FROM events
        WHERE sealed_at IS NULL AND NOT EXISTS (SELECT 1 FROM seals WHERE event_id = events.id)";
    sqlx::query_as(sql).fetch_one(db).await
}

/// Notes that the events of the seals above `after` up to `last` have them.
pub async fn mark_sealed(db: impl AnyExecutor<'_>, after: i64, last: i64, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE events SET sealed_at = $1
        WHERE sealed_at IS NULL AND id IN (SELECT event_id FROM seals WHERE number > $2 AND number <= $3)";
    sqlx::query(sql).bind(now.millis()).bind(after).bind(last).execute(db).await?;
    Ok(())
}

/// Notes that one event has its seal.
pub async fn mark_one_sealed(db: impl AnyExecutor<'_>, id: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE events SET sealed_at = $1 WHERE id = $2 AND sealed_at IS NULL";
    sqlx::query(sql).bind(now.millis()).bind(id).execute(db).await?;
    Ok(())
}

/// An event that passes for sealed and has no seal in the chain: somebody put it there.
pub async fn stray(db: impl AnyExecutor<'_>) -> sqlx::Result<Option<String>> {
    let sql = "SELECT id FROM events WHERE sealed_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM seals, chain WHERE event_id = events.id AND seals.number > deleted_number)
        ORDER BY id LIMIT 1";
    sqlx::query_scalar(sql).fetch_optional(db).await
}

/// Deletes the events of the seals above `after` up to `last`.
pub async fn delete_sealed(db: impl AnyExecutor<'_>, after: i64, last: i64) -> sqlx::Result<()> {
    let sql = "DELETE FROM events WHERE id IN (SELECT event_id FROM seals WHERE number > $1 AND number <= $2)";
    sqlx::query(sql).bind(after).bind(last).execute(db).await?;
    Ok(())
}
