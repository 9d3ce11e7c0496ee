//! Signing keys, sealed.
use sqlx::{Row, any::AnyExecutor};

use crate::clock::Timestamp;

/// A key as it is stored.
pub struct Sealed {
    /// Its name.
    pub kid: String,
    /// Itself, sealed.
    pub sealed: String,
    /// The first has 1.
    pub generation: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The keys of `purpose`, the newest last.
pub async fn all(db: impl AnyExecutor<'_>, purpose: &str) -> sqlx::Result<Vec<Sealed>> {
    let sql = "SELECT kid, sealed, generation, created_at FROM keys WHERE purpose = $1 ORDER BY generation";
    let rows = sqlx::query(sql).bind(purpose).fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            Ok(Sealed {
                kid: row.try_get("kid")?,
                sealed: row.try_get("sealed")?,
                generation: row.try_get("generation")?,
                created_at: Timestamp::from_millis(row.try_get("created_at")?),
            })
        })
        .collect()
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

/// Deletes the keys of `purpose` below `generation`: no token that they signed verifies any more.
pub async fn delete_below(db: impl AnyExecutor<'_>, purpose: &str, generation: i64) -> sqlx::Result<()> {
    let sql = "DELETE FROM keys WHERE purpose = $1 AND generation < $2";
    sqlx::query(sql).bind(purpose).bind(generation).execute(db).await?;
    Ok(())
}
