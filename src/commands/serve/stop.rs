//! Hears that the server has to stop; late, for those who send requests and have to hear of it first.
use std::{io, process, time::Duration};

use rocket::{
    Shutdown,
    config::{self, Sig},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::timeout,
};

use crate::accounts::Accounts;

/// The exit code of a server that was told to stop once more while it stopped.
const CUT_SHORT: i32 = 1;

/// At a signal of `config` the server stops. Where there is a `delay`, the node says that it is not ready and goes on for so long, since a
/// request on its way must not find the door shut; ctrl-c is pressed by somebody who sees that it is not balanced, and stops it at once. A
/// second signal ends the delay, and one more the process.
///
/// # Errors
/// A signal cannot be heard.
pub fn hear(config: &config::Shutdown, delay: Duration, accounts: Accounts, shutdown: &Shutdown) -> io::Result<()> {
    let (tell, mut told) = mpsc::channel(1);
    let pressed = config.ctrlc.then_some(Sig::Int);
    for kind in config.signals.iter().copied().chain(pressed) {
        let (mut signals, tell) = (signal(number(kind))?, tell.clone());
        tokio::spawn(async move { while signals.recv().await.is_some() && tell.send(kind).await.is_ok() {} });
    }
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        // No signal at all is heard where the settings say so.
        let Some(first) = told.recv().await else { return };
        if first != Sig::Int && !delay.is_zero() {
            accounts.announce_stop();
            tracing::info!(?delay, "told to stop: not ready any more");
            // Over, or told again.
            let _ = timeout(delay, told.recv()).await;
        }
        shutdown.notify();
        if told.recv().await.is_some() {
            tracing::warn!("told to stop once more: ended where it was");
            process::exit(CUT_SHORT);
        }
    });
    Ok(())
}

fn number(kind: Sig) -> SignalKind {
    match kind {
        Sig::Alrm => SignalKind::alarm(),
        Sig::Chld => SignalKind::child(),
        Sig::Hup => SignalKind::hangup(),
        Sig::Int => SignalKind::interrupt(),
        Sig::Io => SignalKind::io(),
        Sig::Pipe => SignalKind::pipe(),
        Sig::Quit => SignalKind::quit(),
        Sig::Usr1 => SignalKind::user_defined1(),
        Sig::Usr2 => SignalKind::user_defined2(),
        _ => SignalKind::terminate(),
    }
}
