//! Keeping up with the other nodes of the same database, and waiting for them.
use std::time::Duration;

use super::{Accounts, Internal};
use crate::{
    clock,
    model::id::SessionId,
    revocations::feed::{Ask, Feed, PATIENCE},
    store,
};

/// How long to wait before asking again whether every node knows.
const PAUSE: Duration = Duration::from_millis(10);

impl Accounts {
    /// One step of keeping up; answers whether this node is up to date and may rest until the next reading.
    ///
    /// # Errors
    /// The database is gone; the step is taken again later.
    pub async fn follow(&self, feed: &mut Feed) -> Result<bool, Internal> {
        let (db, id, registration, now) = (&*self.db, &*self.node, feed.registration(), self.clock.now());
        match feed.ask(self.clock.uptime()) {
            Ask::Time => {
                self.compare_clocks(feed).await?;
                Ok(false)
            }
            Ask::Register => {
                store::nodes::register(db, id, registration, now).await?;
                feed.registered();
                Ok(false)
            }
            Ask::Read { after } => {
                let began = self.clock.uptime();
                let page = store::endings::page(db, id, registration, after).await?;
                Ok(feed.read(page, began, &self.revocations, now))
            }
            Ask::Publish { number } => {
                let noted = store::nodes::publish(db, id, registration, number).await?;
                feed.published(noted, &self.revocations);
                Ok(noted)
            }
        }
    }

    async fn compare_clocks(&self, feed: &mut Feed) -> Result<(), Internal> {
        let began = self.clock.uptime();
        let theirs = self.db.time().await?;
        let took = self.clock.uptime().saturating_sub(began);
        let ahead = theirs.map(|theirs| clock::ahead(self.clock.now(), theirs, took));
        let was_wrong = feed.clock_is_wrong();
        feed.compared(ahead.unwrap_or(0), began, &self.revocations);
        match (was_wrong, feed.clock_is_wrong(), ahead) {
            (false, true, Some(ahead_ms)) => tracing::error!(
                ahead_ms,
                "the clock of this machine is not the database's; every session is asked of its row until it is"
            ),
            (true, false, _) => tracing::info!("the clock of this machine is the database's again"),
            _ => {}
        }
        self.vitals.lock().clock_ahead = ahead;
        Ok(())
    }

    /// Leaves the nodes that others wait for. From now on every session is asked of its row.
    ///
    /// # Errors
    /// The database is gone; then the others wait for this node once.
    pub async fn leave(&self) -> Result<(), Internal> {
        self.revocations.distrust();
        Ok(store::nodes::remove(&*self.db, &self.node).await?)
    }

    /// Returns when every node knows that another request has ended `session`: that may still be on its way.
    pub(super) async fn await_ending(&self, session: &SessionId) -> Result<(), Internal> {
        if let Some(number) = self.learn_ending(session).await? {
            self.settle(number).await;
        }
        Ok(())
    }

    /// Returns when every other node knows of the endings up to `number`, or trusts its memory no more.
    pub(super) async fn settle(&self, number: i64) {
        let committed = self.clock.uptime();
        self.wait_for_others(number, committed).await;
        let took = self.clock.uptime().saturating_sub(committed);
        self.metrics.settled(took);
        self.vitals.lock().last_settle = Some(took);
    }

    async fn wait_for_others(&self, number: i64, committed: Duration) {
        loop {
            let behind = store::nodes::behind(&*self.db, number, &self.node).await;
            let waited = self.clock.uptime().saturating_sub(committed);
            match behind {
                Ok(behind) if behind.is_empty() => return,
                Ok(behind) if waited >= PATIENCE => {
                    for node in behind {
                        self.metrics.gave_up_node();
                        tracing::warn!(
                            node,
                            "a node did not say that it knows of an ended session, and is waited for no more"
                        );
                        // Where this fails the next to wait does it.
                        if let Err(error) = store::nodes::give_up(&*self.db, &node, number).await {
                            tracing::warn!(%error, "the row of a node could not be deleted");
                            return;
                        }
                    }
                    return;
                }
                Err(error) if waited >= PATIENCE => {
                    tracing::warn!(%error, "the other nodes could not be asked; they trust their memory no more");
                    return;
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}
