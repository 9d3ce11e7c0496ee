//! A message of a stranger is read or refused, whatever it holds; what comes of it is an amount, in cells that no spreadsheet runs.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::commands::transactions::{Letter, find, safe_cell};

fuzz_target!(|raw: &[u8]| {
    let letter = match Letter::read(raw, None) {
        Ok(letter) => letter,
        Err((subject, why)) => return assert!(!subject.contains('\n') && !why.is_empty()),
    };
    for cell in [&letter.sender, &letter.subject, &letter.id] {
        assert!(!cell.contains(char::is_control), "{cell:?}");
    }
    let Some(transaction) = find(&letter) else { return };
    assert!(transaction.money.amount > 0.into(), "{transaction:?}");
    for cell in [&transaction.counterparty, &letter.subject] {
        assert!(!safe_cell(cell).starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
    }
});
