//! The command line: one file a sub-command.
#[macro_use]
mod say;

mod backup;
mod check;
mod database;
mod domain;
mod export;
mod import;
mod keys;
mod migrate;
mod progress;
mod secret;
mod serve;
pub mod transactions;
mod user;

use std::error::Error;

use clap::{Parser, Subcommand};

use crate::settings::Settings;

/// What stopped a command, for one line on standard error.
type Failure = Box<dyn Error + Send + Sync>;

/// A self-hosted sign-in server: the lock that closes by itself ten minutes after you leave.
///
/// Settings come from Rocket.toml and the environment (NIGHTLATCH_…, ROCKET_…); the README lists them.
#[derive(Parser)]
#[command(name = "nightlatch", version)]
struct CommandLine {
    #[command(subcommand)]
    tool: Option<Tool>,
}

/// What there is, with and without a server.
#[derive(Subcommand)]
enum Tool {
    #[command(flatten)]
    Server(Command),
    /// Read a mailbox and write what it says about money as a table; needs no server and no settings
    Transactions(transactions::Options),
}

#[derive(Subcommand)]
enum Command {
    /// Serve pages and API (what happens without a command)
    Serve,
    /// Bring the database's schema up to date, and end
    Migrate,
    /// Check a running instance from where its callers come from, and say how to mend what is wrong
    Check(check::Options),
    /// Look after accounts: list, show, create, lock, unlock, log out, delete
    #[command(subcommand)]
    User(user::Command),
    /// Look after the signing keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Write users, sessions or events as JSON, one object a line
    Export(export::Options),
    /// Take in the accounts of a Django or Flask application, or of an export, with the hashes of their passwords
    Import(import::Options),
    /// Copy the SQLite database of a running server to a new file
    Backup(backup::Options),
}

/// Runs what the command line asks for.
///
/// # Errors
/// What stopped it, in one line.
pub fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let command = match CommandLine::parse().tool {
        Some(Tool::Transactions(options)) => return transactions::run(options),
        Some(Tool::Server(command)) => command,
        None => Command::Serve,
    };
    let settings = match (Settings::from_environment(), &command) {
        (Err(error), Command::Check(_)) => return check::unfit(&error),
        (settings, _) => settings?,
    };
    crate::log::start(&settings.log);
    rocket::execute(async move {
        match command {
            Command::Serve => serve::run(settings).await,
            Command::Migrate => migrate::run(settings).await,
            Command::Check(options) => check::run(settings, options).await,
            Command::User(command) => user::run(settings, command).await,
            Command::Keys(command) => keys::run(settings, command).await,
            Command::Export(options) => export::run(settings, options).await,
            Command::Import(options) => import::run(settings, options).await,
            Command::Backup(options) => backup::run(settings, options).await,
        }
    })
}
