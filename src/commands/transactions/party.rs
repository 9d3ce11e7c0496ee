//! Who the other one of a transaction is.
use super::kind::Kind;

/// The longest name.
const LONGEST: usize = 60;

/// How far behind the amount the name may stand, in bytes.
const NEAR: usize = 400;

/// Words that end a name.
const ENDS: [&str; 23] = [
    " on ", " for ", " via ", " using ", " with ", " ref", " from ", " to ", " at ", " by ", " in ", " has ", " was ",
    " is ", " and ", " dated ", " am ", " vom ", " über ", " le ", " into ", " upi ", " info",
];

/// Begin a name that is none.
const NOBODY: [&str; 12] =
    ["your", "you", "a/c", "account", "acct", "card", "ac", "the", "ihr", "ihre", "konto", "votre"];

/// The other one as the sentence names it, where a bank wrote; others are it themselves. `behind` is the text behind the amount.
pub fn named(kind: Kind, sentence: &str, behind: &str) -> Option<String> {
    let ways: &[&str] = match kind {
        Kind::Debit => &[" at ", " towards ", " to VPA ", " to ", " bei ", " an ", " chez "],
        Kind::Credit => &[" from VPA ", " from ", " by ", " von ", " de "],
        _ => return None,
    };
    let near = &behind[..behind.floor_char_boundary(NEAR)];
    let line = near.split("\n\n").next().unwrap_or_default();
    ways.iter().find_map(|way| name_after(sentence, way).or_else(|| name_after(line, way)))
}

fn name_after(text: &str, way: &str) -> Option<String> {
    text.match_indices(way).find_map(|(at, _)| {
        let rest = text[at + way.len()..].trim_start_matches("VPA ").trim_start();
        let line = rest.split(['\n', ',', ';', '(', '!', '|']).next().unwrap_or_default();
        let sentence = line.split(". ").next().unwrap_or_default();
        // Of ASCII only: the places are the same in both.
        let lower = sentence.to_ascii_lowercase();
        let end = ENDS.iter().filter_map(|end| lower.find(end)).min();
        let name = sentence[..end.unwrap_or(sentence.len())].trim().trim_end_matches('.').trim();
        let first = name.split_whitespace().next()?.to_lowercase();
        let named = name.starts_with(char::is_uppercase) || name.contains('@');
        (named && name.len() <= LONGEST && !NOBODY.contains(&first.as_str())).then(|| name.to_owned())
    })
}
