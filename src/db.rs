//! The database: one pool for SQLite and PostgreSQL, its transactions and its migrations.
mod connection;
mod connections;
mod copy;
mod elsewhere;
mod inspect;
mod transaction;

pub use connection::Connection;
pub use connections::Connections;
pub use copy::{copy_sqlite, verdict};
pub use elsewhere::{Elsewhere, in_words};
pub use inspect::Schema;
pub use transaction::Transaction;

use std::{collections::HashSet, ops::Deref, sync::Arc, time::Duration};

use rocket::figment::Figment;
use rocket_db_pools::Database;
use sqlx::{
    Any, AnyConnection, Connection as _, Executor,
    any::AnyPoolOptions,
    migrate::{Migration, MigrationType, Migrator},
    pool::PoolConnection,
};
use tokio::{
    sync::Mutex,
    time::{timeout, timeout_at},
};

/// How long a caller waits for an answer of the database, and for a free connection, before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same for whoever has time: what counts whole tables, and the command line.
pub const LEISURE: Duration = Duration::from_secs(60);

/// For how long a connection that has answered is believed to be there.
const FRESH: Duration = Duration::from_secs(1);

/// The migrations, compiled in; each file runs unchanged on both databases.
const MIGRATIONS: [(i64, &str, &str); 9] = [
    (1, "accounts", include_str!("../migrations/0001_accounts.sql")),
    (2, "superusers", include_str!("../migrations/0002_superusers.sql")),
    (3, "outbox", include_str!("../migrations/0003_outbox.sql")),
    (4, "seals", include_str!("../migrations/0004_seals.sql")),
    (6, "tallies", include_str!("../migrations/0006_tallies.sql")),
    (7, "live sessions", include_str!("../migrations/0007_live_sessions.sql")),
    (8, "limits", include_str!("../migrations/0008_limits.sql")),
    (9, "second factors", include_str!("../migrations/0009_second_factors.sql")),
    (10, "lists", include_str!("../migrations/0010_lists.sql")),
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
    let probe = async { AnyConnection::connect(url).await?.close().await };
    timeout(PATIENCE, probe).await.map_err(|_| connection::silent())?
}

/// The pool as Rocket attaches, guards and closes it.
#[derive(Database)]
#[database("main")]
pub struct Db(Pool);

/// Connections to one database. Cheap to clone; reads go straight to it, writes through [`Pool::begin`].
#[derive(Clone, Debug)]
pub struct Pool {
    connections: Connections,
    /// SQLite has one writer at a time: here those of this process queue for it, first come, first served, and without a connection
    /// that others could read with. Its own queue is none: whoever is lucky goes next.
    writers: Option<Arc<Mutex<()>>>,
}

impl Pool {
    /// Opens `url` (`sqlite://…` or `postgres://…`) with at most `max_connections`.
    ///
    /// # Errors
    /// The database cannot be reached or refuses the credentials.
    pub async fn connect(url: &str, max_connections: u32) -> sqlx::Result<Self> {
        sqlx::any::install_default_drivers();
        let writers = url.starts_with("sqlite:").then(Arc::default);
        let any = AnyPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .before_acquire(|connection, known| Box::pin(is_there(connection, known.idle_for)))
            .after_connect(|connection, _| Box::pin(prepare(connection)))
            .connect(url)
            .await?;
        Ok(Self { connections: Connections { any, patience: PATIENCE }, writers })
    }

    /// The same connections for whoever waits longer for an answer, or not so long.
    pub fn with_patience(&self, patience: Duration) -> Self {
        let connections = Connections { patience, ..self.connections.clone() };
        Self { connections, writers: self.writers.clone() }
    }

    /// Begins a transaction that will write. Dropping it rolls it back.
    ///
    /// # Errors
    /// No connection or no answer within three seconds, or the database is gone.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        let Some(writers) = &self.writers else {
            return Transaction::begin(self.connections.acquire().await?, "BEGIN", None).await;
        };
        let first_by = self.connections.first_by();
        let turn = timeout_at(first_by, Arc::clone(writers).lock_owned()).await.map_err(|_| connection::silent())?;
        Transaction::begin(self.connections.acquire_by(first_by).await?, BEGIN_SQLITE, Some(turn)).await
    }

    /// What `act` gives, which somebody else does for the caller and others: nobody waits longer for that than for the database itself.
    ///
    /// # Errors
    /// It was not done within three seconds; it may be later.
    pub async fn in_time<T>(&self, act: impl Future<Output = T>) -> sqlx::Result<T> {
        timeout(self.connections.patience, act).await.map_err(|_| connection::silent())
    }

    /// Gives a transaction that adds very many rows room on SQLite: 16 MiB of memory, or the pages of its indexes are written several times
    /// before it ends; and 64 MiB of log, or those that each transaction changes again are moved to the database after each. Each is on
    /// the disk when its commit is answered, as ever.
    ///
    /// # Errors
    /// As [`Pool::begin`].
    pub async fn make_room(&self, transaction: &mut Connection) -> sqlx::Result<()> {
        if self.is_sqlite() {
            transaction.execute("PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16384").await?;
        }
        Ok(())
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
        let mut connection = self.connections.any.acquire().await?;
        let outcome = migrator.run_direct(None, &mut *connection, false).await;
        if outcome.is_err() {
            // It holds PostgreSQL's lock for migrations, and would keep it in the pool.
            connection.close().await?;
        }
        outcome
    }

    /// Version, name and statements of each migration of this database, in order.
    fn migrations(&self) -> impl Iterator<Item = (i64, &'static str, &'static str)> + use<> {
        let alone: &[_] = if self.is_sqlite() { &[] } else { &POSTGRES_ALONE };
        MIGRATIONS.iter().chain(alone).copied()
    }

    /// Whether this is SQLite, which has one writer at a time.
    pub fn is_sqlite(&self) -> bool {
        self.writers.is_some()
    }

    async fn applied(&self) -> HashSet<i64> {
        let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success");
        // Any failure here means "not migrated yet"; a real one comes back from the migration itself.
        applied.fetch_all(&self.connections).await.unwrap_or_default().into_iter().collect()
    }
}

impl Deref for Pool {
    type Target = Connections;

    fn deref(&self) -> &Connections {
        &self.connections
    }
}

/// Whether the server has not gone away meanwhile. One that answered a moment ago when the connection came back is not asked again.
async fn is_there(connection: &mut AnyConnection, idle: Duration) -> sqlx::Result<bool> {
    if idle >= FRESH {
        connection.ping().await?;
    }
    Ok(true)
}

/// Sets what SQLite takes only as a statement: readers beside the writer, a commit that survives a power cut, and a wait for another
/// writer that ends before our own. PostgreSQL is to look each second whether whoever asked is still there, or those that gave up
/// would hold its connections while they wait for a lock; versions before 14 cannot.
async fn prepare(connection: &mut AnyConnection) -> sqlx::Result<()> {
    if connection.backend_name() == "SQLite" {
        connection.execute("PRAGMA busy_timeout = 2900; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").await?;
    } else if let Err(error) = connection.execute("SET client_connection_check_interval = '1s'").await {
        tracing::debug!(%error, "PostgreSQL does not look whether its clients are still there");
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
        self.connections.any.acquire().await.map_err(rocket_db_pools::Error::Get)
    }

    /// Rocket asks for this when it begins to stop, while requests are still served: whoever launched it closes the pool afterwards.
    async fn close(&self) {}
}
