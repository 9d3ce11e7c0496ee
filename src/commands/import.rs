//! `nightlatch import`
mod columns;
mod csv;
mod lines;
mod report;
mod source;

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::{Instant, sleep},
};

use crate::{
    accounts::{
        Accounts,
        admin::{
            Operator,
            import::{Broken, Candidate, Fate, Left, Newcomer, Note, Survey, Terms},
        },
    },
    clock::Timestamp,
    commands::{
        Failure,
        domain::{self, in_words},
        progress,
    },
    settings::Settings,
};
use columns::Named;
use report::{Report, broken_in_words};
use source::{Chunk, Format, Item, Source};

/// Accounts in one transaction: few enough that a running server waits a fraction of a second for it.
const BATCH: usize = 500;

/// The part of the time that a batch took for which those who wait for SQLite get a chance then.
const PAUSE: u32 = 4;

#[derive(Args)]
pub struct Options {
    /// CSV whose first line names the columns (.csv), or JSON lines as `export users` writes them (.jsonl); `-` is standard input
    #[arg(required_unless_present = "database", conflicts_with = "database")]
    file: Option<PathBuf>,
    /// Read the users straight from the other application's database: postgres://HOST/NAME (password in PGPASSWORD or ~/.pgpass) or
    /// sqlite://FILE; nothing is changed there
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The table of users there
    #[arg(long, default_value = "auth_user", requires = "database")]
    table: String,
    /// Which column is what, where the usual names differ: email=mail,username=login,superuser=is_admin
    #[arg(long, value_name = "FIELD=COLUMN", value_delimiter = ',')]
    columns: Vec<Named>,
    /// What the file is, where its name does not say so
    #[arg(long, value_enum, conflicts_with = "database")]
    format: Option<Format>,
    /// Keep accounts without an address of their own, to be signed in to by username
    #[arg(long)]
    allow_username_only: bool,
    /// Take no address for proven
    #[arg(long)]
    unverified: bool,
    /// Give accounts that an import brought, and that nobody has signed in to yet, the name and the hash of their row
    #[arg(long)]
    update: bool,
    /// Leave broken rows out instead of refusing them all
    #[arg(long)]
    skip_broken: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Takes accounts of another application in. Broken rows are found before the first one is written.
pub async fn run(settings: Settings, options: Options) -> Result<(), Failure> {
    let (accounts, db) = domain::open(&settings).await?;
    let done = import(&settings, &accounts, options).await;
    db.close().await;
    done
}

async fn import(settings: &Settings, accounts: &Accounts, options: Options) -> Result<(), Failure> {
    let source = match (&options.file, &options.database) {
        (Some(file), _) => Source::file(file, options.format, &settings.data_dir)?,
        (None, Some(url)) => Source::table(url, &options.table).await?,
        (None, None) => return Err("name a file, or a database by --database".into()),
    };
    let terms =
        Terms { username_only: options.allow_username_only, proven: !options.unverified, update: options.update };
    let (now, report) = (accounts.now(), Report::new(&source, options.dry_run));
    let [first, second] = source.read(options.columns);
    let survey = survey(first, &terms, now, &report).await?;
    let refused = match &survey.broken {
        Some((count, number, broken)) if !options.skip_broken => {
            let more = if *count > 1 { format!(" ({count} rows are broken)") } else { String::new() };
            let help = "nothing was imported; --dry-run lists what is wrong, --skip-broken leaves it out";
            Err(format!("{}: {}{more}: {help}", report.place(*number), broken_in_words(broken)).into())
        }
        _ => Ok(()),
    };
    if refused.is_err() && !options.dry_run {
        return refused;
    }
    let bar = progress::bar(survey.rows);
    let (batches, waiting) = mpsc::channel(1);
    let taking = tokio::spawn(take(accounts.clone(), waiting, terms, report.clone(), bar.clone()));
    let gathered = gather(second, batches, (&survey, &terms, now), &report).await;
    let taken = taking.await?;
    bar.finish_and_clear();
    taken?.print(survey.rows);
    gathered.and(refused)
}

async fn survey(
    mut chunks: Receiver<Chunk>,
    terms: &Terms,
    now: Timestamp,
    report: &Report,
) -> Result<Survey, Failure> {
    let mut survey = Survey::default();
    let bar = progress::counter("reading:");
    while let Some(chunk) = chunks.recv().await {
        for item in chunk.map_err(|error| report.failure(&error))? {
            let (number, candidate) = read(item, terms, now);
            survey.see(number, &candidate);
        }
        bar.set_position(survey.rows);
    }
    bar.finish_and_clear();
    Ok(survey)
}

fn read(item: Item, terms: &Terms, now: Timestamp) -> (u64, Result<Candidate, Broken>) {
    match item {
        Ok(row) => (row.number, Candidate::read(&row, terms, now)),
        Err((number, broken)) => (number, Err(Broken::Row(broken))),
    }
}

/// A row that becomes an account, or does not.
enum Entry {
    In(u64, Box<Newcomer>, Vec<Note>),
    Left(u64, String, Left),
    Broken(u64, Broken),
}

/// Reads the rows once more, and hands them on in batches.
async fn gather(
    mut chunks: Receiver<Chunk>,
    batches: Sender<Vec<Entry>>,
    (survey, terms, now): (&Survey, &Terms, Timestamp),
    report: &Report,
) -> Result<(), Failure> {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(chunk) = chunks.recv().await {
        for item in chunk.map_err(|error| report.failure(&error))? {
            batch.push(entry(item, survey, terms, now));
            // Whoever takes them has failed, and says why.
            if batch.len() == BATCH && batches.send(std::mem::take(&mut batch)).await.is_err() {
                return Ok(());
            }
        }
    }
    // Whoever takes them has failed, and says why.
    let _ = batches.send(batch).await;
    Ok(())
}

fn entry(item: Item, survey: &Survey, terms: &Terms, now: Timestamp) -> Entry {
    let (number, candidate) = read(item, terms, now);
    let mut candidate = match candidate {
        Ok(candidate) => candidate,
        Err(broken) => return Entry::Broken(number, broken),
    };
    survey.settle(&mut candidate);
    let called = candidate.called();
    match candidate.into_newcomer(terms) {
        Ok((newcomer, notes)) => Entry::In(number, Box::new(newcomer), notes),
        Err(left) => Entry::Left(number, called, left),
    }
}

/// Takes each batch in, or looks what would become of it.
async fn take(
    accounts: Accounts,
    mut batches: Receiver<Vec<Entry>>,
    terms: Terms,
    mut report: Report,
    bar: ProgressBar,
) -> Result<Report, Failure> {
    let operator = Operator::command_line();
    while let Some(batch) = batches.recv().await {
        let rows = batch.len();
        let newcomers = batch.iter().filter_map(|entry| match entry {
            Entry::In(_, newcomer, _) => Some((**newcomer).clone()),
            _ => None,
        });
        let newcomers: Vec<Newcomer> = newcomers.collect();
        let fates = if report.is_rehearsal() {
            accounts.foresee(&newcomers, &terms).await.map_err(in_words)?
        } else {
            let began = Instant::now();
            let fates = accounts.take_in(&operator, newcomers, &terms).await.map_err(in_words)?;
            if accounts.keeps_servers_waiting().await.map_err(in_words)? {
                sleep(began.elapsed() / PAUSE).await;
            }
            fates
        };
        let mut fates = fates.into_iter();
        bar.suspend(|| {
            for entry in &batch {
                match entry {
                    Entry::In(number, newcomer, notes) => {
                        report.taken(*number, newcomer, notes, fates.next().unwrap_or(Fate::Known));
                    }
                    Entry::Left(number, called, left) => report.left(*number, called, *left),
                    Entry::Broken(number, broken) => report.broken(*number, broken),
                }
            }
        });
        bar.inc(rows as u64);
    }
    Ok(report)
}
