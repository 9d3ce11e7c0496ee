//! A copy of an SQLite database that is in use.
use std::path::Path;

use sqlx::{AnyConnection, Connection, Error};

/// Copies what was committed when it begins, and nothing else, from the database at `url` to the empty file `copy`.
///
/// # Errors
/// There is no such database, the file cannot be written, or its name is not Unicode text.
pub async fn copy_sqlite(url: &str, copy: &Path) -> sqlx::Result<()> {
    sqlx::any::install_default_drivers();
    let name = copy.to_str().ok_or_else(|| Error::Configuration("the name of the file is not Unicode text".into()))?;
    // A copy of nothing is no copy: unlike the server, this makes no database.
    let mut source = AnyConnection::connect(&url.replace("mode=rwc", "mode=rw")).await?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut source).await?;
    source.close().await
}

/// What SQLite says of a copy: `ok`, or what is wrong with it.
///
/// # Errors
/// It cannot be read, or it has no accounts.
pub async fn verdict(copy: &Path) -> sqlx::Result<String> {
    let escaped = copy.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    let mut copy = AnyConnection::connect(&format!("sqlite://{escaped}?mode=ro")).await?;
    let verdict = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut copy).await?;
    sqlx::query("SELECT count(*) FROM users").execute(&mut copy).await?;
    copy.close().await?;
    Ok(verdict)
}
