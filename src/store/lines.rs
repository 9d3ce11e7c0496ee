//! The lines of refresh tokens: where one stands, and how many go on at once.
use std::time::Duration;

use sqlx::{
    Row,
    any::{AnyExecutor, AnyRow},
};

use super::moment;
use crate::{
    clock::Timestamp,
    db::Connection,
    model::{
        id::{SessionId, UserId},
        session::Session,
        user::Role,
    },
};

/// A token that is used, with the one that takes its place.
#[derive(Clone)]
pub struct Rotation {
    /// Whose line it is in.
    pub session: SessionId,
    /// How many came before it.
    pub counter: i64,
    /// Its hash.
    pub hash: String,
    /// The hash of the next one.
    pub next: String,
}

/// Whose line it is.
pub struct Holder {
    /// The session, as its account is now.
    pub session: Session,
    /// Since when signing in to the account asks for a second factor.
    pub second_factor_at: Option<Timestamp>,
}

/// Where the line of a session stands.
pub struct Line {
    /// Whose it is.
    pub holder: Holder,
    /// How many tokens came before the last one.
    pub counter: i64,
    /// The hash of the last one.
    pub hash: String,
    /// When it was made.
    pub refreshed_at: Timestamp,
    /// Until when it is good.
    pub refresh_until: Timestamp,
}

/// The line of an open session of kind `api`.
pub async fn of(db: impl AnyExecutor<'_>, id: &SessionId) -> sqlx::Result<Option<Line>> {
    let sql = "SELECT sessions.id, user_id, sessions.version, role, second_factor_at, auth_time, ends_at, refresh_counter, refresh_hash,
            refreshed_at, refresh_until
        FROM sessions JOIN users ON users.id = user_id
        WHERE sessions.id = $1 AND kind = 'api' AND ended_at IS NULL";
    let Some(row) = sqlx::query(sql).bind(id.as_str()).fetch_optional(db).await? else { return Ok(None) };
    Ok(Some(Line {
        holder: holder(&row)?,
        counter: row.try_get("refresh_counter")?,
        hash: row.try_get("refresh_hash")?,
        refreshed_at: Timestamp::from_millis(row.try_get("refreshed_at")?),
        refresh_until: Timestamp::from_millis(row.try_get("refresh_until")?),
    }))
}

/// Characters of a counter, filled up with noughts.
const DIGITS: usize = 19;

macro_rules! rotate {
    ($more:literal, $which:literal) => {
        concat!(
            "WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < $1),
            used (session, counter, hash, next) AS (
                SELECT SUBSTR($2, 1 + place * 32, 32), CAST(SUBSTR($3, 1 + place * 19, 19) AS BIGINT),
                    SUBSTR($4, 1 + place * 43, 43), SUBSTR($5, 1 + place * 43, 43) FROM places)",
            $more,
            "UPDATE sessions SET refresh_counter = refresh_counter + 1, refresh_hash = used.next, refreshed_at = $6, last_seen_at = $6,
                refresh_until = CASE WHEN ends_at < $7 THEN ends_at ELSE $7 END
            FROM used
            WHERE id = used.session AND refresh_counter = used.counter AND refresh_hash = used.hash AND kind = 'api'
                AND ended_at IS NULL AND refresh_until > $6 ",
            $which,
            " RETURNING id, user_id, version, auth_time, ends_at,
                (SELECT role FROM users WHERE users.id = user_id) AS role,
                (SELECT second_factor_at FROM users WHERE users.id = user_id) AS second_factor_at"
        )
    };
}

/// Puts each next token in the place of the one that is used, where that is the last one and its session open, and answers those sessions.
/// No two may be of one session. Of many at once that use the same token one succeeds. `patient`: where another transaction has a
/// session's row, its end is waited for; else that session is left out, since whoever has a row and waits for the next could be waited for
/// (SQLite has one writer at a time and nothing to wait for).
pub async fn rotate(
    db: &mut Connection,
    rotations: &[Rotation],
    idle: Duration,
    patient: bool,
    now: Timestamp,
) -> sqlx::Result<Vec<Holder>> {
    let sql = if patient {
        rotate!(" ", "")
    } else {
        rotate!(
            ", free AS (SELECT id AS session FROM sessions WHERE id IN (SELECT session FROM used) FOR UPDATE SKIP LOCKED) ",
            "AND id IN (SELECT session FROM free)"
        )
    };
    let all = |text: fn(&Rotation) -> &str| rotations.iter().map(text).collect::<String>();
    let counters: String = rotations.iter().map(|one| format!("{:0DIGITS$}", one.counter)).collect();
    let rows = sqlx::query(sql)
        .bind(rotations.len() as i64)
        .bind(all(|one| one.session.as_str()))
        .bind(counters)
        .bind(all(|one| &one.hash))
        .bind(all(|one| &one.next))
        .bind(now.millis())
        .bind(now.plus(idle).millis())
        .fetch_all(db)
        .await?;
    rows.iter().map(holder).collect()
}

fn holder(row: &AnyRow) -> sqlx::Result<Holder> {
    let ends_at = Timestamp::from_millis(row.try_get("ends_at")?);
    let session = Session {
        id: SessionId::from(row.try_get::<&str, _>("id")?),
        user_id: UserId::from(row.try_get::<&str, _>("user_id")?),
        version: row.try_get("version")?,
        role: Role::stored(row.try_get("role")?),
        auth_time: Timestamp::from_millis(row.try_get("auth_time")?),
        expires_at: ends_at,
        ends_at,
    };
    Ok(Holder { session, second_factor_at: moment(row, "second_factor_at")? })
}
