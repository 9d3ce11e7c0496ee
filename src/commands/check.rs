//! `nightlatch check`: each finding on one line, with its fix.
mod audit;
mod broker;
mod database;
mod hashing;
mod mail;
mod place;
mod public;

use std::fmt;

use clap::Args;

use crate::{
    clock::Clock,
    commands::{Failure, secret},
    secret::Secret,
    settings::{Settings, SettingsError},
};

#[derive(Args)]
pub struct Options {
    /// Send a test letter to this address
    #[arg(long, value_name = "ADDRESS")]
    letter: Option<String>,
    /// Check the audit trail, and nothing else: name the first row that was changed, removed or moved
    #[arg(long, conflicts_with = "letter")]
    audit: bool,
}

/// What was found, printed as it is found.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    fn ok(&mut self, what: &str, is: impl fmt::Display) {
        say!("ok       {what}: {is}");
    }

    fn warning(&mut self, what: &str, is: impl fmt::Display, fix: impl fmt::Display) {
        say!("warning  {what}: {is}; {fix}");
    }

    fn problem(&mut self, what: &str, is: impl fmt::Display, fix: impl fmt::Display) {
        self.problems += 1;
        say!("problem  {what}: {is}; {fix}");
    }

    fn end(self) -> Result<(), Failure> {
        match self.problems {
            0 => Ok(()),
            1 => Err("1 problem was found".into()),
            n => Err(format!("{n} problems were found").into()),
        }
    }
}

/// Settings that stop the start stop the rest of the check too.
pub fn unfit(error: &SettingsError) -> Result<(), Failure> {
    let mut findings = Findings::default();
    findings.problem("settings", error, "the server does not start like this, and nothing else was checked");
    findings.end()
}

/// Checks everything in turn; what depends on something that is wrong is left out.
pub async fn run(settings: Settings, options: Options) -> Result<(), Failure> {
    let mut findings = Findings::default();
    findings.ok("settings", "each is known and none is unsafe");
    for caution in &settings.cautions {
        findings.warning("settings", caution, "elsewhere than on this machine the server would not start");
    }
    let clock = Clock::system();
    if options.audit {
        let secret = find_secret(&settings, &mut findings);
        audit::check(&settings, secret.as_ref(), &clock, &mut findings).await;
        return findings.end();
    }
    place::check(&settings, &mut findings);
    let secret = find_secret(&settings, &mut findings);
    hashing::check(&settings, &clock, &mut findings).await;
    database::check(&settings, secret.as_ref(), &clock, &mut findings).await;
    mail::check(&settings, options.letter.as_deref(), &clock, &mut findings).await;
    broker::check(&settings, &mut findings).await;
    match &secret {
        Some(secret) => public::check(settings, secret.prover(), &clock, &mut findings).await,
        None => say!("skipped  public URL: the secret is needed to know whether the answers are this instance's"),
    }
    findings.end()
}

fn find_secret(settings: &Settings, findings: &mut Findings) -> Option<Secret> {
    match secret::find(settings) {
        Ok(secret) => {
            findings.ok("secret", "long enough, and kept from others");
            Some(secret)
        }
        Err(error) => {
            findings.problem("secret", error, "use the secret the server runs with, as the user it runs as");
            None
        }
    }
}
