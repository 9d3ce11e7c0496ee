//! A connection that waits for each answer for so long, and no longer.
use std::{io, time::Duration};

use rocket::futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream, stream::BoxStream};
use sqlx::{
    Any, Either, Error, Execute, Executor, SqlStr,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
    pool::PoolConnection,
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

/// How long a connection may take to go back into the pool: it is asked for a last sign of life, and one that has none ends.
const RETURN: Duration = Duration::from_secs(3);

/// One of the pool's. Where an answer did not come, whether the wait was over or whoever waited went away, the next one may be the
/// answer to something else: such a connection ends, and takes with it what was not committed.
#[derive(Debug)]
pub struct Connection {
    /// `None` once it has ended.
    held: Option<Held>,
    patience: Duration,
    /// Until when the first answer has to come: waiting for a connection counts.
    first_by: Option<Instant>,
}

/// A connection that is closed at once when it is dropped, without a word: also to a server that does not listen.
#[derive(Debug)]
struct Held(PoolConnection<Any>);

impl Connection {
    pub(super) fn new(inner: PoolConnection<Any>, patience: Duration, first_by: Instant) -> Self {
        Self { held: Some(Held(inner)), patience, first_by: Some(first_by) }
    }

    /// Leaves one behind that has ended.
    pub(super) fn take(&mut self) -> Self {
        Self { held: self.held.take(), ..*self }
    }

    /// Ends it.
    pub(super) fn end(&mut self) {
        self.held = None;
    }

    async fn answer<T, F>(&mut self, ask: impl FnOnce(Held) -> F) -> sqlx::Result<T>
    where
        F: Future<Output = (Held, sqlx::Result<T>)>,
    {
        let held = self.held.take().ok_or_else(silent)?;
        let by = self.first_by.take().unwrap_or_else(|| Instant::now() + self.patience);
        let (held, answer) = timeout_at(by, ask(held)).await.map_err(|_| silent())?;
        self.held = Some(held);
        answer
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let (Some(mut held), Ok(runtime)) = (self.held.take(), Handle::try_current()) {
            runtime.spawn(timeout(RETURN, held.0.return_to_pool()));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Nobody runs it, and with it goes the connection.
        drop(self.0.return_to_pool());
    }
}

/// The database has not answered in time.
pub(super) fn silent() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time"))
}

/// Results come when all of them are there: whoever reads slowly holds up nobody.
impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<AnyQueryResult, AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let all = self.answer(|mut held| async move {
            let all = held.0.fetch_many(query).try_collect().await;
            (held, all)
        });
        in_turn(all.boxed())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<AnyRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let row = self.answer(|mut held| async move {
            let row = held.0.fetch_optional(query).await;
            (held, row)
        });
        row.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, sqlx::Result<AnyStatement>>
    where
        'c: 'e,
    {
        let statement = self.answer(move |mut held| async move {
            let statement = held.0.prepare_with(sql, parameters).await;
            (held, statement)
        });
        statement.boxed()
    }
}

/// The results of a statement, one after another.
pub(super) fn in_turn<'e, T: Send + 'e>(all: BoxFuture<'e, sqlx::Result<Vec<T>>>) -> BoxStream<'e, sqlx::Result<T>> {
    stream::once(all).map_ok(|results| stream::iter(results.into_iter().map(Ok))).try_flatten().boxed()
}
