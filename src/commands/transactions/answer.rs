//! Waiting for the server, and what is said of it when it fails.
use std::{io::ErrorKind, time::Duration};

use async_imap::error::Error;
use tokio::time::timeout;

use crate::commands::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for an answer, and says in one line what was wrong with it.
pub async fn answer<T>(host: &str, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::ConnectionLost)) => Err(lost(host)),
        Ok(Err(Error::Io(error))) if error.kind() == ErrorKind::UnexpectedEof => Err(lost(host)),
        Ok(Err(Error::Io(error))) => Err(format!("{host}: {}", one_line(&error.to_string())).into()),
        Ok(Err(Error::No(words) | Error::Bad(words))) => {
            Err(format!("{host} refuses: {}", one_line(said(&words))).into())
        }
        Ok(Err(error)) => Err(format!("{host}: {}", one_line(&error.to_string())).into()),
        Err(_) => Err(format!("{host}: no answer within {} seconds", PATIENCE.as_secs()).into()),
    }
}

/// The server's own words: the library gives them wrapped in the names of its fields.
fn said(words: &str) -> &str {
    let inner = words.split_once("Some(\"").and_then(|(_, words)| words.rsplit_once("\")"));
    inner.map_or(words, |(words, _)| words)
}

/// The connection is gone.
pub fn lost(host: &str) -> Failure {
    format!("{host}: the connection was lost").into()
}

/// Words of a stranger, fit for a line on a terminal.
pub fn one_line(words: &str) -> String {
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    words.trim().to_owned()
}
