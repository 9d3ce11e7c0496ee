//! Names that are public: of the site, its host, the person and the address.

use unicode_normalization::UnicodeNormalization;

use super::blocklist;
use super::guess::{folded, is_little, plain};

/// In code points: a shorter name, such as Ann, stands inside too many words.
const MIN_NAME: usize = 4;

/// Each name as a whole, the two sides of an address, and each word or label, without what is between.
pub fn names(related: &[&str]) -> Vec<Vec<char>> {
    let normalised: Vec<String> = related.iter().map(|name| name.nfc().collect()).collect();
    let pieces = normalised.iter().flat_map(|name| {
        let sides = name.split('@');
        let words = name.split(|c: char| !c.is_alphanumeric());
        std::iter::once(name.as_str()).chain(sides).chain(words)
    });
    pieces.map(|piece| plain(&folded(piece)).to_vec()).filter(|name| name.len() >= MIN_NAME).collect()
}

/// Whether `text` has little besides the names, or one listed password.
///
/// `whole` is the length of the password that it is a part of, in code points.
pub fn is_related(text: &[char], whole: usize, names: &[Vec<char>]) -> bool {
    let mut rest = plain(text);
    let mut covered = vec![false; rest.len()];
    for name in names {
        for (at, window) in rest.windows(name.len()).enumerate() {
            if window == name {
                covered[at..at + name.len()].fill(true);
            }
        }
    }
    let removed = covered.iter().filter(|covered| **covered).count();
    let mut covered = covered.into_iter();
    rest.retain(|_| covered.next() == Some(false));
    removed > 0 && (is_little(text.len() - removed, whole) || blocklist::is_common(&rest))
}
