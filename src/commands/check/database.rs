//! The database: reachable, migrated, writable, opened by this secret, and of the same time.
use std::time::Duration;

use super::{Findings, broker};
use crate::{
    clock::{CLOCKS_MAY_DIFFER, Clock, Timestamp},
    db::{self, Pool, Schema},
    keys::{Keys, Purpose},
    secret::Secret,
    settings::Settings,
};

/// How long a database may take to take a connection.
const PATIENCE: Duration = Duration::from_secs(10);

const SETTING: &str = "NIGHTLATCH_DATABASE_URL";

pub async fn check(settings: &Settings, secret: Option<&Secret>, clock: &Clock, findings: &mut Findings) {
    let Some(db) = reach(settings, findings).await else { return };
    if schema(&db, findings).await {
        writable(&db, findings).await;
        if let Some(secret) = secret {
            keys(&db, secret, clock, findings).await;
        }
        if settings.amqp.is_some() {
            broker::backlog(&db, clock, findings).await;
        }
    }
    if is_sqlite(settings) {
        say!("skipped  clock of the database: SQLite has none");
    } else {
        self::clock(&db, clock, findings).await;
    }
    db.close().await;
}

/// One connection to the database, or a finding.
pub async fn reach(settings: &Settings, findings: &mut Findings) -> Option<Pool> {
    // Looking must not make a database.
    let url = settings.database.url.reveal().replace("mode=rwc", "mode=rw");
    let sqlite = is_sqlite(settings);
    match tokio::time::timeout(PATIENCE, open(&url)).await {
        Ok(Ok(db)) => {
            findings.ok("database", if sqlite { "SQLite, opened" } else { "PostgreSQL, reached" });
            Some(db)
        }
        outcome => {
            let why = outcome.map_or_else(
                |_| "no answer in 10 s".into(),
                |outcome| outcome.err().map_or_else(String::new, |error| error.to_string()),
            );
            let fix = if sqlite {
                "start the server once or run `nightlatch migrate`, as the user the server runs as"
            } else if why.contains("certificate") || why.contains("TLS") {
                "let it have TLS with a certificate for that host, and name its authority in sslrootcert= where this machine does not know it"
            } else {
                "start PostgreSQL, and see that it takes this user, password and database from here"
            };
            // A URL of PostgreSQL may hold a password.
            let name = if sqlite { &url } else { "the server in it" };
            findings.problem("database", format!("{SETTING}: {name}: {why}"), fix);
            None
        }
    }
}

fn is_sqlite(settings: &Settings) -> bool {
    settings.database.url.reveal().starts_with("sqlite:")
}

async fn open(url: &str) -> sqlx::Result<Pool> {
    db::probe(url).await?;
    Pool::connect(url, 1).await
}

/// Whether the schema is current, with a finding.
pub async fn schema(db: &Pool, findings: &mut Findings) -> bool {
    match db.schema().await {
        Ok(Schema::Current) => findings.ok("schema", "current"),
        Ok(Schema::Older) => findings.problem("schema", "older than this program", "run `nightlatch migrate`"),
        Ok(Schema::Newer) => findings.problem(
            "schema",
            "newer than this program",
            "run the newer program, or restore the backup from before",
        ),
        Err(error) => findings.problem("schema", format!("not there ({error})"), "run `nightlatch migrate`"),
    }
    matches!(db.schema().await, Ok(Schema::Current))
}

async fn writable(db: &Pool, findings: &mut Findings) {
    match db.try_write().await {
        Ok(()) => findings.ok("writing", "allowed"),
        Err(error) => {
            findings.problem("writing", error, format!("{SETTING} must lead to a primary, as a user who may write"))
        }
    }
}

async fn keys(db: &Pool, secret: &Secret, clock: &Clock, findings: &mut Findings) {
    match crate::store::keys::all(&**db, "session").await {
        // The server makes the first one; looking does not.
        Ok(rows) if rows.is_empty() => say!("skipped  signing keys: there are none before the first start"),
        Ok(_) => match Keys::load(db, secret, Purpose::Session, clock.now()).await {
            Ok(_) => findings.ok("signing keys", "open with this secret"),
            Err(error) => findings.problem("signing keys", error, "bring back the secret this database was begun with"),
        },
        Err(error) => findings.problem("signing keys", error, "let this user read the table `keys`"),
    }
}

async fn clock(db: &Pool, clock: &Clock, findings: &mut Findings) {
    let before = clock.now();
    let theirs = db.time().await;
    let ours = before.plus(clock.now().since(before) / 2);
    match theirs {
        Ok(Some(theirs)) => compare("clock of the database", theirs, ours, findings),
        Ok(None) => say!("skipped  clock of the database: SQLite has none"),
        Err(error) => findings.problem("clock of the database", error, "see what the database says of it"),
    }
}

/// Says how far another clock is from ours.
pub fn compare(name: &str, theirs: Timestamp, ours: Timestamp, findings: &mut Findings) {
    let apart = theirs.since(ours).max(ours.since(theirs));
    let seconds = apart.as_secs_f64();
    if apart > CLOCKS_MAY_DIFFER {
        let fix = "set both by NTP (`timedatectl set-ntp true`): sessions would end too early or too late";
        findings.problem(name, format!("differs from ours by {seconds:.1} s"), fix);
    } else {
        findings.ok(name, format!("within {seconds:.1} s of ours"));
    }
}
