//! The seals of the audit trail, in the order of their numbers, and where their chain begins and ends.
use sqlx::{Row, any::AnyExecutor};

use super::events::Verbatim;
use crate::db::Connection;

/// Where the chain begins and ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// When the first event was sealed, in milliseconds since the epoch; 0 before that.
    pub begun_at: i64,
    /// The number of the last seal; 0 before the first.
    pub number: i64,
    /// The last seal.
    pub seal: String,
    /// The number of the last seal that retention deleted; 0 before the first.
    pub deleted_number: i64,
    /// That seal: the first one that is there follows it.
    pub deleted_seal: String,
    /// When the latest event happened that was deleted, in milliseconds since the epoch; 0 when there was none.
    pub deleted_until: i64,
    /// The keyed hash of all that.
    pub mac: String,
}

/// A seal with its event.
pub struct Link {
    /// Its place in the chain, from 1 on.
    pub number: i64,
    /// The name of its event.
    pub event_id: String,
    /// Itself.
    pub seal: String,
    /// Its event; `None` when that is gone.
    pub event: Option<Verbatim>,
    /// Whether that still waits to be published.
    pub is_unpublished: bool,
}

/// Where the chain begins and ends, and the highest number there is, all of one moment. `None` when the row is gone.
pub async fn ends(db: impl AnyExecutor<'_>) -> sqlx::Result<Option<(Ends, i64)>> {
    let sql = "SELECT begun_at, number, seal, deleted_number, deleted_seal, deleted_until, mac,
            (SELECT COALESCE(MAX(number), 0) FROM seals) AS highest
        FROM chain WHERE id = 1";
    let Some(row) = sqlx::query(sql).fetch_optional(db).await? else { return Ok(None) };
    let ends = Ends {
        begun_at: row.try_get("begun_at")?,
        number: row.try_get("number")?,
        seal: row.try_get("seal")?,
        deleted_number: row.try_get("deleted_number")?,
        deleted_seal: row.try_get("deleted_seal")?,
        deleted_until: row.try_get("deleted_until")?,
        mac: row.try_get("mac")?,
    };
    Ok(Some((ends, row.try_get("highest")?)))
}

/// Moves the ends, unless somebody else did so since `before` was read; then false. Called first in its transaction: whoever else wants
/// to move them waits for its end.
pub async fn move_ends(db: impl AnyExecutor<'_>, before: &Ends, after: &Ends) -> sqlx::Result<bool> {
    let sql = "UPDATE chain SET begun_at = $1, number = $2, seal = $3, deleted_number = $4, deleted_seal = $5, deleted_until = $6, mac = $7
        WHERE id = 1 AND mac = $8";
    let done = sqlx::query(sql)
        .bind(after.begun_at)
        .bind(after.number)
        .bind(&after.seal)
        .bind(after.deleted_number)
        .bind(&after.deleted_seal)
        .bind(after.deleted_until)
        .bind(&after.mac)
        .bind(&before.mac)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes the chain's row to the end of the transaction. Whoever writes to many events at a time does so first, as [`move_ends`] does: of two
/// that did it in different orders, PostgreSQL would stop one.
pub async fn hold(db: impl AnyExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("UPDATE chain SET number = number WHERE id = 1").execute(db).await?;
    Ok(())
}

/// Adds seals of events, each with the event's id, numbered from `first` on: a few statements instead of one for each, so that a sign-in that
/// waits for the end of it does not wait long.
pub async fn insert(db: &mut Connection, first: i64, seals: &[(&str, String)]) -> sqlx::Result<()> {
    let sql = "WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < $1)
        INSERT INTO seals (number, event_id, seal)
        SELECT $2 + place, RTRIM(SUBSTR($3, 1 + place * $4, $4)), RTRIM(SUBSTR($5, 1 + place * $6, $6)) FROM places";
    for (number, some) in (first..).step_by(AT_ONCE).zip(seals.chunks(AT_ONCE)) {
        let (id_width, ids) = in_one(some.iter().map(|(id, _)| *id));
        let (seal_width, seals) = in_one(some.iter().map(|(_, seal)| &**seal));
        let query = sqlx::query(sql).bind(some.len() as i64).bind(number).bind(ids).bind(id_width);
        query.bind(seals).bind(seal_width).execute(&mut *db).await?;
    }
    Ok(())
}

/// Rows in one statement. Ids and seals come as one text each, which the database cuts into pieces; both count the characters from the
/// beginning for each piece, so that a long text takes long.
const AT_ONCE: usize = 50;

/// One text of pieces of one width, filled up with spaces.
fn in_one<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> (i32, String) {
    let width = texts.clone().map(|text| text.chars().count()).max().unwrap_or(0);
    (i32::try_from(width).unwrap_or(i32::MAX), texts.map(|text| format!("{text:width$}")).collect())
}

/// Up to `limit` seals above `after` with their events, in order.
pub async fn page(db: impl AnyExecutor<'_>, after: i64, limit: i64) -> sqlx::Result<Vec<Link>> {
    let sql = "SELECT number, event_id, seal, id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, publish_after
        FROM seals LEFT JOIN events ON id = event_id
        WHERE number > $1 ORDER BY number LIMIT $2";
    let rows = sqlx::query(sql).bind(after).bind(limit).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let there = row.try_get::<Option<String>, _>("id")?.is_some();
            Ok(Link {
                number: row.try_get("number")?,
                event_id: row.try_get("event_id")?,
                seal: row.try_get("seal")?,
                event: there.then(|| Verbatim::read(row)).transpose()?,
                is_unpublished: row.try_get::<Option<i64>, _>("publish_after")?.is_some(),
            })
        })
        .collect()
}

/// Deletes the seals above `after` up to `last`.
pub async fn delete(db: impl AnyExecutor<'_>, after: i64, last: i64) -> sqlx::Result<()> {
    let sql = "DELETE FROM seals WHERE number > $1 AND number <= $2";
    sqlx::query(sql).bind(after).bind(last).execute(db).await?;
    Ok(())
}
