//! `nightlatch migrate`
use crate::{
    commands::{Failure, database, secret},
    settings::Settings,
};

/// Brings the schema up to date.
pub async fn run(settings: Settings) -> Result<(), Failure> {
    secret::make_data_dir(&settings)?;
    database::open(&settings).await?.close().await;
    say!("The database is up to date.");
    Ok(())
}
