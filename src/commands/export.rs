//! `nightlatch export`
use std::io::{self, BufWriter, Stdout, Write, stdout};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    accounts::{
        Accounts, Recorded,
        admin::{AnySession, EventFilter, Kept, SessionFilter, SessionState},
    },
    clock::Timestamp,
    commands::{
        Failure,
        domain::{self, in_words},
    },
    settings::Settings,
};

#[derive(Args)]
pub struct Options {
    /// What to write
    #[arg(required = true)]
    what: Vec<What>,
    /// Write the hashes of passwords too; keep such a file as safe as the database
    #[arg(long)]
    with_hashes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Accounts, the oldest first
    Users,
    /// Sessions, the newest first, those that ended too
    Sessions,
    /// The audit trail, the newest first
    Events,
}

/// Rows asked for at a time.
const PAGE: i64 = 1000;

/// Writes what is stored to standard output, one JSON object a line, page by page.
pub async fn run(settings: Settings, options: Options) -> Result<(), Failure> {
    let (accounts, db) = domain::open(&settings).await?;
    let mut out = BufWriter::new(stdout());
    let mut done: Result<(), Failure> = Ok(());
    for what in &options.what {
        done = match what {
            What::Users => users(&accounts, options.with_hashes, &mut out).await,
            What::Sessions => sessions(&accounts, &mut out).await,
            What::Events => events(&accounts, &mut out).await,
        };
        if done.is_err() {
            break;
        }
    }
    let done = done.and_then(|()| Ok(out.flush()?));
    db.close().await;
    done.or_else(|error| if is_enough(&error) { Ok(()) } else { Err(error) })
}

/// Whether the one who reads has gone, as `head` does.
fn is_enough(error: &Failure) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

type Out = BufWriter<Stdout>;

async fn users(accounts: &Accounts, with_hashes: bool, out: &mut Out) -> Result<(), Failure> {
    let mut last = None;
    loop {
        let page = accounts.kept(last.as_ref(), PAGE).await.map_err(|error| error.to_string())?;
        for kept in &page {
            writeln!(out, "{}", user(kept, with_hashes))?;
        }
        match page.into_iter().last() {
            Some(kept) => last = Some(kept.account.user),
            None => return Ok(()),
        }
    }
}

fn user(Kept { account, password_hash }: &Kept, with_hashes: bool) -> Value {
    let user = &account.user;
    let mut line = json!({
        "kind": "user",
        "id": user.id,
        "email": user.email.as_str(),
        "username": user.username.as_ref().map(|name| name.as_str()),
        "name": user.name,
        "role": user.role,
        "email_verified_at": user.email_verified_at.map(Timestamp::rfc3339_millis),
        "created_at": user.created_at.rfc3339_millis(),
        "locked_at": user.locked_at.map(Timestamp::rfc3339_millis),
        "last_signin_at": account.last_signin_at.map(Timestamp::rfc3339_millis),
    });
    if with_hashes {
        line["password_hash"] = password_hash.clone().into();
    }
    line
}

async fn sessions(accounts: &Accounts, out: &mut Out) -> Result<(), Failure> {
    let mut cursor = None;
    loop {
        let filter = SessionFilter { state: SessionState::Any, user: None, cursor: cursor.as_deref(), limit: PAGE };
        let page = accounts.all_sessions(&filter).await.map_err(in_words)?;
        for row in &page.items {
            writeln!(out, "{}", session(row))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn session(row: &AnySession) -> Value {
    json!({
        "kind": "session",
        "id": row.id,
        "user_id": row.user_id,
        "used_by": row.kind.as_str(),
        "created_at": row.created_at.rfc3339(),
        "last_seen_at": row.last_seen_at.rfc3339(),
        "ends_at": row.ends_at.rfc3339(),
        "ended_at": row.ended_at.map(Timestamp::rfc3339),
        "end_reason": row.end_reason.map(|reason| reason.as_str()),
        "ip": row.client.ip,
        "user_agent": row.client.user_agent,
    })
}

async fn events(accounts: &Accounts, out: &mut Out) -> Result<(), Failure> {
    let mut before: Option<String> = None;
    loop {
        let page = accounts.events_before(&EventFilter::default(), before.as_deref(), PAGE).await;
        let page = page.map_err(|error| error.to_string())?;
        for row in &page {
            writeln!(out, "{}", event(row))?;
        }
        match page.into_iter().last() {
            Some(row) => before = Some(row.id),
            None => return Ok(()),
        }
    }
}

fn event(row: &Recorded) -> Value {
    json!({
        "kind": "event",
        "id": row.id,
        "type": row.kind,
        "time": row.at.rfc3339(),
        "user_id": row.user_id,
        "actor_id": row.actor_id,
        "session_id": row.session_id,
        "ip": row.client.ip,
        "user_agent": row.client.user_agent,
        "data": row.data,
    })
}
