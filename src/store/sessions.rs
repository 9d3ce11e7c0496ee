//! Sessions: one row each, kept after the end.
use sqlx::{Row, any::AnyExecutor};

use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        id::{SessionId, UserId},
        session::{EndReason, Session},
    },
};

/// A sign-in as its owner sees it.
pub struct Signin {
    /// The session it began.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub client: Client,
    /// Why the session was ended since, if it was.
    pub end_reason: Option<EndReason>,
    /// When it ends, or ended, by itself at the latest.
    pub ends_at: Timestamp,
}

/// What a session is used by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person with a cookie.
    Browser,
    /// A program with tokens.
    Api,
}

impl Kind {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
        }
    }
}

/// A session that goes on, as its owner sees it.
pub struct OpenSession {
    /// Its name.
    pub id: SessionId,
    /// What it is used by.
    pub kind: Kind,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was written down yet.
    pub last_seen_at: Timestamp,
    /// From where it began, and with what.
    pub client: Client,
}

/// The sessions of an account that have not ended, the newest first. Whether one has closed by itself for want of use, its caller knows.
pub async fn open(db: impl AnyExecutor<'_>, user: &UserId, now: Timestamp) -> sqlx::Result<Vec<OpenSession>> {
    let sql = "SELECT id, kind, created_at, last_seen_at, ip, user_agent FROM sessions
        WHERE user_id = $1 AND ended_at IS NULL AND ends_at > $2 AND (refresh_until IS NULL OR refresh_until > $2)
        ORDER BY created_at DESC, id DESC";
    let rows = sqlx::query(sql).bind(user.as_str()).bind(now.millis()).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let kind = if row.try_get::<&str, _>("kind")? == "api" { Kind::Api } else { Kind::Browser };
            Ok(OpenSession {
                id: SessionId::from(row.try_get::<String, _>("id")?),
                kind,
                created_at: Timestamp::from_millis(row.try_get("created_at")?),
                last_seen_at: Timestamp::from_millis(row.try_get("last_seen_at")?),
                client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
            })
        })
        .collect()
}

