//! The table, written whole or not at all.
use std::{
    borrow::Cow,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{choice::Transaction, letter::Letter};
use crate::commands::Failure;

/// A line of the table.
pub struct Row {
    pub at: OffsetDateTime,
    pub transaction: Transaction,
    pub letter: Letter,
}

/// Writes `rows` to a new file, readable by its owner only.
pub fn write(file: &Path, rows: &[Row]) -> Result<(), Failure> {
    let wrong = |error: io::Error| -> Failure { format!("--out: {}: {error}", file.display()).into() };
    let table = table(rows)?;
    let file = std::path::absolute(file).map_err(wrong)?;
    // Made under another name, so that half a table never passes for one; a link does not replace what is there.
    let mut part = file.clone().into_os_string();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(wrong)?;
    let written = made.write_all(&table).and_then(|()| made.sync_all()).and_then(|()| fs::hard_link(&part, &file));
    let removed = fs::remove_file(&part);
    // The name must survive a power cut too.
    let folder = file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all());
    written.and(removed).and(folder).map_err(wrong)
}

fn table(rows: &[Row]) -> Result<Vec<u8>, Failure> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["date", "type", "amount", "currency", "counterparty", "subject", "message_id"])?;
    for Row { at, transaction, letter } in rows {
        let at = at.format(&Rfc3339)?;
        let Transaction { kind, money, counterparty } = transaction;
        let amount = money.amount.to_string();
        let strangers = [counterparty, &letter.subject, &letter.id].map(|cell| safe_cell(cell));
        let [counterparty, subject, id] = &strangers;
        table.write_record([&*at, kind.as_str(), &*amount, money.currency, counterparty, subject, id])?;
    }
    Ok(table.into_inner().map_err(|error| error.to_string())?)
}

/// `cell` so that no spreadsheet runs it: with a quote before it where it begins like a formula (OWASP, "CSV Injection").
pub fn safe_cell(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}
