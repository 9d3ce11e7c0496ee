//! What one node at a time does.
use sqlx::any::AnyExecutor;

use crate::clock::Timestamp;

/// Takes the lease `name` for `holder` until `until`, or renews it; false while it is another's at `now`. Clocks of nodes that differ make
/// two holders for as long as they differ.
pub async fn take(
    db: impl AnyExecutor<'_>,
    name: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4)
        ON CONFLICT (name) DO UPDATE SET holder = $2, until = $4 WHERE leases.holder = $2 OR leases.until <= $3";
    let done = sqlx::query(sql).bind(name).bind(holder).bind(now.millis()).bind(until.millis()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back, if it is `holder`'s: the next to ask has it.
pub async fn give_back(db: impl AnyExecutor<'_>, name: &str, holder: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM leases WHERE name = $1 AND holder = $2").bind(name).bind(holder).execute(db).await?;
    Ok(())
}
