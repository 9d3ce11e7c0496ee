//! The audit trail.
use serde_json::Value;
use sqlx::{
    Row,
    any::{AnyExecutor, AnyRow},
};

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

/// The events about an account, the newest first, from before the event `cursor` on.
pub async fn about(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    cursor: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Recorded>> {
    list(db, None, Some(user), ("", cursor.unwrap_or("z")), limit).await
}

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
