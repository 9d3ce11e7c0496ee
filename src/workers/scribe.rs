//! Writes down when sessions were last used.
use super::crew::Stop;
use crate::accounts::{Accounts, FLUSH};

/// Does so until it has to `stop`.
pub async fn run(accounts: &Accounts, stop: &Stop) {
    stop.sleep(FLUSH).await;
    while !stop.is_set() {
        write(accounts).await;
        stop.sleep(FLUSH).await;
    }
}

/// Does so once; what cannot be written is kept for the next time.
pub async fn write(accounts: &Accounts) {
    if let Err(error) = accounts.write_seen().await {
        tracing::warn!(%error, "when sessions were last used could not be written down; it is tried again");
    }
}
