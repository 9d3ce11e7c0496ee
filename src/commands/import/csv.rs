//! CSV, whose first line names the columns.
use std::{
    collections::VecDeque,
    io::{self, Read},
};

use super::{
    columns::{self, Named},
    source::{Item, LONGEST, Taker},
};
use crate::accounts::admin::import::Row;

/// Hands all rows to `taker`.
pub fn read(file: impl Read, named: &[Named], taker: &mut Taker) -> Result<(), String> {
    let file = Rationed { file, left: LONGEST, read: 0, after_return: false, ends: VecDeque::new(), lines: 0 };
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(file);
    let mut record = csv::ByteRecord::new();
    let (mut columns, mut places) = (0, None);
    loop {
        reader.get_mut().left = LONGEST;
        let is_more = reader.read_byte_record(&mut record);
        let is_more = is_more.map_err(|error| format!("line {} {error}", reader.get_ref().lines + 1))?;
        if !is_more && places.is_some() {
            return Ok(());
        }
        let end = reader.position().byte();
        let line = reader.get_mut().first_line(end, &record);
        let text = csv::StringRecord::from_byte_record(std::mem::take(&mut record));
        let Some(places) = places else {
            let names = text.map_err(|_| format!("line {line} is not UTF-8"))?;
            // Spreadsheets begin a file with a mark of its encoding.
            let names: Vec<String> =
                names.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
            places = Some(columns::places(named, &names)?);
            columns = names.len();
            continue;
        };
        let item: Item = match text {
            Err(_) => Err((line, "is not UTF-8".into())),
            Ok(text) if text.len() != columns => Err((line, format!("has {} fields and not {columns}", text.len()))),
            Ok(text) => {
                let field = |place: usize| text.get(place).map(str::to_owned);
                Ok(Row { number: line, fields: places.map(|place| place.and_then(field)) })
            }
        };
        if !taker.take(item) {
            return Ok(());
        }
    }
}

/// A file of which so many bytes are read: a quote that is never closed would take all of it into memory. It counts lines as editors do,
/// also empty ones, which are no rows, and whether they end in one character or in two.
struct Rationed<R> {
    file: R,
    left: u64,
    read: u64,
    /// Whether the last byte was the first of two that may end a line.
    after_return: bool,
    /// After how many bytes lines end that are not counted yet.
    ends: VecDeque<u64>,
    lines: u64,
}

impl<R> Rationed<R> {
    /// The line that `record` begins on, which ends after so many bytes.
    fn first_line(&mut self, end: u64, record: &csv::ByteRecord) -> u64 {
        let known = self.lines;
        let mut is_whole = false;
        while let Some(next) = self.ends.pop_front_if(|next| *next <= end) {
            self.lines += 1;
            is_whole = next == end;
        }
        // The last row of a file may have no end of its own.
        let last = if is_whole { self.lines } else { self.lines + 1 };
        let within: usize = record.iter().map(|field| line_ends(field, false).count()).sum();
        last.saturating_sub(within as u64).max(known + 1)
    }
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!("is longer than {LONGEST} bytes")));
        }
        let read = self.file.read(buffer)?;
        let bytes = &buffer[..read];
        self.ends.extend(line_ends(bytes, self.after_return).map(|place| self.read + place as u64 + 1));
        self.after_return = bytes.last().map_or(self.after_return, |byte| *byte == b'\r');
        self.read += read as u64;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// Where lines end: of `\r\n` the first counts.
fn line_ends(bytes: &[u8], mut after_return: bool) -> impl Iterator<Item = usize> {
    bytes.iter().enumerate().filter_map(move |(place, byte)| {
        let ends = *byte == b'\r' || (*byte == b'\n' && !after_return);
        after_return = *byte == b'\r';
        ends.then_some(place)
    })
}
