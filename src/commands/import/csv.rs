//! CSV, whose first line names the columns.
use std::io::Read;

use super::{
    columns::{self, Named},
    source::{Item, Taker},
};
use crate::accounts::admin::import::Row;

/// Hands all rows to `taker`.
pub fn read(file: impl Read, named: &[Named], taker: &mut Taker) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let columns: Vec<String> = match reader.headers() {
        // Spreadsheets begin a file with a mark of its encoding.
        Ok(line) => line.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect(),
        Err(error) => return Err(in_words(&error)),
    };
    let places = columns::places(named, &columns)?;
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        let item: Item = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let number = record.position().map_or(line, csv::Position::line);
                let text = |place: usize| record.get(place).map(str::to_owned);
                Ok(Row { number, fields: places.map(|place| place.and_then(text)) })
            }
            Err(error) if error.is_io_error() => return Err(in_words(&error)),
            Err(error) => Err((error.position().map_or(line, csv::Position::line), in_words(&error))),
        };
        if !taker.take(item) {
            return Ok(());
        }
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
