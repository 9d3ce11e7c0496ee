//! Opens what a person can do for a command, beside the servers that may be running.
use std::sync::Arc;

use crate::{
    accounts::{Accounts, AdminError},
    clock::Clock,
    commands::{Failure, database, secret},
    db::Pool,
    model::id::random_text,
    settings::Settings,
    web::Problem,
};

/// The domain over the database of `settings`. It is a node that follows no other: whatever it ends, it waits for the servers.
pub async fn open(settings: &Settings) -> Result<(Accounts, Pool), Failure> {
    secret::make_data_dir(settings)?;
    let secret = Arc::new(secret::load(settings)?);
    let db = database::open(settings).await?;
    let accounts = Accounts::new(db.clone(), Clock::system(), secret, settings, &random_text());
    Ok((accounts.map_err(|error| error.to_string())?, db))
}

/// One line: the fields at fault, or what the page would say.
pub fn in_words(error: AdminError) -> Failure {
    if let AdminError::Internal(cause) = error {
        return cause.to_string().into();
    }
    let problem = Problem::from(error);
    if problem.errors.is_empty() {
        return problem.detail.into();
    }
    let fields: Vec<String> =
        problem.errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    fields.join(" ").into()
}
