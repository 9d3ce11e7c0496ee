//! Stops late, for those who send requests and have to hear of it first.
use std::{io, time::Duration};

use rocket::{
    Shutdown,
    figment::{Figment, providers::Serialized},
};
use tokio::signal::unix::{SignalKind, signal};

use crate::accounts::Accounts;

/// Keeps Rocket from stopping at SIGTERM by itself.
pub fn take_signal(figment: Figment) -> Figment {
    figment.merge(Serialized::global("shutdown.signals", [""; 0]))
}

/// At SIGTERM the node says that it is not ready and goes on for `delay`, since a request on its way must not find the door shut. A second
/// signal stops it at once.
///
/// # Errors
/// The signal cannot be heard.
pub fn late(delay: Duration, accounts: Accounts, shutdown: Shutdown) -> io::Result<()> {
    let mut told = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        told.recv().await;
        accounts.announce_stop();
        tracing::info!(?delay, "told to stop: not ready any more");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = told.recv() => {}
        }
        shutdown.notify();
    });
    Ok(())
}
