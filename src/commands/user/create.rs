//! `nightlatch user create`
use std::io::{IsTerminal, stdin};

use clap::Args;
use zeroize::Zeroizing;

use crate::{
    accounts::{
        Accounts,
        admin::{NewAccount, Operator},
    },
    commands::{Failure, domain::in_words},
};

#[derive(Args)]
pub struct Options {
    /// Where its letters go
    #[arg(long)]
    email: String,
    /// What its owner is called
    #[arg(long, default_value = "")]
    name: String,
    /// Another name to sign in with
    #[arg(long, default_value = "")]
    username: String,
    /// Let it look after the accounts of others
    #[arg(long)]
    superuser: bool,
    /// Read the password from standard input, to the end of the line
    #[arg(long)]
    password_stdin: bool,
}

/// Makes the account. Without a password its owner is invited by a letter.
pub async fn run(accounts: &Accounts, operator: &Operator<'_>, options: Options) -> Result<(), Failure> {
    let password = if options.password_stdin {
        Some(first_line()?)
    } else if stdin().is_terminal() {
        prompt()?
    } else {
        None
    };
    let new = NewAccount {
        email: &options.email,
        name: &options.name,
        username: &options.username,
        role: if options.superuser { "superuser" } else { "user" },
        password: password.as_ref().map(|password| password.as_str()),
    };
    let user = accounts.create_account(operator, &new).await.map_err(in_words)?;
    say!("{}: {}", user.email.as_str(), user.id);
    if password.is_none() {
        say!("A letter tells its owner to set a password; a running server sends it.");
    }
    Ok(())
}

fn first_line() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    stdin().read_line(&mut line).map_err(|error| format!("--password-stdin: {error}"))?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn prompt() -> Result<Option<Zeroizing<String>>, Failure> {
    let ask = |words: &str| rpassword::prompt_password(words).map(Zeroizing::new);
    let password = ask("Password (nothing: its owner gets a letter and sets one): ")?;
    if password.is_empty() {
        return Ok(None);
    }
    if *ask("Once more: ")? != *password {
        return Err("the two passwords differ".into());
    }
    Ok(Some(password))
}

/// Goes on after a `yes`.
pub fn ask_whether(question: &str) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err("nobody is there to ask whether this is meant; say --yes".into());
    }
    eprint!("{question} [yes/no] ");
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { Err("nothing was done".into()) }
}
