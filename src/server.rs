//! Puts the server together: what is attached, in order.
use std::sync::Arc;

use rocket::{Build, Orbit, Rocket, fairing::AdHoc, figment::providers::Serialized};
use rocket_db_pools::Database;
use tokio::sync::Notify;

use crate::{
    accounts::{Accounts, Internal, admin::FirstSuperuser},
    amqp::Broker,
    clock::Clock,
    db::Db,
    jwt::Jwts,
    keys::{Keys, Purpose},
    mail::{MailFolder, Mailer, Post},
    secret::Secret,
    settings::Settings,
    templates::Templates,
    web::{self, Site, check::Checkpoint, metrics::Source},
    workers::{
        counter,
        crew::{Crew, FIRST_WAIT},
        follower::Follower,
        keysmith::Keysmith,
        postman::Postman,
        publisher::Publisher,
        scribe,
        sealer::Sealer,
        sweeper::Sweeper,
    },
};

/// A server about to start.
pub struct Server {
    /// What it does.
    pub settings: Settings,
    /// The time it goes by.
    pub clock: Clock,
    /// What its keys are derived from.
    pub secret: Secret,
    /// The way its letters go.
    pub post: Post,
    /// Its name among the nodes of its database; nobody else may have it at the same time.
    pub node: String,
    /// Whether it sends letters by itself; a test delivers them by hand.
    pub workers: bool,
}

/// The flat, ordered list of what is attached.
///
/// # Errors
/// A template has a fault.
pub fn server(server: Server) -> Result<Rocket<Build>, Internal> {
    let templates = Arc::new(Templates::new()?);
    let database = &server.settings.database;
    let figment = server
        .settings
        .figment
        .clone()
        .merge(Serialized::global("databases.main.url", database.url.reveal()))
        .merge(Serialized::global("databases.main.max_connections", database.max_connections));
    let mailbox = match &server.post.mailer {
        Mailer::Folder(folder) => Some(folder.clone()),
        _ => None,
    };
    let counted = server.settings.metrics.address.map(|_| server.clock.clone());
    let rocket = rocket::custom(figment)
        .attach(Db::init())
        .manage(Site::new(&server.settings))
        .manage(Checkpoint { prover: server.secret.prover(), clock: server.clock.clone() })
        .manage::<Option<MailFolder>>(mailbox)
        .manage(templates.clone())
        .attach(AdHoc::try_on_ignite("accounts", |rocket| async move { accounts(rocket, server, templates).await }));
    Ok(web::attach(rocket, counted))
}

/// What needs the database, once it is there.
async fn accounts(rocket: Rocket<Build>, server: Server, templates: Arc<Templates>) -> rocket::fairing::Result {
    match assemble(&rocket, server, templates).await {
        Ok((accounts, jwt, workers)) => {
            let rocket = rocket
                .manage(Source { accounts: accounts.clone(), rings: workers.keysmith.rings.clone() })
                .manage(accounts)
                .manage(jwt)
                .manage(Arc::clone(&workers.postman))
                .manage(Arc::clone(&workers.follower))
                .manage(Arc::clone(&workers.keysmith))
                .manage(Arc::clone(&workers.sealer))
                .manage(Arc::clone(&workers.sweeper))
                .manage(workers.publisher.clone());
            Ok(if workers.at_work { workers.attach(rocket) } else { rocket })
        }
        Err(error) => {
            tracing::error!(%error, "Nightlatch cannot start");
            Err(rocket)
        }
    }
}

async fn assemble(
    rocket: &Rocket<Build>,
    server: Server,
    templates: Arc<Templates>,
) -> Result<(Accounts, Jwts, Workers), Internal> {
    let Server { settings, clock, secret, post, node, workers } = server;
    let db = Db::fetch(rocket).ok_or_else(|| Internal::new("the database is not attached"))?;
    let (db, secret) = ((**db).clone(), Arc::new(secret));
    db.migrate().await?;
    let session_keys = Keys::load(&db, &secret, Purpose::Session, clock.now()).await?;
    let access_keys = Keys::load(&db, &secret, Purpose::Access, clock.now()).await?;
    let accounts = Accounts::new(db.clone(), clock.clone(), Arc::clone(&secret), &settings, &node)?;
    let follower = Follower::new(accounts.clone());
    follower.catch_up().await?;
    greet(&accounts, settings.first_superuser.as_deref()).await?;
    accounts.enforce_second_factor().await.map_err(|error| Internal::new(&format!("{error:?}")))?;
    let keysmith = Keysmith {
        db: db.clone(),
        clock: clock.clone(),
        secret: Arc::clone(&secret),
        rings: [session_keys.clone(), access_keys.clone()],
        rotate: settings.keys.rotate,
    };
    let sealer = Sealer { db: db.clone(), clock: clock.clone(), seals: secret.seals() };
    let sweeper = Sweeper {
        db: db.clone(),
        clock: clock.clone(),
        seals: secret.seals(),
        keep: settings.retention,
        publishes: settings.amqp.is_some(),
    };
    let jwt = Jwts::new(session_keys, access_keys, &settings.public_url);
    let public_url = settings.public_url;
    let publisher = settings.amqp.map(|address| {
        Arc::new(Publisher::new(db.clone(), clock.clone(), Broker::new(address), public_url.clone(), node))
    });
    let postman = Postman { db, clock, secret, templates, post: Arc::new(post), public_url };
    let workers = Workers {
        accounts: accounts.clone(),
        queued: accounts.letters_queued(),
        postman: Arc::new(postman),
        follower: Arc::new(follower),
        keysmith: Arc::new(keysmith),
        sealer: Arc::new(sealer),
        sweeper: Arc::new(sweeper),
        recorded: accounts.events_recorded(),
        publisher,
        at_work: workers,
    };
    Ok((accounts, jwt, workers))
}

