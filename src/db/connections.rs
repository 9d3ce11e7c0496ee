//! The connections to one database, and single statements on any of them.
use std::time::Duration;

use rocket::futures::{FutureExt, TryStreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Any, AnyPool, Either, Execute, Executor, SqlStr,
    any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo},
};
use tokio::time::{Instant, timeout_at};

use super::connection::{Connection, in_turn, silent};

/// Whoever runs a statement on them waits for so long for its answer, and for a connection.
#[derive(Clone, Debug)]
pub struct Connections {
    pub(super) any: AnyPool,
    pub(super) patience: Duration,
}

impl Connections {
    /// One of them, to be given back by dropping it.
    ///
    /// # Errors
    /// None is free in time, or the database is gone.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        self.acquire_by(self.first_by()).await
    }

    /// When whoever begins to wait now has waited for long enough.
    pub(super) fn first_by(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// One of them, on which the first answer has to come by then.
    pub(super) async fn acquire_by(&self, first_by: Instant) -> sqlx::Result<Connection> {
        let inner = timeout_at(first_by, self.any.acquire()).await.map_err(|_| silent())??;
        Ok(Connection::new(inner, self.patience, first_by))
    }

    /// How many there are.
    pub fn size(&self) -> u32 {
        self.any.size()
    }

    /// How many of them nobody uses.
    pub fn num_idle(&self) -> usize {
        self.any.num_idle()
    }

    /// Ends them, each when it comes back.
    pub async fn close(&self) {
        self.any.close().await;
    }
}

impl<'p> Executor<'p> for &'p Connections {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<AnyQueryResult, AnyRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        in_turn(async move { self.acquire().await?.fetch_many(query).try_collect().await }.boxed())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<AnyRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        async move { self.acquire().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, sqlx::Result<AnyStatement>>
    where
        'p: 'e,
    {
        async move { self.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }
}
