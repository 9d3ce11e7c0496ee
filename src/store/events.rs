//! The audit trail.
use serde_json::Value;
use sqlx::{Row, any::AnyExecutor};

use crate::{
    clock::Timestamp,
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
    /// Who did it.
    pub actor_id: Option<String>,
    /// In or about which session.
    pub session_id: Option<String>,
    /// From where.
    pub client: Client,
    /// More words.
    pub data: Value,
}

/// Records `event` at `now`; called in the transaction of what it records. With `publish` it then waits for RabbitMQ.
pub async fn insert(db: impl AnyExecutor<'_>, event: Event, publish: bool, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO events
            (id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, publish_after, publish_attempts)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    sqlx::query(sql)
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
        .execute(db)
        .await?;
    Ok(())
}

/// The events about an account, the newest first, from before the event `cursor` on.
pub async fn about(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    cursor: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    // Every id is hexadecimal, and so before a `z` in every collation.
    let sql = "SELECT id, type, actor_id, session_id, ip, user_agent, data, created_at FROM events
        WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let query = sqlx::query(sql).bind(user.as_str()).bind(cursor.unwrap_or("z")).bind(limit);
    let recorded = |row: &sqlx::any::AnyRow| {
        Ok(Recorded {
            id: row.try_get("id")?,
            kind: row.try_get("type")?,
            at: Timestamp::from_millis(row.try_get("created_at")?),
            actor_id: row.try_get("actor_id")?,
            session_id: row.try_get("session_id")?,
            client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
            data: serde_json::from_str(row.try_get("data")?).unwrap_or_default(),
        })
    };
    query.fetch_all(db).await?.iter().map(recorded).collect()
}
