//! `nightlatch serve`
use std::error::Error;

use crate::{
    Server,
    clock::Clock,
    commands::secret,
    mail::Post,
    server,
    settings::{Settings, SettingsError},
};

/// Serves until it is told to stop.
pub async fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    secret::make_data_dir(&settings)?;
    let secret = secret::load(&settings)?;
    let post = Post::new(&settings).map_err(|error| SettingsError::new("NIGHTLATCH_MAIL__SMTP_URL", error))?;
    let data = settings.data_dir.display().to_string();
    let (url, local) = (settings.public_url.clone(), settings.mail.smtp_url.is_none());
    let database = if settings.database.url.reveal().starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" };
    let mail = if local { settings.mail_folder().display().to_string() } else { "SMTP".to_owned() };
    tracing::info!(%url, database, data, mail, "starting");
    let server = Server { settings, clock: Clock::system(), secret, post, workers: true };
    let rocket = server::server(server).map_err(|error| error.to_string())?.ignite().await.map_err(explained)?;
    tracing::info!("open {url} in a browser");
    if local {
        tracing::info!("letters are shown at {url}/dev/mailbox, since no mail server is set");
    }
    rocket.launch().await.map_err(explained)?;
    Ok(())
}

/// Rocket's error panics when it is dropped unseen; its text is several lines.
fn explained(error: rocket::Error) -> String {
    error.kind().to_string().lines().next().unwrap_or("Rocket did not start").to_owned()
}
