//! How many events of each type an hour held. Hours are counted from the epoch, in UTC.
use sqlx::any::AnyExecutor;

use crate::db::Connection;

/// What a span of hours held of one type.
pub struct Tally {
    /// The span, in steps since the epoch.
    pub step: i64,
    /// The type of the events.
    pub kind: String,
    /// How many.
    pub number: i64,
}

/// Adds to what was counted before: hour, type and number of each. Called in the transaction that notes that they are counted.
pub async fn add(db: &mut Connection, counts: &[(i64, &str, i64)]) -> sqlx::Result<()> {
    // In one order, or two who add at once could wait for each other for ever.
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    for (hour, kind, number) in sorted {
        let sql = "INSERT INTO tallies (hour, type, number) VALUES ($1, $2, $3)
            ON CONFLICT (hour, type) DO UPDATE SET number = tallies.number + excluded.number";
        sqlx::query(sql).bind(hour).bind(kind).bind(number).execute(&mut *db).await?;
    }
    Ok(())
}

/// What the hours from the first of `hours` to before the second held of each of `kinds`, added up over each `step` of them.
pub async fn between(
    db: impl AnyExecutor<'_>,
    hours: (i64, i64),
    step: i64,
    kinds: [&str; 3],
) -> sqlx::Result<Vec<Tally>> {
    let sql = "SELECT hour / $3, type, CAST(SUM(number) AS BIGINT) FROM tallies
        WHERE hour >= $1 AND hour < $2 AND type IN ($4, $5, $6) GROUP BY 1, 2 ORDER BY 1, 2";
    let [first, second, third] = kinds;
    let query = sqlx::query_as(sql).bind(hours.0).bind(hours.1).bind(step).bind(first).bind(second).bind(third);
    let rows: Vec<(i64, String, i64)> = query.fetch_all(db).await?;
    Ok(rows.into_iter().map(|(step, kind, number)| Tally { step, kind, number }).collect())
}

/// Deletes what was counted of the hours before `hour`; answers how many rows that were.
pub async fn delete_before(db: impl AnyExecutor<'_>, hour: i64) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM tallies WHERE hour < $1").bind(hour).execute(db).await?.rows_affected())
}
