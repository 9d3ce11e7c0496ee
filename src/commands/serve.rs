//! `nightlatch serve`
mod stop;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rocket::{Orbit, Rocket, error::ErrorKind, local::asynchronous::Client};
use rocket_db_pools::Database;
use tokio::time::timeout;

use crate::{
    Server,
    accounts::Accounts,
    clock::Clock,
    commands::{Failure, database, secret},
    db::Db,
    keys::{Keys, Purpose},
    listener,
    mail::Post,
    model::id::random_text,
    secret::Secret,
    server,
    settings::{Settings, SettingsError},
    web::metrics::{Listener, Source},
    workers::{crew::Crew, publisher::Publisher, scribe},
};

/// How long a stop waits for what a worker is at: a letter that is cut off half sent would be sent twice.
const LAST_ITEM: Duration = Duration::from_secs(10);

/// How long a stop waits for the database: one connection that fell silent would hold it up for ever.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub async fn run(settings: Settings) -> Result<(), Failure> {
    refuse_debug(&settings)?;
    secret::make_data_dir(&settings)?;
    let secret = secret::load(&settings)?;
    let post = Post::new(&settings).map_err(|error| SettingsError::new("NIGHTLATCH_MAIL__SMTP_URL", error))?;
    let tls = settings.tls.as_ref().map(listener::acceptor).transpose()?;
    rehearse(&settings, &secret).await?;
    announce(&settings);
    let url = settings.public_url.clone();
    let config = rocket::Config::try_from(&settings.figment)?;
    let door = listener::Listener::open(&settings, &config, tls)?;
    let (metrics, delay) = (settings.metrics.address, settings.stop.delay);
    let server = Server { node: node(&settings), settings, clock: Clock::system(), secret, post, workers: true };
    let rocket = server::server(server).map_err(|error| error.to_string())?;
    let rocket = rocket.ignite().await.map_err(|error| in_words(&error))?;
    let listener = match (metrics, rocket.state::<Source>()) {
        (Some(address), Some(source)) => Some(open(source.clone(), address).await?),
        _ => None,
    };
    let client = Arc::new(Client::untracked(rocket).await.map_err(|error| in_words(&error))?);
    if let Some(accounts) = client.rocket().state::<Accounts>() {
        stop::hear(&config.shutdown, delay, accounts.clone(), &client.rocket().shutdown())?;
    }
    tracing::info!(address = %door.address()?, "open {url} in a browser");
    door.serve(Arc::clone(&client), grace(&config)).await;
    if let Some(listener) = listener {
        listener.close().await;
    }
    let served = client.rocket();
    if let Some(crew) = served.state::<Arc<Crew>>()
        && !crew.is_done(LAST_ITEM).await
    {
        tracing::warn!("a worker did not finish in time, and ended where it was");
    }
    if timeout(LAST_WORDS, finish(served)).await.is_err() {
        tracing::warn!("the database did not answer until the end");
    }
    if let Some(client) = Arc::into_inner(client) {
        client.terminate().await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// How long requests that are under way may go on.
fn grace(config: &rocket::Config) -> Duration {
    Duration::from_secs(u64::from(config.shutdown.grace) + u64::from(config.shutdown.mercy))
}

/// What is left to say to the database when no request is served any more.
async fn finish(served: &Rocket<Orbit>) {
    let (Some(accounts), Some(db)) = (served.state::<Accounts>(), Db::fetch(served)) else { return };
    scribe::write(accounts).await;
    if let Some(Some(publisher)) = served.state::<Option<Arc<Publisher>>>() {
        publisher.leave().await;
    }
    db.close().await;
}

async fn open(source: Source, address: SocketAddr) -> Result<Listener, SettingsError> {
    let wrong = |error| SettingsError::new("NIGHTLATCH_METRICS__ADDRESS", format!("{address}: {error}"));
    let listener = Listener::open(source, address).await.map_err(wrong)?;
    tracing::info!("metrics are at http://{}/metrics", listener.address());
    Ok(listener)
}

/// One server at a time has an SQLite file: it takes the place of the one before, which may have been killed, and nobody waits for that.
fn node(settings: &Settings) -> String {
    if settings.database.url.reveal().starts_with("sqlite:") { "server".into() } else { random_text() }
}

/// Does once what the server's parts will do, since Rocket only says that one of them failed.
async fn rehearse(settings: &Settings, secret: &Secret) -> Result<(), Failure> {
    let db = database::open(settings).await?;
    let keys = Keys::load(&db, secret, Purpose::Session, Clock::system().now()).await;
    db.close().await;
    keys.map(drop).map_err(|error| error.to_string().into())
}

/// A build for developers reads templates from their folder and is slow: it serves this machine only.
fn refuse_debug(settings: &Settings) -> Result<(), SettingsError> {
    let debug = cfg!(debug_assertions) || settings.figment.profile() == rocket::Config::DEBUG_PROFILE;
    if debug && !settings.here {
        return Err(SettingsError::new(
            "NIGHTLATCH_PUBLIC_URL",
            "a debug build, or ROCKET_PROFILE=debug, serves this machine only; `cargo build --release` makes one for others",
        ));
    }
    Ok(())
}

fn announce(settings: &Settings) {
    let data = settings.data_dir.display();
    let folder = settings.mail_folder();
    let mail = if settings.mail.smtp_url.is_some() { "by SMTP".into() } else { folder.display().to_string() };
    let database = if settings.database.url.reveal().starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" };
    let events = if settings.amqp.is_some() { "to RabbitMQ" } else { "in the database" };
    tracing::info!(%data, database, mail, events, "starting");
    for caution in &settings.cautions {
        tracing::warn!("taken on this machine only: {caution}");
    }
    if settings.mail.smtp_url.is_none() {
        tracing::info!("no mail server is set: letters are shown at {}/dev/mailbox", settings.public_url);
    }
}

/// One line; Rocket's own text has several, and its error panics when it is dropped unseen.
fn in_words(error: &rocket::Error) -> String {
    match error.kind() {
        ErrorKind::Config(error) => format!("Rocket's settings: {error}"),
        kind => kind.to_string(),
    }
}
