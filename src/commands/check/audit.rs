//! The audit trail: every row as it was sealed, each in its place, and none missing.
mod walk;

use std::time::Duration;

use super::{Findings, database};
use crate::{
    clock::{Clock, Timestamp},
    db::{LEISURE, Pool},
    model::id::row_time,
    seals::Seals,
    secret::Secret,
    settings::Settings,
    store,
};
use walk::{Fault, Walk};

const NAME: &str = "audit trail";

/// A running server seals within two seconds; after this the one here does not run, or cannot.
const LATE: Duration = Duration::from_secs(60);

pub async fn check(settings: &Settings, secret: Option<&Secret>, clock: &Clock, findings: &mut Findings) {
    let Some(secret) = secret else { return };
    let Some(db) = database::reach(settings, findings).await else { return };
    let db = db.with_patience(LEISURE);
    if database::schema(&db, findings).await {
        let outcome = match sealed(&db, &secret.seals(), findings).await {
            Ok(()) => waiting(&db, clock, findings).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            findings.problem(NAME, error, "run this again; until then nothing is known");
        }
    }
    db.close().await;
}

async fn sealed(db: &Pool, seals: &Seals, findings: &mut Findings) -> sqlx::Result<()> {
    let mut walk = Walk::new(db, seals);
    let fault = walk.fault().await?;
    let ends = &walk.ends;
    if ends.number > 0 {
        let since = Timestamp::from_millis(ends.begun_at).rfc3339();
        findings.ok(NAME, format!("sealed since {since}, up to seal number {}", ends.number));
    }
    if ends.deleted_number > 0 {
        let until = Timestamp::from_millis(ends.deleted_until).rfc3339();
        findings.ok(NAME, format!("{} up to {until} deleted by retention", rows(ends.deleted_number)));
    }
    let sound = format!("{} as sealed", rows(walk.sound));
    match fault {
        None => findings.ok(NAME, sound),
        Some(fault) => {
            let fix = "compare it with a backup, and find out who else can write to this database";
            findings.problem(NAME, format!("{}, after {sound}", words(&fault)), fix);
        }
    }
    Ok(())
}

async fn waiting(db: &Pool, clock: &Clock, findings: &mut Findings) -> sqlx::Result<()> {
    let (count, oldest) = store::events::waiting(&**db).await?;
    let is = format!("{} not sealed yet", rows(count));
    let since = oldest.as_deref().and_then(row_time);
    if since.is_some_and(|since| since.plus(LATE) < clock.now()) {
        findings.warning(NAME, is, "start the server, or see in its log why it does not seal them");
    } else {
        findings.ok(NAME, is);
    }
    Ok(())
}

fn words(fault: &Fault) -> String {
    match fault {
        Fault::Ends => {
            "the note of where its seals begin and end is of another secret, was changed or was removed".into()
        }
        Fault::Beyond(row) => format!("{} has a seal behind the last one that was noted", name(row)),
        Fault::Gone { count, after: Some(row) } => format!("{} removed behind {}", rows(*count), name(row)),
        Fault::Gone { count, after: None } => format!("{} removed from its beginning", rows(*count)),
        Fault::Removed(row) => format!("{} was removed", name(row)),
        Fault::Changed(row) => format!("{} was changed since it was sealed", name(row)),
        Fault::Moved { row, other } => {
            format!("{} was moved: what was sealed in its place is now {}", name(row), name(other))
        }
        Fault::Stray(row) => format!("{} passes for sealed and has no seal: it was put in", name(row)),
    }
}

fn name(row: &str) -> String {
    match row_time(row) {
        Some(time) => format!("row {row} of {}", time.rfc3339()),
        None => format!("row {row}"),
    }
}

fn rows(count: i64) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}