/// Makes the first superuser, or says how to.
async fn greet(accounts: &Accounts, email: Option<&str>) -> Result<(), Internal> {
    let first = accounts.first_superuser(email).await.map_err(|error| Internal::new(&format!("{error:?}")))?;
    match first {
        FirstSuperuser::There => {}
        FirstSuperuser::Made => tracing::info!("there is a first superuser, who gets a letter"),
        FirstSuperuser::Missing => tracing::info!(
            "there is no superuser yet; `nightlatch user create --email ADDRESS --superuser` makes one, or NIGHTLATCH_SUPERUSER__EMAIL"
        ),
        FirstSuperuser::Unproven => tracing::warn!(
            "NIGHTLATCH_SUPERUSER__EMAIL: the account with this address has not proven it, and is no superuser; \
             `nightlatch user create` makes another"
        ),
    }
    Ok(())
}

/// What runs beside the requests.
struct Workers {
    accounts: Accounts,
    postman: Arc<Postman>,
    queued: Arc<Notify>,
    follower: Arc<Follower>,
    keysmith: Arc<Keysmith>,
    sealer: Arc<Sealer>,
    sweeper: Arc<Sweeper>,
    publisher: Option<Arc<Publisher>>,
    recorded: Arc<Notify>,
    at_work: bool,
}

impl Workers {
    /// Starts them when the server has started, and tells them to stop with it.
    fn attach(self, rocket: Rocket<Build>) -> Rocket<Build> {
        let crew = Arc::new(Crew::new(FIRST_WAIT));
        let starting = Arc::clone(&crew);
        let start = AdHoc::on_liftoff("workers", |rocket: &Rocket<Orbit>| {
            let shutdown = rocket.shutdown();
            Box::pin(async move {
                self.start(&starting);
                tokio::spawn(async move {
                    shutdown.await;
                    starting.dismiss();
                });
            })
        });
        rocket.manage(crew).attach(start)
    }

    fn start(self, crew: &Crew) {
        let Self { accounts, postman, queued, follower, keysmith, sealer, sweeper, publisher, recorded, .. } = self;
        // First: after a long reading at the start the node is not ready until it has read what came meanwhile.
        crew.hire("follower", move |stop| {
            let follower = Arc::clone(&follower);
            async move {
                follower.run(&stop).await;
                follower.leave().await;
            }
        });
        crew.hire("postman", move |stop| {
            let (postman, queued) = (Arc::clone(&postman), Arc::clone(&queued));
            async move { postman.run(&queued, &stop).await }
        });
        crew.hire("keysmith", move |stop| {
            let keysmith = Arc::clone(&keysmith);
            async move { keysmith.run(&stop).await }
        });
        let counted = accounts.clone();
        crew.hire("counter", move |stop| {
            let accounts = counted.clone();
            async move { counter::run(&accounts, &stop).await }
        });
        crew.hire("scribe", move |stop| {
            let accounts = accounts.clone();
            async move { scribe::run(&accounts, &stop).await }
        });
        crew.hire("sealer", move |stop| {
            let sealer = Arc::clone(&sealer);
            async move { sealer.run(&stop).await }
        });
        crew.hire("sweeper", move |stop| {
            let sweeper = Arc::clone(&sweeper);
            async move { sweeper.run(&stop).await }
        });
        if let Some(publisher) = publisher {
            crew.hire("publisher", move |stop| {
                let (publisher, recorded) = (Arc::clone(&publisher), Arc::clone(&recorded));
                async move { publisher.run(&recorded, &stop).await }
            });
        }
    }
}
