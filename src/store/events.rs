//! The audit trail.
use serde_json::Value;
use sqlx::any::AnyExecutor;

use crate::{
    clock::Timestamp,
    model::{event::Event, id::row_id},
};

/// Records `event` at `now`; called in the transaction of what it records.
pub async fn insert(db: impl AnyExecutor<'_>, event: Event, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO events (id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
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
        .execute(db)
        .await?;
    Ok(())
}
