//! What was done in a span of time, of what may be done.
use std::time::Duration;

use sqlx::any::AnyExecutor;

use crate::clock::Timestamp;

/// So many in so much time. The time begins with the first.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The most.
    pub most: u32,
    /// In this time, which is not zero.
    pub per: Duration,
}

/// Counts one more; false, and nothing counted, when there are as many as may be. One statement, so that any number of nodes at once let
/// no more through.
pub async fn take(db: impl AnyExecutor<'_>, id: &str, budget: Budget, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "INSERT INTO budgets (id, used, ends_at) VALUES ($1, 1, $2)
        ON CONFLICT (id) DO UPDATE SET
            used = CASE WHEN budgets.ends_at <= $3 THEN 1 ELSE budgets.used + 1 END,
            ends_at = CASE WHEN budgets.ends_at <= $3 THEN $2 ELSE budgets.ends_at END
        WHERE budgets.ends_at <= $3 OR budgets.used < $4";
    let query =
        sqlx::query(sql).bind(id).bind(now.plus(budget.per).millis()).bind(now.millis()).bind(i64::from(budget.most));
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Gives one back that was counted ahead.
pub async fn give_back(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE budgets SET used = used - 1 WHERE id = $1 AND used > 0").bind(id).execute(db).await?;
    Ok(())
}

/// When the span that goes on is over.
pub async fn ends_at(db: impl AnyExecutor<'_>, id: &str) -> sqlx::Result<Option<Timestamp>> {
    let ends_at = sqlx::query_scalar("SELECT ends_at FROM budgets WHERE id = $1").bind(id).fetch_optional(db).await?;
    Ok(ends_at.map(Timestamp::from_millis))
}

/// Deletes up to `limit` that were over before `before`, and says how many.
pub async fn delete_over(db: impl AnyExecutor<'_>, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let sql = "DELETE FROM budgets WHERE ends_at < $1
        AND id IN (SELECT id FROM budgets WHERE ends_at < $1 LIMIT $2)";
    Ok(sqlx::query(sql).bind(before.millis()).bind(limit).execute(db).await?.rows_affected())
}
