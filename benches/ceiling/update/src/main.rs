//! Updates one row at a time, committed and durable, from many tasks at once, and prints how many updates that made, and how many a
//! second.
//!
//! usage: ceiling-update URL TASKS SECONDS
//!
//! On SQLite one task writes at a time, as in the program, with its settings: anything else measures how writers wait for each other.
use std::{
    env,
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{sync::Mutex, task::JoinSet};

/// As many as the program holds.
const CONNECTIONS: u32 = 10;
const CREATE: &str = "CREATE TABLE IF NOT EXISTS ceiling (id BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL)";
const INSERT: &str = "INSERT INTO ceiling (id, number) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING";
const UPDATE: &str = "UPDATE ceiling SET number = number + 1 WHERE id = $1";

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

macro_rules! drive {
    ($pool:expr, $turn:expr, $tasks:expr, $time:expr) => {{
        let pool = $pool;
        sqlx::query(CREATE).execute(&pool).await?;
        for id in 0..$tasks {
            sqlx::query(INSERT).bind(id).execute(&pool).await?;
        }
        let (began, mut all) = (Instant::now(), JoinSet::new());
        for id in 0..$tasks {
            let (pool, turn): (_, Option<Arc<Mutex<()>>>) = (pool.clone(), $turn.clone());
            all.spawn(async move {
                let mut made = 0.0;
                while began.elapsed() < $time {
                    let _turn = match &turn {
                        Some(turn) => Some(turn.lock().await),
                        None => None,
                    };
                    sqlx::query(UPDATE).bind(id).execute(&pool).await?;
                    made += 1.0;
                }
                Ok::<f64, sqlx::Error>(made)
            });
        }
        let mut made = 0.0;
        while let Some(some) = all.join_next().await {
            made += some??;
        }
        (made, made / began.elapsed().as_secs_f64())
    }};
}

async fn measure(url: &str, tasks: i64, time: Duration) -> Outcome<(f64, f64)> {
    if url.starts_with("postgres://") {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?;
        return Ok(drive!(pool, None, tasks, time));
    }
    let options: SqliteConnectOptions = url.parse()?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(2900));
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    Ok(drive!(pool, Some(Arc::<Mutex<()>>::default()), tasks, time))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<_> = env::args().skip(1).collect();
    let [url, tasks, seconds] = &words[..] else {
        return Err("usage: ceiling-update URL TASKS SECONDS".into());
    };
    let (made, rate) = measure(url, tasks.parse()?, Duration::from_secs(seconds.parse()?)).await?;
    println!("{made:.0} {rate:.1}");
    Ok(())
}
