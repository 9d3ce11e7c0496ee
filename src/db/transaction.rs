//! A transaction that is over when whoever began it goes away, at whatever moment that is.
use std::ops::{Deref, DerefMut};

use sqlx::Executor;
use tokio::{runtime::Handle, sync::OwnedMutexGuard};

use super::Connection;

/// Dropping it rolls it back. One whose begin, statement or commit was not answered ends with its connection.
#[derive(Debug)]
pub struct Transaction {
    connection: Connection,
    open: bool,
    /// The next writer's when this is over.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(super) async fn begin(
        mut connection: Connection,
        begin: &'static str,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> sqlx::Result<Self> {
        connection.execute(begin).await?;
        Ok(Self { connection, open: true, turn })
    }

    /// Keeps what it did.
    ///
    /// # Errors
    /// The database refuses. Where it does not answer, nobody knows whether it was kept.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.connection.execute("COMMIT").await?;
        self.open = false;
        Ok(())
    }

    /// Undoes what it did, and says when it is undone.
    ///
    /// # Errors
    /// The database is gone; it is undone all the same.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        self.connection.execute("ROLLBACK").await?;
        self.open = false;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.open
            && let Ok(runtime) = Handle::try_current()
        {
            let (mut connection, turn) = (self.connection.take(), self.turn.take());
            runtime.spawn(async move {
                if connection.execute("ROLLBACK").await.is_err() {
                    connection.end();
                }
                drop(turn);
            });
        }
    }
}
