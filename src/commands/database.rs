//! Opens the database for a command.
use crate::{
    commands::Failure,
    db::{self, LEISURE, Pool},
    settings::Settings,
};

/// One connection to a database whose schema is current, for whoever has time.
pub async fn open(settings: &Settings) -> Result<Pool, Failure> {
    let url = settings.database.url.reveal();
    // A URL of PostgreSQL may hold a password.
    let name = if url.starts_with("sqlite:") { url } else { "the server in it" };
    let wrong = |error: sqlx::Error| format!("NIGHTLATCH_DATABASE_URL: {name}: {error}");
    db::probe(url).await.map_err(wrong)?;
    let db = Pool::connect(url, 1).await.map_err(wrong)?;
    db.migrate().await.map_err(|error| format!("NIGHTLATCH_DATABASE_URL: {name}: its schema: {error}"))?;
    Ok(db.with_patience(LEISURE))
}
