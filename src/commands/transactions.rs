//! `nightlatch transactions`: what a mailbox says about money, as a table. It needs no server, no database and no settings.
mod amounts;
mod answer;
mod choice;
mod clause;
mod currency;
mod file;
mod html;
mod kind;
mod letter;
mod mailbox;
mod number;
mod options;
mod party;
mod socket;
mod utf7;
mod words;

use std::fmt::Display;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

pub use self::{
    amounts::{Money, amounts},
    choice::{Transaction, find},
    file::safe_cell,
    html::text_of,
    kind::Kind,
    letter::Letter,
    utf7::mailbox_name,
};
pub(super) use options::Options;

use self::{
    answer::one_line,
    file::{Row, write},
    mailbox::{Fetched, Mailbox},
    options::Wanted,
};
use super::Failure;

/// Messages that are asked about at a time.
const PAGE: usize = 100;

/// Reads the messages of a period and writes those about money to a new file.
pub(super) fn run(options: Options) -> Result<(), Failure> {
    let wanted = options.complete()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        // Told to stop, it must not leave half a file: from here on it ends at a place where there is none.
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            done = export(&wanted) => done,
            _ = interrupt.recv() => Err("stopped; nothing was written".into()),
            _ = terminate.recv() => Err("stopped; nothing was written".into()),
        }
    })
}

async fn export(wanted: &Wanted) -> Result<(), Failure> {
    let mut mailbox = Mailbox::open(wanted).await?;
    let found = mailbox.search(&wanted.period).await?;
    let bar = progress_bar(found.len());
    let (mut rows, mut read, mut unread) = (Vec::new(), 0, 0);
    for page in found.chunks(PAGE) {
        let facts = mailbox.facts(page).await?;
        let mut rest = &facts[..];
        while !rest.is_empty() {
            let fetched = mailbox.fetch(rest).await?;
            rest = &rest[fetched.len()..];
            bar.inc(fetched.len() as u64);
            for message in &fetched {
                match look(message, wanted) {
                    Look::Outside => {}
                    Look::Read(row) => {
                        read += 1;
                        rows.extend(row.map(|row| *row));
                    }
                    Look::Unread(why) => {
                        unread += 1;
                        bar.suspend(|| eprintln!("nightlatch: {why}"));
                    }
                }
            }
        }
    }
    mailbox.close().await;
    bar.finish_and_clear();
    rows.sort_by_key(|row: &Row| row.at);
    write(&wanted.out, &rows)?;
    let (out, period, written) = (wanted.out.display(), &wanted.period, rows.len());
    eprintln!("{out}: {period}: {read} read, {written} written, {unread} unreadable");
    Ok(())
}

/// What came of a message.
enum Look {
    /// Its own date is not in the period.
    Outside,
    /// It was read, and is about money or not.
    Read(Option<Box<Row>>),
    /// It could not be read, and why.
    Unread(String),
}

fn look(fetched: &Fetched, wanted: &Wanted) -> Look {
    let named = |subject: &str, why: &dyn Display| {
        let subject = one_line(subject);
        let subject = if subject.is_empty() { "no subject".into() } else { format!("\"{subject}\"") };
        Look::Unread(format!("message {} ({subject}): {why}", fetched.uid()))
    };
    let letter = match fetched.letter() {
        Ok(letter) => letter,
        Err((subject, why)) => return named(&subject, &why),
    };
    let Some(at) = letter.at else { return named(&letter.subject, &"has no date") };
    if !wanted.period.holds(at) {
        return Look::Outside;
    }
    Look::Read(find(&letter).map(|transaction| Box::new(Row { at, transaction, letter })))
}

/// On a terminal only; it is gone when all is read.
fn progress_bar(messages: usize) -> ProgressBar {
    let bar = ProgressBar::new(messages as u64);
    match ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} messages, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
