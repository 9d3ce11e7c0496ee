//! CSV, whose first line names the columns.
use std::io::{self, Read};

use super::{
    columns::{self, Named},
    source::{Item, LONGEST, Taker},
};
use crate::accounts::admin::import::Row;

/// Hands all rows to `taker`.
pub fn read(file: impl Read, named: &[Named], taker: &mut Taker) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(Rationed { file, left: LONGEST, first: None });
    let columns: Vec<String> = match reader.headers() {
        // Spreadsheets begin a file with a mark of its encoding.
        Ok(line) => line.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect(),
        Err(error) => return Err(format!("line 1 {}", in_words(&error))),
    };
    let places = columns::places(named, &columns)?;
    // After a line that ends in two characters the reader stands between them, and so on the line before.
    let between = u64::from(reader.get_ref().first == Some(true));
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line() + between;
        reader.get_mut().left = LONGEST;
        let item: Item = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let number = line;
                let text = |place: usize| record.get(place).map(str::to_owned);
                Ok(Row { number, fields: places.map(|place| place.and_then(text)) })
            }
            Err(error) if error.is_io_error() => return Err(format!("line {line} {}", in_words(&error))),
            Err(error) => Err((line, in_words(&error))),
        };
        if !taker.take(item) {
            return Ok(());
        }
    }
}

/// A file of which so many bytes are read: a quote that is never closed would take all of it into memory.
struct Rationed<R> {
    file: R,
    left: u64,
    /// Whether the first line ends in two characters, once it was read.
    first: Option<bool>,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!("is longer than {LONGEST} bytes")));
        }
        let read = self.file.read(buffer)?;
        let end = buffer[..read].iter().position(|byte| *byte == b'\n');
        self.first = self.first.or(end.map(|end| end > 0 && buffer[end - 1] == b'\r'));
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("has {len} fields and not {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".into(),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}
