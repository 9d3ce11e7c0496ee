//! `nightlatch user`: what superusers do, for whoever may run programs where the server runs.
mod create;
mod print;

use clap::{Args, Subcommand};

use crate::{
    accounts::{
        Accounts,
        admin::{Change, Operator, Sort, Status, UserFilter},
    },
    commands::{
        Failure,
        domain::{self, in_words},
    },
    model::user::User,
    settings::Settings,
};

#[derive(Subcommand)]
pub enum Command {
    /// Show accounts, the newest first
    List(List),
    /// Show one account
    Show(Show),
    /// Make an account
    Create(create::Options),
    /// Let nobody sign in to an account, and end its sessions
    Lock(Who),
    /// Let its owner sign in again
    Unlock(Who),
    /// End every session of an account; no running server accepts them when this returns
    Logout(Logout),
    /// Turn the second factor of an account off, for somebody who lost it, and end its sessions
    ResetSecondFactor(Who),
    /// Delete an account and everything that is stored about its owner
    Delete(Delete),
}

#[derive(Args)]
pub struct List {
    /// The beginning of an address, a domain, a username or a name
    #[arg(long, default_value = "")]
    search: String,
    /// Only those in this state: active, locked, invited or superuser
    #[arg(long, default_value = "")]
    status: String,
    /// The most accounts to show; all unless given
    #[arg(long)]
    limit: Option<usize>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Who {
    /// Address, username or id
    who: String,
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    who: Who,
    /// A JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Logout {
    /// Address, username or id
    #[arg(required_unless_present = "everyone")]
    who: Option<String>,
    /// Everybody
    #[arg(long, conflicts_with = "who")]
    everyone: bool,
}

#[derive(Args)]
pub struct Delete {
    #[command(flatten)]
    who: Who,
    /// Do not ask whether this is meant
    #[arg(long)]
    yes: bool,
}

/// Rows asked for at a time.
const PAGE: i64 = 200;

pub async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let (accounts, db) = domain::open(&settings).await?;
    let done = act(&accounts, command).await;
    db.close().await;
    done
}

async fn act(accounts: &Accounts, command: Command) -> Result<(), Failure> {
    let operator = &Operator::command_line();
    match command {
        Command::List(options) => return list(accounts, &options).await,
        Command::Show(options) => {
            let user = find(accounts, &options.who.who).await?;
            let account = accounts.user(&user.id).await.map_err(in_words)?;
            print::one(&account, options.json);
        }
        Command::Create(options) => return create::run(accounts, operator, options).await,
        Command::Lock(Who { who }) => {
            let user = set_locked(accounts, operator, &who, true).await?;
            say!("{}: locked, and signed out everywhere.", user.called());
        }
        Command::Unlock(Who { who }) => {
            let user = set_locked(accounts, operator, &who, false).await?;
            say!("{}: can sign in again.", user.called());
        }
        Command::Logout(Logout { who: Some(who), .. }) => {
            let user = find(accounts, &who).await?;
            accounts.force_logout(operator, &user.id).await.map_err(in_words)?;
            say!("{}: signed out everywhere.", user.called());
        }
        Command::Logout(Logout { who: None, .. }) => {
            accounts.logout_everyone(operator).await.map_err(in_words)?;
            say!("Everybody is signed out.");
        }
        Command::ResetSecondFactor(Who { who }) => {
            let user = find(accounts, &who).await?;
            if user.second_factor_at.is_none() {
                return Err(format!("{who}: has no second factor").into());
            }
            accounts.reset_second_factor(operator, &user.id).await.map_err(in_words)?;
            say!("{}: has no second factor any more, and is signed out everywhere.", user.called());
        }
        Command::Delete(options) => {
            let user = find(accounts, &options.who.who).await?;
            if !options.yes {
                create::ask_whether(&format!("Delete {} and everything stored about its owner?", user.called()))?;
            }
            accounts.remove_account(operator, &user.id).await.map_err(in_words)?;
            say!("{}: deleted.", user.called());
        }
    }
    Ok(())
}

async fn find(accounts: &Accounts, who: &str) -> Result<User, Failure> {
    let user = accounts.named(who).await.map_err(|error| error.to_string())?;
    user.ok_or_else(|| format!("{who}: there is no such account").into())
}

async fn set_locked(accounts: &Accounts, operator: &Operator<'_>, who: &str, locked: bool) -> Result<User, Failure> {
    let user = find(accounts, who).await?;
    let change = Change { locked: Some(locked), ..Change::default() };
    accounts.change_account(operator, &user.id, &change).await.map_err(in_words)
}

async fn list(accounts: &Accounts, options: &List) -> Result<(), Failure> {
    let status = Status::parse(&options.status).map_err(|fault| in_words(vec![fault.of("--status")].into()))?;
    let (mut cursor, mut left) = (None, options.limit.unwrap_or(usize::MAX));
    let mut shown = Vec::new();
    while left > 0 {
        let filter =
            UserFilter { q: &options.search, status, sort: Sort::Newest, cursor: cursor.as_deref(), limit: PAGE };
        let page = accounts.users(&filter).await.map_err(in_words)?;
        let taken = page.items.into_iter().take(left);
        if options.json {
            left -= taken.inspect(|account| print::one(account, true)).count();
        } else {
            let before = shown.len();
            shown.extend(taken);
            left -= shown.len() - before;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if !options.json {
        print::table(&shown);
    }
    Ok(())
}