/// Notes when a session was last used; an older note changes nothing.
pub async fn see(db: impl AnyExecutor<'_>, id: &SessionId, at: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1";
    sqlx::query(sql).bind(at.millis()).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Ends an account's session by its name; false when it has none of that name that goes on.
pub async fn end_of(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    id: &SessionId,
    reason: EndReason,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE sessions SET ended_at = $1, end_reason = $2
        WHERE id = $3 AND user_id = $4 AND ended_at IS NULL AND ends_at > $1";
    let query = sqlx::query(sql).bind(now.millis()).bind(reason.as_str()).bind(id.as_str()).bind(user.as_str());
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Adds the row of a session in a browser.
pub async fn insert(db: impl AnyExecutor<'_>, session: &Session, client: &Client, now: Timestamp) -> sqlx::Result<()> {
    let sql = "INSERT INTO sessions (id, user_id, kind, version, auth_time, created_at, last_seen_at, ends_at, ip, user_agent)
        VALUES ($1, $2, 'browser', $3, $4, $5, $5, $6, $7, $8)";
    sqlx::query(sql)
        .bind(session.id.as_str())
        .bind(session.user_id.as_str())
        .bind(session.version)
        .bind(session.auth_time.millis())
        .bind(now.millis())
        .bind(session.ends_at.millis())
        .bind(client.ip.as_deref())
        .bind(client.user_agent.as_deref())
        .execute(db)
        .await?;
    Ok(())
}

/// Adds the row of a session of a caller without cookies, with the hash of its first refresh token.
pub async fn insert_api(
    db: impl AnyExecutor<'_>,
    session: &Session,
    (refresh_hash, refresh_until): (&str, Timestamp),
    client: &Client,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO sessions (id, user_id, kind, version, auth_time, created_at, last_seen_at, ends_at, ip, user_agent,
            refresh_counter, refresh_hash, refreshed_at, refresh_until)
        VALUES ($1, $2, 'api', $3, $4, $5, $5, $6, $7, $8, 0, $9, $5, $10)";
    sqlx::query(sql)
        .bind(session.id.as_str())
        .bind(session.user_id.as_str())
        .bind(session.version)
        .bind(session.auth_time.millis())
        .bind(now.millis())
        .bind(session.ends_at.millis())
        .bind(client.ip.as_deref())
        .bind(client.user_agent.as_deref())
        .bind(refresh_hash)
        .bind(refresh_until.millis())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether a program at the same address and of the same kind had a session of this account before.
pub async fn is_known_program(db: impl AnyExecutor<'_>, user: &UserId, client: &Client) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND kind = 'api' AND ip = $2 AND user_agent = $3";
    let query = sqlx::query_scalar(sql).bind(user.as_str()).bind(client.ip.as_deref());
    let known: i64 = query.bind(client.user_agent.as_deref()).fetch_one(db).await?;
    Ok(known > 0)
}

/// Locks a session's row to the end of the transaction, so that no sign-out comes between; false when it has been ended.
pub async fn lock_open(db: impl AnyExecutor<'_>, id: &SessionId) -> sqlx::Result<bool> {
    let sql = "UPDATE sessions SET version = version WHERE id = $1 AND ended_at IS NULL";
    Ok(sqlx::query(sql).bind(id.as_str()).execute(db).await?.rows_affected() == 1)
}

/// Why a session was ended, or `None` while it is not. The row of a deleted account's session is gone; then its ending says why.
pub async fn ended(db: impl AnyExecutor<'_>, id: &SessionId) -> sqlx::Result<Option<EndReason>> {
    let sql = "SELECT (SELECT COUNT(*) FROM sessions WHERE id = $1 AND ended_at IS NULL),
        COALESCE((SELECT end_reason FROM sessions WHERE id = $1), (SELECT reason FROM endings WHERE session_id = $1))";
    let (open, reason): (i64, Option<String>) = sqlx::query_as(sql).bind(id.as_str()).fetch_one(db).await?;
    // Gone without a trace, or for a reason of a newer program: ended all the same.
    let reason = || reason.as_deref().and_then(EndReason::stored).unwrap_or(EndReason::LoggedOut);
    Ok((open == 0).then(reason))
}

/// Why a session was ended, for as long as that is kept.
pub async fn end_reason(db: impl AnyExecutor<'_>, id: &SessionId) -> sqlx::Result<Option<EndReason>> {
    let sql = "SELECT COALESCE((SELECT end_reason FROM sessions WHERE id = $1), (SELECT reason FROM endings WHERE session_id = $1))";
    let reason: Option<String> = sqlx::query_scalar(sql).bind(id.as_str()).fetch_one(db).await?;
    Ok(reason.as_deref().and_then(EndReason::stored))
}

/// How many sessions go on: those of browsers that were used since `used_since`, and those of programs that have a refresh token.
pub async fn live(db: impl AnyExecutor<'_>, used_since: Timestamp, now: Timestamp) -> sqlx::Result<[(Kind, i64); 2]> {
    // No GROUP BY: SQLite would sort all of them first.
    let sql = "SELECT COUNT(CASE WHEN refresh_until IS NULL AND last_seen_at > $2 THEN 1 END),
            COUNT(CASE WHEN refresh_until > $1 THEN 1 END)
        FROM sessions WHERE ended_at IS NULL AND ends_at > $1";
    let query = sqlx::query_as(sql).bind(now.millis()).bind(used_since.millis());
    let (browser, api) = query.fetch_one(db).await?;
    Ok([(Kind::Browser, browser), (Kind::Api, api)])
}

/// Ends one session; false when it had ended before.
pub async fn end(db: impl AnyExecutor<'_>, id: &SessionId, reason: EndReason, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE sessions SET ended_at = $1, end_reason = $2 WHERE id = $3 AND ended_at IS NULL";
    let query = sqlx::query(sql).bind(now.millis()).bind(reason.as_str()).bind(id.as_str());
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Ends every session of an account that is not past its absolute end, but not `except`, and says which.
pub async fn end_all(
    db: impl AnyExecutor<'_>,
    user: &UserId,
    except: Option<&SessionId>,
    reason: EndReason,
    now: Timestamp,
) -> sqlx::Result<Vec<SessionId>> {
    let sql = "UPDATE sessions SET ended_at = $1, end_reason = $2
        WHERE user_id = $3 AND ended_at IS NULL AND ends_at > $1 AND id <> $4 RETURNING id";
    let ids = sqlx::query_scalar::<_, String>(sql)
        .bind(now.millis())
        .bind(reason.as_str())
        .bind(user.as_str())
        .bind(except.map_or("", SessionId::as_str))
        .fetch_all(db)
        .await?;
    Ok(ids.into_iter().map(SessionId::from).collect())
}

/// The last sign-ins of an account, the newest first.
pub async fn recent(db: impl AnyExecutor<'_>, user: &UserId, limit: i64) -> sqlx::Result<Vec<Signin>> {
    let sql = "SELECT id, created_at, ip, user_agent, end_reason, ends_at FROM sessions
        WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
    let rows = sqlx::query(sql).bind(user.as_str()).bind(limit).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(Signin {
                session: SessionId::from(row.try_get::<String, _>("id")?),
                at: Timestamp::from_millis(row.try_get("created_at")?),
                client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
                end_reason: row.try_get::<Option<String>, _>("end_reason")?.as_deref().and_then(EndReason::stored),
                ends_at: Timestamp::from_millis(row.try_get("ends_at")?),
            })
        })
        .collect()
}

/// A place in the list of all sessions, the newest first: when the one before it began, in milliseconds, and its id.
pub type Place = (i64, String);

/// The place before the newest. Every id is hexadecimal, and so before a `z` in every collation.
pub fn newest() -> Place {
    (i64::MAX, "z".to_owned())
}

/// A session that goes on, and whose it is.
pub struct Holder {
    /// Whose.
    pub user_id: UserId,
    /// Its place in the list.
    pub place: Place,
}

/// Up to `limit` sessions that go on, the newest first, from after `place` on.
pub async fn holders(db: impl AnyExecutor<'_>, place: &Place, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Holder>> {
    let sql = "SELECT user_id, created_at, id FROM sessions
        WHERE ended_at IS NULL AND ends_at > $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4";
    let query = sqlx::query_as(sql).bind(now.millis()).bind(place.0).bind(&place.1).bind(limit);
    let rows: Vec<(String, i64, String)> = query.fetch_all(db).await?;
    Ok(rows.into_iter().map(|(user, at, id)| Holder { user_id: user.into(), place: (at, id) }).collect())
}

/// Deletes up to `limit` sessions that were over before `before`, and says how many.
pub async fn delete_over(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM sessions WHERE COALESCE(ended_at, refresh_until, ends_at) < $1
        AND id IN (SELECT id FROM sessions WHERE COALESCE(ended_at, refresh_until, ends_at) < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
