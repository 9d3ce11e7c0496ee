//! Amounts of money in a text.
use std::ops::Range;

use rust_decimal::Decimal;

use super::{currency, number};

/// An exact amount of a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Always positive, with as many decimals as the currency has.
    pub amount: Decimal,
    /// Its code in ISO 4217.
    pub currency: &'static str,
}

/// Every amount in `text`, in order, with where it stands, its mark included.
pub fn amounts(text: &str) -> Vec<(Range<usize>, Money)> {
    let mut found = Vec::new();
    // Whatever lies before this belongs to something else.
    let (mut free, mut at) = (0, 0);
    while let Some(next) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let begin = at + next;
        at = begin + number::length(&text[begin..]);
        if is_joined(&text[free..begin]) {
            continue;
        }
        // With spaces between groups first, then without them: "2 500 €" is two and a half thousand, "CHF 12 345 people" is not.
        let plain = text[begin..at].find(' ').map_or(at, |space| begin + space);
        let one = marked(text, free, begin..at).or_else(|| marked(text, free, begin..plain));
        at = one.as_ref().map_or(plain, |(span, _)| span.end);
        free = at;
        found.extend(one);
    }
    found
}

/// The number at `digits` with a mark on its left that is not taken, or on its right.
fn marked(text: &str, free: usize, digits: Range<usize>) -> Option<(Range<usize>, Money)> {
    let right = &text[digits.end..];
    if counts_something(right) {
        return None;
    }
    // 12,- and 500/- say that nothing follows the point.
    let round = [",-", ",–", ".-", ".–", "/-"].into_iter().find(|round| right.starts_with(round)).map_or(0, str::len);
    let end = digits.end + round;
    let before = currency::before(text[free..digits.start].trim_end_matches(['-', '−', '+', '(']));
    let after = currency::after(&text[end..]).map(|(length, currency)| (end + length, currency));
    let (span, currency) = match (before, after) {
        // $12.00 CAD: three letters say which of the dollars.
        (Some((begin, sign)), Some((beyond, own))) if sign.iso == "USD" && text[end..beyond].trim() == own.iso => {
            (free + begin..beyond, own)
        }
        (Some((begin, currency)), _) => (free + begin..end, currency),
        (None, Some((beyond, currency))) => (digits.start..beyond, currency),
        (None, None) => return None,
    };
    let number = &text[digits];
    if number.contains(' ') && after.is_none() && !number.contains(['.', ',']) {
        return None;
    }
    let amount = number::parse(number, currency.decimals)?;
    Some((span, Money { amount, currency: currency.iso }))
}

/// Whether a number behind this goes on with what stands before it: part of a word, of a reference, of a longer number.
fn is_joined(left: &str) -> bool {
    let Some(last) = left.chars().next_back() else { return false };
    if !(last.is_alphanumeric() || "*#_/.".contains(last)) {
        return false;
    }
    currency::before(left).is_none()
}

/// Whether it is a share, a measure, the beginning of a reference, or thousands and millions of which nobody writes all digits.
fn counts_something(right: &str) -> bool {
    let glued = right.starts_with(['%', '/']) && !right.starts_with("/-");
    let goes_on = right.starts_with('-') && right[1..].starts_with(|c: char| c.is_ascii_digit());
    let word: String = right.trim_start_matches([' ', '\u{a0}']).chars().take_while(|c| c.is_alphabetic()).collect();
    let large = ["k", "m", "bn", "million", "millions", "billion", "lakh", "crore", "mio", "millionen"];
    let letters = right.chars().next().is_some_and(char::is_alphabetic) && currency::after(right).is_none();
    glued || goes_on || letters || large.contains(&word.to_lowercase().as_str())
}
