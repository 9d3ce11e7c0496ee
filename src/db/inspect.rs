//! What is asked of a database itself; nothing here changes one.
use super::Pool;
use crate::clock::Timestamp;

/// A schema beside the one this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Migrations are missing.
    Older,
    /// The same.
    Current,
    /// A newer program has been here.
    Newer,
}

impl Pool {
    /// Whether the schema is the one of this program.
    ///
    /// # Errors
    /// The database is gone, or it was never migrated.
    pub async fn schema(&self) -> sqlx::Result<Schema> {
        let applied: Vec<i64> =
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&**self).await?;
        let known: Vec<i64> = self.migrations().map(|(version, ..)| version).collect();
        Ok(if applied.iter().any(|version| !known.contains(version)) {
            Schema::Newer
        } else if known.iter().all(|version| applied.contains(version)) {
            Schema::Current
        } else {
            Schema::Older
        })
    }

    /// Tries to write: no row has an empty id, and the transaction is rolled back.
    ///
    /// # Errors
    /// The database is a replica, or this role may not write.
    pub async fn try_write(&self) -> sqlx::Result<()> {
        let mut writing = self.begin().await?;
        sqlx::query("UPDATE users SET version = version WHERE id = ''").execute(&mut *writing).await?;
        sqlx::query("DELETE FROM sessions WHERE id = ''").execute(&mut *writing).await?;
        writing.rollback().await
    }

    /// The time a PostgreSQL server has; `None` for SQLite, which has no clock of its own.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn time(&self) -> sqlx::Result<Option<Timestamp>> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        Ok(Some(Timestamp::from_millis(sqlx::query_scalar(sql).fetch_one(&**self).await?)))
    }
}
