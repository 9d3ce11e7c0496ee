//! Writes down when sessions were last used.
use crate::accounts::{Accounts, FLUSH};

/// Does so for ever.
pub async fn run(accounts: &Accounts) {
    loop {
        tokio::time::sleep(FLUSH).await;
        write(accounts).await;
    }
}

/// Does so once; what cannot be written is kept for the next time.
pub async fn write(accounts: &Accounts) {
    if let Err(error) = accounts.write_seen().await {
        tracing::warn!(%error, "when sessions were last used could not be written down; it is tried again");
    }
}
