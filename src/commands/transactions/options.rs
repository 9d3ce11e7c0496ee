//! What is asked for, from the command line or from whoever sits at the terminal.
use std::{
    fmt,
    io::{IsTerminal, stdin},
    path::{Path, PathBuf},
};

use clap::Args;
use time::{Date, OffsetDateTime, format_description::well_known::Iso8601};
use zeroize::Zeroizing;

use crate::commands::Failure;

#[derive(Args)]
pub struct Options {
    /// The IMAP server, which must speak TLS
    #[arg(long, default_value = "imap.gmail.com")]
    host: String,
    #[arg(long, default_value_t = 993)]
    port: u16,
    /// Trust the authorities in this file (PEM) and nobody else, instead of those that this machine trusts
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Who signs in, most often the address
    #[arg(long)]
    user: Option<String>,
    /// Read the password from standard input, to the end of the line
    #[arg(long)]
    password_stdin: bool,
    /// The first day, as in 2026-01-01
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The day after the last one
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    #[arg(long, default_value = "INBOX")]
    mailbox: String,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE", default_value = "transactions.csv")]
    out: PathBuf,
}

/// All of it, with nothing missing.
pub struct Wanted {
    pub host: String,
    pub port: u16,
    pub ca_file: Option<PathBuf>,
    pub user: String,
    pub password: Zeroizing<String>,
    pub period: Period,
    pub mailbox: String,
    pub out: PathBuf,
}

/// Whole days, as the sender of a message counts them: from the first to the one before `to`.
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    pub fn holds(&self, at: OffsetDateTime) -> bool {
        (self.from..self.to).contains(&at.date())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}", self.from, self.to.previous_day().unwrap_or(self.to))
    }
}

impl Options {
    /// Asks for what is missing. What can be found wrong without the server is found here.
    pub fn complete(self) -> Result<Wanted, Failure> {
        if self.out.symlink_metadata().is_ok() {
            return Err(format!("--out: {} is there already; name a new file", self.out.display()).into());
        }
        let folder = std::path::absolute(&self.out)?;
        if !folder.parent().is_some_and(Path::is_dir) {
            return Err(format!("--out: {}: there is no such folder", self.out.display()).into());
        }
        let user = given(self.user, "--user", "Address to sign in with: ")?;
        let from = day("--from", &given(self.from, "--from", "First day (2026-01-01): ")?)?;
        let to = day("--to", &given(self.to, "--to", "Day after the last one (2026-02-01): ")?)?;
        if from >= to {
            return Err(format!("--to: {to} is not after {from}, the day of --from").into());
        }
        let password = if self.password_stdin {
            first_line().map_err(|error| format!("--password-stdin: {error}"))?
        } else if stdin().is_terminal() {
            Zeroizing::new(rpassword::prompt_password(format!("Password of {user} at {}: ", self.host))?)
        } else {
            return Err("--password-stdin: is needed where nobody can be asked".into());
        };
        if password.is_empty() {
            return Err("the password is empty".into());
        }
        let Self { host, port, ca_file, mailbox, out, .. } = self;
        Ok(Wanted { host, port, ca_file, user, password, period: Period { from, to }, mailbox, out })
    }
}

fn given(value: Option<String>, option: &str, question: &str) -> Result<String, Failure> {
    let value = match value {
        Some(value) => value,
        None if stdin().is_terminal() => {
            eprint!("{question}");
            first_line()?.trim().to_owned()
        }
        None => return Err(format!("{option}: is missing, and nobody can be asked").into()),
    };
    if value.is_empty() { Err(format!("{option}: is empty").into()) } else { Ok(value) }
}

fn day(option: &str, text: &str) -> Result<Date, Failure> {
    let wrong = || format!("{option}: {text:?} is no day such as 2026-01-31").into();
    // ISO 8601 has other ways to write a day, which few know.
    if text.len() == 10 { Date::parse(text, &Iso8601::DATE).map_err(|_| wrong()) } else { Err(wrong()) }
}

fn first_line() -> std::io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    stdin().read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}
