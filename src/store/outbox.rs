//! The events that wait for RabbitMQ.
use sqlx::{Row, any::AnyExecutor};

use crate::clock::Timestamp;

/// An event to publish.
pub struct Pending {
    /// Its row.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// Whose account it is about.
    pub user_id: Option<String>,
    /// Who did it.
    pub actor_id: Option<String>,
    /// In or about which session.
    pub session_id: Option<String>,
    /// From where.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// More words, as JSON.
    pub data: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its place among all events.
    pub sequence: i64,
    /// Tries before that it was the reason for that they failed.
    pub attempts: i64,
}

/// Events whose numbers follow each other: one statement is about all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first number.
    pub from: i64,
    /// The last number.
    pub to: i64,
}

/// What waits, for those who watch over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Events that wait, those that are tried again later among them.
    pub pending: i64,
    /// When the oldest of them was recorded.
    pub oldest: Option<Timestamp>,
    /// Events that were given up.
    pub parked: i64,
    /// Why something waits, if anything is wrong: the broker, or else what the broker said of an event.
    pub error: Option<String>,
}

/// Whether there is anything to do at `now`. Reads only, so that a server at rest writes nothing.
pub async fn is_due(db: impl AnyExecutor<'_>, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "SELECT id FROM events WHERE publish_after <= $1 AND (SELECT retry_at FROM outbox) <= $1
        ORDER BY publish_after, id LIMIT 1";
    let due: Option<String> = sqlx::query_scalar(sql).bind(now.millis()).fetch_optional(db).await?;
    Ok(due.is_some())
}

/// Gives numbers to those of the first `limit` due events that have none; answers how many. The caller holds the lease.
pub async fn number(db: impl AnyExecutor<'_>, now: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "UPDATE events SET sequence = (SELECT number FROM outbox) + fresh.position
        FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY publish_after, id) AS position
            FROM (SELECT id, publish_after, sequence FROM events WHERE publish_after <= $1
                ORDER BY publish_after, id LIMIT $2) AS due
            WHERE sequence IS NULL) AS fresh
        WHERE events.id = fresh.id";
    Ok(sqlx::query(sql).bind(now.millis()).bind(limit).execute(db).await?.rows_affected())
}

/// Notes that `count` numbers were given; in the same transaction.
pub async fn advance(db: impl AnyExecutor<'_>, count: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE outbox SET number = number + $1").bind(count).execute(db).await?;
    Ok(())
}

/// The first `limit` due events that have a number, in its order.
pub async fn due(db: impl AnyExecutor<'_>, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Pending>> {
    let sql =
        "SELECT id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, sequence, publish_attempts
        FROM events WHERE publish_after <= $1 AND sequence IS NOT NULL ORDER BY publish_after, id LIMIT $2";
    let pending = |row: &sqlx::any::AnyRow| {
        Ok(Pending {
            id: row.try_get("id")?,
            kind: row.try_get("type")?,
            user_id: row.try_get("user_id")?,
            actor_id: row.try_get("actor_id")?,
            session_id: row.try_get("session_id")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            data: row.try_get("data")?,
            at: Timestamp::from_millis(row.try_get("created_at")?),
            sequence: row.try_get("sequence")?,
            attempts: row.try_get("publish_attempts")?,
        })
    };
    let rows = sqlx::query(sql).bind(now.millis()).bind(limit).fetch_all(db).await?;
    let mut due = rows.iter().map(pending).collect::<sqlx::Result<Vec<_>>>()?;
    due.sort_unstable_by_key(|event| event.sequence);
    Ok(due)
}

/// Notes that the broker has these events.
pub async fn published(db: impl AnyExecutor<'_>, events: Span) -> sqlx::Result<()> {
    let sql = "UPDATE events SET publish_after = NULL, publish_error = NULL
        WHERE sequence BETWEEN $1 AND $2 AND publish_after IS NOT NULL";
    sqlx::query(sql).bind(events.from).bind(events.to).execute(db).await?;
    Ok(())
}

/// Notes why these events were not taken, and when they are tried again. Those that another node has published stay so.
pub async fn postponed(db: impl AnyExecutor<'_>, events: Span, error: &str, again: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE events SET publish_after = $3, publish_attempts = publish_attempts + 1, publish_error = $4
        WHERE sequence BETWEEN $1 AND $2 AND publish_after IS NOT NULL";
    sqlx::query(sql).bind(events.from).bind(events.to).bind(again.millis()).bind(error).execute(db).await?;
    Ok(())
}

/// Gives these events up.
pub async fn parked(db: impl AnyExecutor<'_>, events: Span, error: &str, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE events SET publish_after = NULL, parked_at = $3, publish_attempts = publish_attempts + 1,
            publish_error = $4
        WHERE sequence BETWEEN $1 AND $2 AND publish_after IS NOT NULL";
    sqlx::query(sql).bind(events.from).bind(events.to).bind(now.millis()).bind(error).execute(db).await?;
    Ok(())
}

/// How often the broker failed in a row.
pub async fn failures(db: impl AnyExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT failures FROM outbox").fetch_one(db).await
}

/// Notes that the broker failed, and when it is asked again.
pub async fn failed(db: impl AnyExecutor<'_>, error: &str, again: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE outbox SET failures = failures + 1, retry_at = $1, error = $2";
    sqlx::query(sql).bind(again.millis()).bind(error).execute(db).await?;
    Ok(())
}

/// Notes that the broker works again.
pub async fn recovered(db: impl AnyExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("UPDATE outbox SET failures = 0, retry_at = 0, error = NULL").execute(db).await?;
    Ok(())
}

/// What waits.
pub async fn backlog(db: impl AnyExecutor<'_> + Copy) -> sqlx::Result<Backlog> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM events WHERE publish_after IS NOT NULL";
    let (pending, oldest): (i64, Option<i64>) = sqlx::query_as(sql).fetch_one(db).await?;
    let sql = "SELECT COUNT(*) FROM events WHERE parked_at IS NOT NULL";
    let parked = sqlx::query_scalar(sql).fetch_one(db).await?;
    let mut error: Option<String> = sqlx::query_scalar("SELECT error FROM outbox").fetch_one(db).await?;
    if error.is_none() && pending > 0 {
        let sql = "SELECT publish_error FROM events WHERE publish_after IS NOT NULL AND publish_error IS NOT NULL
            ORDER BY publish_after, id LIMIT 1";
        error = sqlx::query_scalar(sql).fetch_optional(db).await?;
    }
    Ok(Backlog { pending, oldest: oldest.map(Timestamp::from_millis), parked, error })
}
