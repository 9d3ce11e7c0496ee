//! Where rows come from. Each is read twice: once to find out who shares an address with whom, and once to take them in.
use std::{
    fs::{File, OpenOptions, remove_file},
    io::{self, BufReader, Seek, stdin},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use clap::ValueEnum;
use rocket::futures::TryStreamExt;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{
    columns::{self, Named},
    csv, lines,
};
use crate::{
    accounts::admin::import::{Field, Row},
    commands::Failure,
    db::{self, Elsewhere},
};

/// A row; or the number of one that cannot be read, and why.
pub type Item = Result<Row, (u64, String)>;

/// Some rows; or what ended the reading.
pub type Chunk = Result<Vec<Item>, String>;

/// The longest row of a file, in bytes.
pub const LONGEST: u64 = 1 << 20;

/// Rows handed on at a time.
const CHUNK: usize = 500;

/// Chunks that are read ahead.
const AHEAD: usize = 4;

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// The first line names the columns
    Csv,
    /// JSON, one object a line
    Jsonl,
}

/// What is read, with its name in messages.
pub struct Source {
    /// Before the number of a row.
    pub name: String,
    reading: Reading,
}

enum Reading {
    File(File, Format),
    Table(Elsewhere, String),
}

impl Source {
    /// Opens a file. Standard input is copied to a file in `folder` first, which nobody else can open and which is gone with this process.
    pub fn file(path: &Path, format: Option<Format>, folder: &Path) -> Result<Self, Failure> {
        let (name, file) = if path == Path::new("-") {
            ("standard input".to_owned(), spool(folder).map_err(|error| format!("{}: {error}", folder.display()))?)
        } else {
            (path.display().to_string(), File::open(path).map_err(|error| format!("{}: {error}", path.display()))?)
        };
        let format = format.or_else(|| match path.extension()?.to_str()? {
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            _ => None,
        });
        let format = format.ok_or_else(|| format!("{name}: neither .csv nor .jsonl; say which by --format"))?;
        Ok(Self { name, reading: Reading::File(file, format) })
    }

    /// Opens a table of another database.
    pub async fn table(url: &str, table: &str) -> Result<Self, Failure> {
        let scheme = url.split([':', '+']).next().unwrap_or_default();
        if !["postgres", "postgresql", "sqlite"].contains(&scheme) {
            return Err("--database: begins with neither postgres:// nor sqlite://".into());
        }
        // A URL may hold a password.
        let shown = if scheme == "sqlite" { url.split('?').next().unwrap_or(url) } else { "the server in it" };
        let open = Elsewhere::open(url).await;
        let open = open.map_err(|error| format!("--database: {shown}: {}", db::in_words(&error)))?;
        Ok(Self { name: table.to_owned(), reading: Reading::Table(open, table.to_owned()) })
    }

    /// Whether its rows are those of a table, and not lines of a file.
    pub fn is_table(&self) -> bool {
        matches!(self.reading, Reading::Table(..))
    }

    /// Reads all rows for each of two receivers, one after the other; the second may be dropped before it has received anything.
    pub fn read(self, named: Vec<Named>) -> [Receiver<Chunk>; 2] {
        let (first, second) = (mpsc::channel(AHEAD), mpsc::channel(AHEAD));
        let senders = [first.0, second.0];
        match self.reading {
            Reading::File(mut file, format) => {
                tokio::task::spawn_blocking(move || {
                    for sender in senders {
                        let mut taker = Taker { sender, some: Vec::new() };
                        let outcome = read_file(&mut file, format, &named, &mut taker);
                        taker.finish(outcome);
                    }
                });
            }
            Reading::Table(mut open, table) => {
                tokio::spawn(async move {
                    for sender in senders {
                        if let Err(error) = read_table(&mut open, &table, &named, &sender).await {
                            // Nobody may be there to hear it.
                            let _ = sender.send(Err(error)).await;
                        }
                    }
                });
            }
        }
        [first.1, second.1]
    }
}

/// Gathers rows and hands them on, from a thread that may wait.
pub struct Taker {
    sender: Sender<Chunk>,
    some: Vec<Item>,
}

impl Taker {
    /// Takes one; false when nobody wants any more.
    pub fn take(&mut self, item: Item) -> bool {
        self.some.push(item);
        self.some.len() < CHUNK || self.sender.blocking_send(Ok(std::mem::take(&mut self.some))).is_ok()
    }

    fn finish(self, outcome: Result<(), String>) {
        // Nobody may be there to hear it.
        let _ = self.sender.blocking_send(outcome.map(|()| self.some));
    }
}

fn read_file(file: &mut File, format: Format, named: &[Named], taker: &mut Taker) -> Result<(), String> {
    file.rewind().map_err(|error| error.to_string())?;
    let file = BufReader::with_capacity(1 << 16, file);
    match format {
        Format::Csv => csv::read(file, named, taker),
        Format::Jsonl => lines::read(file, named, taker),
    }
}

async fn read_table(open: &mut Elsewhere, table: &str, named: &[Named], sender: &Sender<Chunk>) -> Result<(), String> {
    let wrong = |error: sqlx::Error| db::in_words(&error);
    let columns = open.columns(table).await.map_err(wrong)?;
    if columns.is_empty() {
        return Err("there is no such table; name it by --table".into());
    }
    let places = columns::places(named, &columns)?;
    // The first one orders them; only those that are asked for are read.
    let first = places[Field::Id as usize].or(places[Field::Email as usize]).or(places[Field::Username as usize]);
    let asked: Vec<usize> = first.into_iter().chain(places.into_iter().flatten()).collect();
    let names: Vec<String> = asked.iter().map(|place| columns[*place].clone()).collect();
    let (mut number, mut some) = (0, Vec::new());
    let mut rows = open.rows(table, &names);
    while let Some(texts) =
        rows.try_next().await.map_err(|error| format!("row {}: {}", number + 1, db::in_words(&error)))?
    {
        number += 1;
        let row = texts.map(|texts| {
            // The first is there twice.
            let mut texts = texts.into_iter().skip(1);
            Row { number, fields: places.map(|place| place.and_then(|_| texts.next().flatten())) }
        });
        some.push(row.ok_or((number, "holds what is not UTF-8".into())));
        if some.len() == CHUNK && sender.send(Ok(std::mem::take(&mut some))).await.is_err() {
            return Ok(());
        }
    }
    // Nobody may be there to hear it.
    let _ = sender.send(Ok(some)).await;
    Ok(())
}

/// Standard input in a file without a name.
fn spool(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!("import.{}.part", std::process::id()));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    remove_file(&path)?;
    io::copy(&mut stdin().lock(), &mut file)?;
    Ok(file)
}
