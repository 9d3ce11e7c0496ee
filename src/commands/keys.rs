//! `nightlatch keys`
use clap::Subcommand;
use comfy_table::{Table, presets};

use crate::{
    clock::{Clock, Timestamp},
    commands::{Failure, database, secret},
    db::Pool,
    keys::{Keys, LEAD, Purpose, Ring},
    secret::Secret,
    settings::Settings,
};

#[derive(Subcommand)]
pub enum Command {
    /// Show the signing keys; never the keys themselves
    List,
    /// Make new signing keys; nobody is signed out
    Rotate,
}

pub async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    secret::make_data_dir(&settings)?;
    let secret = secret::load(&settings)?;
    let db = database::open(&settings).await?;
    let done = act(&db, &secret, &command, Clock::system().now()).await;
    db.close().await;
    done
}

async fn act(db: &Pool, secret: &Secret, command: &Command, now: Timestamp) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["FOR", "KEY", "MADE", "STATE"]);
    for purpose in [Purpose::Session, Purpose::Access] {
        let wrong = |error: crate::accounts::Internal| error.to_string();
        let keys = Keys::load(db, secret, purpose, now).await.map_err(wrong)?;
        match command {
            Command::List => list(&mut table, purpose, &keys.ring(), now),
            Command::Rotate => keys.rotate(db, secret, now).await.map_err(wrong)?,
        }
    }
    match command {
        Command::List => say!("{table}"),
        Command::Rotate => say!("There are new keys. They sign from {} on; nobody is signed out.", now.plus(LEAD)),
    }
    Ok(())
}

fn list(table: &mut Table, purpose: Purpose, ring: &Ring, now: Timestamp) {
    let signing = ring.signing(now).map(|key| key.kid.as_str());
    for key in ring.all() {
        let begins = key.created_at.plus(LEAD);
        let state = match signing {
            Some(kid) if kid == key.kid => "signs".to_owned(),
            _ if begins > now => format!("signs from {begins} on"),
            _ => "verifies what it signed".to_owned(),
        };
        let purpose = match purpose {
            Purpose::Session => "session cookies",
            Purpose::Access => "access tokens",
        };
        table.add_row([purpose, &key.kid, &key.created_at.to_string(), &state]);
    }
}
