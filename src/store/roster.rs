//! The row that every change of who may do what takes first.
use sqlx::any::AnyExecutor;

/// Waits for every other such change, and keeps them waiting to the end of the transaction: two at once could leave no superuser, or wait
/// for each other's sessions for ever. Called first in it.
pub async fn take(db: impl AnyExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("UPDATE roster SET changes = changes + 1 WHERE id = 1").execute(db).await?;
    Ok(())
}
