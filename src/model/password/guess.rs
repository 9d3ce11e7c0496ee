//! Whether a password is among the first that a guesser would try.

use zeroize::Zeroizing;

use super::{PasswordRefusal, blocklist, pattern, related};

/// Below this many code points the rest of a password is none: the least that a setting allows.
const LEAST: usize = 8;
/// As long as a date; more digits are worth something.
const MAX_NUMBER: usize = 8;
/// As in `31.12.1999 `; more of them are worth something, too.
const MAX_SEPARATORS: usize = 4;

/// Runs and repeats add nothing, and a number at an end little: what is left is looked up as well.
pub fn refusal(text: &str, related: &[&str]) -> Option<PasswordRefusal> {
    let folded = folded(text);
    let stages: Vec<&[char]> = pattern::stages(&folded).collect();
    let core = stages.last().map_or(0, |core| core.len());
    if core == 0 {
        return Some(PasswordRefusal::Repetitive);
    }
    let mut parts: Vec<&[char]> = stages.into_iter().flat_map(|stage| [stage, without_number(stage)]).collect();
    parts.dedup();
    let names = related::names(related);
    for part in parts {
        if related::is_related(part, folded.len(), &names) {
            return Some(PasswordRefusal::Related);
        }
        if blocklist::is_common(part) {
            return Some(PasswordRefusal::Common);
        }
    }
    is_little(core, folded.len()).then_some(PasswordRefusal::Repetitive)
}

/// Lower case, so that letter case hides nothing.
pub fn folded(text: &str) -> Zeroizing<Vec<char>> {
    // At most three code points for one; a vector that grows leaves copies behind that nobody wipes.
    let mut folded = Zeroizing::new(Vec::with_capacity(3 * text.len()));
    folded.extend(text.chars().flat_map(char::to_lowercase));
    folded
}

/// Without spaces and ASCII punctuation, so that these hide nothing.
pub fn plain(text: &[char]) -> Zeroizing<Vec<char>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.iter().filter(|c| !is_separator(c)));
    plain
}

pub fn is_separator(c: &char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric()
}

/// Both bounds, so that a long run beside a good passphrase does no harm.
pub fn is_little(rest: usize, whole: usize) -> bool {
    rest < LEAST && rest * 2 <= whole
}

/// From the first to the last character that counts; all of it if none does.
pub fn trimmed(text: &[char], counts: impl Fn(&char) -> bool) -> &[char] {
    let first = text.iter().position(&counts);
    let last = text.iter().rposition(&counts);
    first.zip(last).map_or(text, |(first, last)| &text[first..=last])
}

/// Without a number and its punctuation, at either end or both.
fn without_number(text: &[char]) -> &[char] {
    let core = trimmed(text, |c| !c.is_ascii_digit() && !is_separator(c));
    let digits = |text: &[char]| text.iter().filter(|c| c.is_ascii_digit()).count();
    let number = digits(text) - digits(core);
    let separators = text.len() - core.len() - number;
    if number <= MAX_NUMBER && separators <= MAX_SEPARATORS { core } else { text }
}
