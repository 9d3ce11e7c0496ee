//! Counts what superusers see at a glance, so that none of them waits for it.
use std::time::Duration;

use super::crew::Stop;
use crate::accounts::Accounts;

/// How long to wait after a fault.
const PAUSE: Duration = Duration::from_secs(10);

/// Does so until it has to `stop`.
pub async fn run(accounts: &Accounts, stop: &Stop) {
    while !stop.is_set() {
        let pause = accounts.count().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "accounts and sessions could not be counted; it is tried again");
            PAUSE
        });
        stop.sleep(pause).await;
    }
}
