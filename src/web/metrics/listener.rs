//! `GET /metrics`, on an address of its own: what stands there is for operators, not for whoever may sign in.
use std::{collections::HashSet, net::SocketAddr};

use rocket::{
    Build, Config, Request, Rocket, Shutdown, State, catch,
    config::Ident,
    error::ErrorKind,
    fairing::AdHoc,
    get,
    http::{ContentType, Status},
    routes,
    tokio::{sync::oneshot, task::JoinHandle},
};

use crate::{
    accounts::{Accounts, Internal},
    keys::Keys,
    metrics::MEDIA_TYPE,
};

/// Where the series come from.
#[derive(Clone)]
pub struct Source {
    /// What is counted, and what is read off.
    pub accounts: Accounts,
    /// The keys whose age is told: those of session tokens, then those of access tokens.
    pub rings: [Keys; 2],
}

/// A server for `/metrics` and nothing else. It hears no signals: the one it tells of stops it.
pub fn listener(source: Source, address: SocketAddr) -> Rocket<Build> {
    let config = Config { address: address.ip(), port: address.port(), ident: Ident::none(), ..quiet() };
    rocket::custom(config).manage(source).mount("/", routes![show]).register("/", rocket::catchers![nothing])
}

fn quiet() -> Config {
    let mut config =
        Config { log_level: rocket::config::LogLevel::Off, cli_colors: false, ..Config::release_default() };
    config.shutdown.ctrlc = false;
    config.shutdown.signals = HashSet::new();
    // A scrape takes milliseconds; a connection that waits for the next one holds nobody up.
    config.shutdown.grace = 1;
    config.shutdown.mercy = 0;
    config
}

#[get("/metrics")]
async fn show(source: &State<Source>) -> Result<(ContentType, String), Status> {
    let now = source.accounts.now();
    let [session, access] = source.rings.each_ref().map(|ring| {
        let made = ring.ring().all().first().map_or(now, |newest| newest.created_at);
        now.since(made)
    });
    let reading = source.accounts.reading([("session", session), ("access", access)]).await;
    let text = source.accounts.metrics().text(&reading).map_err(|_| Status::InternalServerError)?;
    let (top, sub, parameters) = MEDIA_TYPE;
    Ok((ContentType::new(top, sub).with_params(parameters), text))
}

#[catch(default)]
fn nothing(status: Status, _: &Request<'_>) -> String {
    format!("{status}\n")
}

/// The listener while it is open.
pub struct Listener {
    address: SocketAddr,
    shutdown: Shutdown,
    served: JoinHandle<Result<(), rocket::Error>>,
}

impl Listener {
    /// Opens it; callers are answered when this returns.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn open(source: Source, address: SocketAddr) -> Result<Self, Internal> {
        let (opened, open) = oneshot::channel();
        let tell = AdHoc::on_liftoff("opened", move |rocket| {
            Box::pin(async move {
                // Whoever gave up the opening waits for no address.
                let _ = opened.send(SocketAddr::new(rocket.config().address, rocket.config().port));
            })
        });
        let rocket = listener(source, address).attach(tell).ignite().await.map_err(|error| in_words(&error))?;
        let shutdown = rocket.shutdown();
        let served = rocket::tokio::spawn(async move { rocket.launch().await.map(drop) });
        if let Ok(address) = open.await {
            return Ok(Self { address, shutdown, served });
        }
        // It was dropped without a word: the launch failed.
        match served.await? {
            Err(error) => Err(in_words(&error)),
            Ok(()) => Err(Internal::new("it closed at once")),
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it when it has answered what it was asked.
    pub async fn close(self) {
        self.shutdown.notify();
        if let Ok(Err(error)) = self.served.await {
            tracing::warn!(error = %error.kind(), "the listener of the metrics did not close well");
        }
    }
}

/// One line; Rocket's own text has several, and its error panics when it is dropped unseen.
fn in_words(error: &rocket::Error) -> Internal {
    match error.kind() {
        ErrorKind::Bind(error) => Internal::new(&error.to_string()),
        kind => Internal::new(&kind.to_string()),
    }
}
