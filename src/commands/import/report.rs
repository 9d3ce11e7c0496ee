//! What an import says: a line for each row that was left out or changed, and then how many there were of what.
use std::collections::BTreeMap;

use super::source::Source;
use crate::{
    accounts::admin::import::{Broken, Fate, Field, Left, Newcomer, Note},
    commands::Failure,
    model::user::Role,
};

/// Counts, and prints as it counts.
#[derive(Clone)]
pub struct Report {
    source: String,
    is_table: bool,
    rehearsal: bool,
    new: u64,
    superusers: u64,
    locked: u64,
    without_password: u64,
    known: u64,
    updated: u64,
    broken: u64,
    left: BTreeMap<&'static str, u64>,
    changed: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Of what is read from `source`.
    pub fn new(source: &Source, rehearsal: bool) -> Self {
        Self {
            source: source.name.clone(),
            is_table: source.is_table(),
            rehearsal,
            new: 0,
            superusers: 0,
            locked: 0,
            without_password: 0,
            known: 0,
            updated: 0,
            broken: 0,
            left: BTreeMap::new(),
            changed: BTreeMap::new(),
        }
    }

    /// Whether nothing is to be written.
    pub fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }

    /// What a row is called: `users.csv:17`.
    pub fn place(&self, number: u64) -> String {
        let name = &self.source;
        if self.is_table { format!("{name}, row {number}") } else { format!("{name}:{number}") }
    }

    /// What ended the reading.
    pub fn failure(&self, error: &str) -> Failure {
        format!("{}: {error}", self.source).into()
    }

    /// An account, and what became of it.
    pub fn taken(&mut self, number: u64, newcomer: &Newcomer, notes: &[Note], fate: Fate) {
        match fate {
            Fate::Known => self.known += 1,
            Fate::Updated => self.updated += 1,
            Fate::UsernameTaken => self.left(number, newcomer.user.email.as_str(), Left::UsernameTaken),
            Fate::New | Fate::NewWithoutUsername => {
                self.new += 1;
                self.superusers += u64::from(newcomer.user.role == Role::Superuser);
                self.locked += u64::from(newcomer.user.locked_at.is_some());
                self.without_password += u64::from(newcomer.password_hash.is_none());
                let taken = (fate == Fate::NewWithoutUsername).then_some(Note::UsernameTaken);
                for note in notes.iter().copied().chain(taken) {
                    let words = note_in_words(note);
                    *self.changed.entry(words).or_default() += 1;
                    self.line(number, newcomer.user.email.as_str(), words);
                }
            }
        }
    }

    /// A sound row that is no account.
    pub fn left(&mut self, number: u64, called: &str, left: Left) {
        let words = left_in_words(left);
        *self.left.entry(words).or_default() += 1;
        self.line(number, called, &format!("left out: {words}"));
    }

    /// A broken one.
    pub fn broken(&mut self, number: u64, broken: &Broken) {
        self.broken += 1;
        say!("{}: broken: {}", self.place(number), broken_in_words(broken));
    }

    fn line(&self, number: u64, called: &str, words: &str) {
        // Whatever stands in the file does not command the terminal.
        let called = called.escape_debug().to_string().replace("\\'", "'");
        let called = if called.is_empty() { String::new() } else { format!("{called}: ") };
        say!("{}: {called}{words}", self.place(number));
    }

    /// The sums.
    pub fn print(&self, rows: u64) {
        let would = if self.rehearsal { "would be " } else { "" };
        let of_them = format!(
            "superusers: {}, locked: {}, without a password: {}",
            self.superusers, self.locked, self.without_password
        );
        say!("{}: {rows} rows", self.source);
        say!("{:>9} {would}new ({of_them})", self.new);
        say!("{:>9} here already", self.known);
        let others = [("brought up to date", self.updated), ("left out: broken", self.broken)];
        for (words, number) in others.into_iter().filter(|(_, number)| *number > 0) {
            say!("{number:>9} {would}{words}");
        }
        for (words, number) in &self.left {
            say!("{number:>9} {would}left out: {words}");
        }
        for (words, number) in &self.changed {
            say!("{number:>9} {would}{words}");
        }
        if self.rehearsal {
            say!("Nothing was written.");
        }
    }
}

fn left_in_words(left: Left) -> &'static str {
    match left {
        Left::NoAddress => "it has no address",
        Left::BadAddress => "what it has is no address",
        Left::SharedAddress => "another row has the same address",
        Left::CaseOnly => "another row has the same address in other letter case",
        Left::NoName => "it has neither an address nor a username of its own that can be kept",
        Left::NoPassword => "it has neither an address of its own nor a password, so that nobody could sign in",
        Left::UsernameTaken => "it has no address, and its username is another account's",
    }
}

fn note_in_words(note: Note) -> &'static str {
    match note {
        Note::UsernameOnly(Left::NoAddress) => "by its username only: it has no address",
        Note::UsernameOnly(Left::BadAddress) => "by its username only: what it has is no address",
        Note::UsernameOnly(Left::CaseOnly) => {
            "by its username only: another row has the same address in other letter case"
        }
        Note::UsernameOnly(_) => "by its username only: another row has the same address",
        Note::UsernameDropped => "without its username, which has characters that are not taken here",
        Note::UsernameTaken => "without its username, which another has too",
        Note::NameChanged => "its name was cut, or lost what does not print",
    }
}

/// What is wrong with a row. The value is not shown: it may be a password.
pub fn broken_in_words(broken: &Broken) -> String {
    match broken {
        Broken::Row(why) => why.clone(),
        Broken::Time(field) => format!("{} is no moment", field.name()),
        Broken::Flag(field) => format!("{} is neither yes nor no", field.name()),
        Broken::Role => "role is neither user nor superuser".into(),
        Broken::Hash(refusal) => format!("{} {refusal}", Field::PasswordHash.name()),
    }
}
