//! Signing keys, sealed.
use sqlx::any::AnyExecutor;

use crate::clock::Timestamp;

/// The keys of `purpose` as `(kid, sealed)`, the newest last.
pub async fn all(db: impl AnyExecutor<'_>, purpose: &str) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT kid, sealed FROM keys WHERE purpose = $1 ORDER BY generation")
        .bind(purpose)
        .fetch_all(db)
        .await
}

/// Adds a key unless its generation is there already.
pub async fn insert(
    db: impl AnyExecutor<'_>,
    purpose: &str,
    generation: i64,
    kid: &str,
    sealed: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO keys (purpose, generation, kid, sealed, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (purpose, generation) DO NOTHING";
    sqlx::query(sql).bind(purpose).bind(generation).bind(kid).bind(sealed).bind(now.millis()).execute(db).await?;
    Ok(())
}
