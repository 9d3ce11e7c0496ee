//! The database: one pool for SQLite and PostgreSQL, its transactions and its migrations.
mod copy;
mod inspect;

pub use copy::{copy_sqlite, verdict};
pub use inspect::Schema;

use std::{collections::HashSet, ops::Deref, time::Duration};

use rocket::figment::Figment;
use rocket_db_pools::Database;
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, Transaction,
    any::AnyPoolOptions,
    migrate::{Migration, MigrationType, Migrator},
    pool::PoolConnection,
};

/// How long a caller waits for a free connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The migrations, compiled in; each file runs unchanged on both databases.
const MIGRATIONS: [(i64, &str, &str); 8] = [
    (1, "accounts", include_str!("../migrations/0001_accounts.sql")),
    (2, "superusers", include_str!("../migrations/0002_superusers.sql")),
    (3, "outbox", include_str!("../migrations/0003_outbox.sql")),
    (4, "seals", include_str!("../migrations/0004_seals.sql")),
    (6, "tallies", include_str!("../migrations/0006_tallies.sql")),
    (7, "live sessions", include_str!("../migrations/0007_live_sessions.sql")),
    (8, "limits", include_str!("../migrations/0008_limits.sql")),
    (9, "second factors", include_str!("../migrations/0009_second_factors.sql")),
];

/// What PostgreSQL needs beside them.
const POSTGRES_ALONE: [(i64, &str, &str); 1] =
    [(5, "byte order", include_str!("../migrations/0005_byte_order.postgres.sql"))];

/// A plain BEGIN that reads before it writes fails on SQLite with "database is locked" under load, busy timeout or not.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";

/// Connects once, to say what is wrong: a pool goes on trying, and then says only that it took too long.
///
/// # Errors
/// Why there is no connection.
pub async fn probe(url: &str) -> sqlx::Result<()> {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await?.close().await
}

/// The pool as Rocket attaches, guards and closes it.
#[derive(Database)]
#[database("main")]
pub struct Db(Pool);

/// Connections to one database. Cheap to clone; reads go straight to it, writes through [`Pool::begin`].
#[derive(Clone, Debug)]
pub struct Pool {
    any: AnyPool,
    sqlite: bool,
}

impl Pool {
    /// Opens `url` (`sqlite://…` or `postgres://…`) with at most `max_connections`.
    ///
    /// # Errors
    /// The database cannot be reached or refuses the credentials.
    pub async fn connect(url: &str, max_connections: u32) -> sqlx::Result<Self> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        let any = AnyPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| Box::pin(prepare(connection)))
            .connect(url)
            .await?;
        Ok(Self { any, sqlite })
    }

    /// Begins a transaction that will write. Dropping it rolls it back.
    ///
    /// # Errors
    /// No connection within three seconds, or the database is gone.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        let (any, begin) = (self.any.clone(), if self.sqlite { BEGIN_SQLITE } else { "BEGIN" });
        // In a task of its own: sqlx forgets a BEGIN whose caller goes away before the answer, and whoever gets the connection next would
        // write into a transaction that nobody commits.
        tokio::spawn(async move { any.begin_with(begin).await }).await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Brings the schema up to date; looks first, so that a role without the right to change it can serve.
    ///
    /// # Errors
    /// A migration fails, or the database was migrated by a newer program.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        let mut applied = self.applied().await;
        while applied != self.migrations().map(|(version, ..)| version).collect() {
            let migrations = self.migrations().map(|(version, name, sql)| {
                Migration::new(version, name.into(), MigrationType::Simple, sqlx::SqlSafeStr::into_sql_str(sql), false)
            });
            let outcome = self.apply(&Migrator::with_migrations(migrations.collect())).await;
            // SQLite has no lock for migrations: where another program was faster, the rest is left.
            let before = std::mem::replace(&mut applied, self.applied().await);
            if applied == before {
                return outcome;
            }
        }
        Ok(())
    }

    async fn apply(&self, migrator: &Migrator) -> Result<(), sqlx::migrate::MigrateError> {
        let mut connection = self.any.acquire().await?;
        let outcome = migrator.run_direct(None, &mut *connection, false).await;
        if outcome.is_err() {
            // It holds PostgreSQL's lock for migrations, and would keep it in the pool.
            connection.close().await?;
        }
        outcome
    }

    /// Version, name and statements of each migration of this database, in order.
    fn migrations(&self) -> impl Iterator<Item = (i64, &'static str, &'static str)> + use<> {
        let alone: &[_] = if self.sqlite { &[] } else { &POSTGRES_ALONE };
        MIGRATIONS.iter().chain(alone).copied()
    }

    async fn applied(&self) -> HashSet<i64> {
        let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success");
        // Any failure here means "not migrated yet"; a real one comes back from the migration itself.
        applied.fetch_all(&self.any).await.unwrap_or_default().into_iter().collect()
    }
}

impl Deref for Pool {
    type Target = AnyPool;

    fn deref(&self) -> &AnyPool {
        &self.any
    }
}

/// Sets what SQLite takes only as a statement: readers beside the writer, and a commit that survives a power cut.
async fn prepare(connection: &mut AnyConnection) -> sqlx::Result<()> {
    if connection.backend_name() == "SQLite" {
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    }
    Ok(())
}

#[rocket::async_trait]
impl rocket_db_pools::Pool for Pool {
    type Connection = PoolConnection<Any>;
    type Error = rocket_db_pools::Error<sqlx::Error>;

    async fn init(figment: &Figment) -> Result<Self, Self::Error> {
        let url: String = figment.extract_inner("url")?;
        let max_connections = figment.extract_inner("max_connections")?;
        Self::connect(&url, max_connections).await.map_err(rocket_db_pools::Error::Init)
    }

    async fn get(&self) -> Result<Self::Connection, Self::Error> {
        self.any.acquire().await.map_err(rocket_db_pools::Error::Get)
    }

    /// Rocket asks for this when it begins to stop, while requests are still served: whoever launched it closes the pool afterwards.
    async fn close(&self) {}
}
