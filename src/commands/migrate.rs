//! `nightlatch migrate`
use std::error::Error;

use crate::{commands::secret, db::Pool, settings::Settings};

/// Brings the schema up to date.
pub async fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    secret::make_data_dir(&settings)?;
    let db =
        Pool::connect(settings.database.url.reveal(), 1).await.map_err(|error| format!("the database: {error}"))?;
    db.migrate().await.map_err(|error| format!("the database: {error}"))?;
    println!("The database is up to date.");
    Ok(())
}
