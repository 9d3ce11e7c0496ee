//! The offline list of common and breached passwords, names and dictionary words.
//!
//! The data is sorted text, searched where it lies in the binary: nothing is built at start-up.
//! Where it comes from and its licences: the README beside it; it is remade by `tools/make-password-list`.

use std::cmp::Ordering;

use super::guess::plain;

/// Lower-case ASCII lines of at least eight characters in byte order.
const COMMON: &[u8] = include_bytes!("common.txt");
/// The thousand most used passwords of at least four characters, likewise.
const FREQUENT: &[u8] = include_bytes!("frequent.txt");

/// No frequent password has more characters.
const MAX_FREQUENT: usize = 16;

/// Whether a lower-case text is listed or two of the thousand most used passwords.
pub fn is_common(text: &[char]) -> bool {
    let plain = plain(text);
    // With more punctuation than letters, the punctuation is the password.
    let is_spaced = text.len() <= 2 * plain.len();
    contains(COMMON, text) || is_spaced && (contains(COMMON, &plain) || is_pair(&plain))
}

fn is_pair(text: &[char]) -> bool {
    let mut splits = 1..text.len().min(MAX_FREQUENT + 1);
    text.len() <= 2 * MAX_FREQUENT
        && splits.any(|at| contains(FREQUENT, &text[..at]) && contains(FREQUENT, &text[at..]))
}

fn contains(list: &[u8], wanted: &[char]) -> bool {
    let newline = |byte: &u8| *byte == b'\n';
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = list[low..middle].iter().rposition(newline).map_or(low, |at| low + at + 1);
        let end = list[start..high].iter().position(newline).map_or(high, |at| start + at);
        let entry = list[start..end].iter().map(|byte| char::from(*byte));
        match entry.cmp(wanted.iter().copied()) {
            Ordering::Equal => return true,
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_lower_case_ascii() {
        for (list, lengths) in [(COMMON, 8..=256), (FREQUENT, 4..=MAX_FREQUENT)] {
            assert!(list.is_ascii() && list.ends_with(b"\n"));
            assert!(!list.iter().any(u8::is_ascii_uppercase));
            let entries: Vec<_> = list.trim_ascii_end().split(|byte| *byte == b'\n').collect();
            assert!(entries.is_sorted_by(|a, b| a < b));
            assert!(entries.iter().all(|entry| lengths.contains(&entry.len())));
        }
    }

    #[test]
    fn every_entry_is_found_and_its_neighbours_are_not() {
        for line in std::str::from_utf8(COMMON).unwrap().lines() {
            let mut entry: Vec<char> = line.chars().collect();
            assert!(contains(COMMON, &entry), "{line}");
            entry.push('~');
            assert!(!contains(COMMON, &entry), "{line}");
        }
        assert!(!contains(COMMON, &[]));
    }
}
