//! Keeps this node up to date about sessions that others end.
use tokio::sync::Mutex;

use super::crew::Stop;
use crate::{
    accounts::{Accounts, Internal},
    revocations::feed::{Feed, INTERVAL},
};

/// Reads the endings of all nodes, again and again.
pub struct Follower {
    accounts: Accounts,
    /// `None` once this node has left.
    feed: Mutex<Option<Feed>>,
}

impl Follower {
    /// Follows for the sessions of `accounts`; nothing is read yet.
    pub fn new(accounts: Accounts) -> Self {
        let feed = Feed::new(accounts.now().millis());
        Self { accounts, feed: Mutex::new(Some(feed)) }
    }

    /// Reads until this node is up to date; nothing after it has left.
    ///
    /// # Errors
    /// The database is gone, or silent.
    pub async fn catch_up(&self) -> Result<(), Internal> {
        let mut feed = self.feed.lock().await;
        let Some(feed) = feed.as_mut() else { return Ok(()) };
        while !self.accounts.follow(feed).await? {}
        Ok(())
    }

    /// Catches up until it has to `stop`. An outage is logged when it begins and when it is over.
    pub async fn run(&self, stop: &Stop) {
        let mut cut_off = false;
        while !stop.is_set() {
            let outcome = self.catch_up().await;
            match &outcome {
                Ok(()) if cut_off => tracing::info!("the endings of other nodes are read again"),
                Err(error) if !cut_off => {
                    tracing::error!(%error, "the endings of other nodes cannot be read; every session is asked of its row");
                }
                _ => {}
            }
            cut_off = outcome.is_err();
            stop.sleep(INTERVAL).await;
        }
    }

    /// Leaves for good: other nodes need not wait for this one.
    pub async fn leave(&self) {
        self.feed.lock().await.take();
        if let Err(error) = self.accounts.leave().await {
            tracing::warn!(%error, "this node could not say that it leaves; the others wait for it once");
        }
    }
}
