//! An amount with the words around it.
use std::ops::Range;

use super::amounts::{Money, amounts};

/// Words that end in a point and go on: what follows is no new sentence.
const SHORT: [&str; 15] =
    ["no", "rs", "ref", "st", "mr", "mrs", "ms", "dr", "nr", "avl", "bal", "approx", "inkl", "fr", "z"];

/// Before an amount that stands in a line alone, the line above may say what it is, unless it is a long one.
const LABEL: usize = 50;

/// How far a sentence reaches at most, in bytes to either side of the amount: a stranger's may have no end.
const REACH: usize = 400;

/// The most amounts that are looked at.
const MOST: usize = 500;

/// An amount, and what stands around it in lower case.
pub struct Clause {
    pub money: Money,
    /// Where its mark and number stand in the text.
    pub span: Range<usize>,
    /// Where its sentence stands, from the amount before to the one behind.
    pub sentence: Range<usize>,
    /// The whole sentence.
    pub whole: String,
    /// From the amount before it.
    pub before: String,
    /// The part of that which is nearest.
    pub label: String,
    /// To the amount behind it.
    pub behind: String,
    /// The part of that which is nearest.
    pub tail: String,
}

/// Every amount in `text` with its words.
pub fn clauses(text: &str) -> Vec<Clause> {
    let mut found = amounts(text);
    found.truncate(MOST);
    let around = |index: usize| {
        let (span, money) = found[index].clone();
        let whole = sentence(text, &span);
        let begin = index.checked_sub(1).map_or(0, |last| found[last].0.end).max(whole.start);
        let end = found.get(index + 1).map_or(text.len(), |(next, _)| next.start).min(whole.end);
        let (before, behind) = (text[begin..span.start].to_lowercase(), text[span.end..end].to_lowercase());
        let label = before.rsplit([';', ',', '|', '.', '!']).next().unwrap_or_default().to_owned();
        let tail =
            behind.trim_start_matches(['(', ' ']).split([';', ',', '|', '(', '.', ')']).next().unwrap_or_default();
        let tail = tail.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        Clause { money, sentence: begin..end, whole: text[whole].to_lowercase(), span, before, label, behind, tail }
    };
    (0..found.len()).map(around).collect()
}

/// The sentence or line around `span`, with the line above where the amount stands alone.
fn sentence(text: &str, span: &Range<usize>) -> Range<usize> {
    let (first, last) =
        (text.floor_char_boundary(span.start.saturating_sub(REACH)), text.ceil_char_boundary(span.end + REACH));
    let begin = text[first..span.start]
        .match_indices(ends_something)
        .rev()
        .map(|(at, end)| (first + at, first + at + end.len()));
    let begin = begin.filter(|(at, next)| is_end(text, *at, *next)).map(|(_, next)| next).next().unwrap_or(first);
    let end =
        text[span.end..last].match_indices(ends_something).map(|(at, end)| (span.end + at, span.end + at + end.len()));
    let end = end.filter(|(at, next)| is_end(text, *at, *next)).map(|(at, _)| at).next().unwrap_or(last);
    let alone =
        !text[begin..span.start].contains(char::is_alphabetic) && !text[span.end..end].contains(char::is_alphabetic);
    let above = text[..begin].trim_end();
    let line = above.rfind('\n').map_or(0, |at| at + 1);
    if alone && above.len() - line <= LABEL { line..end } else { begin..end }
}

fn ends_something(c: char) -> bool {
    matches!(c, '\n' | '.' | '!' | '?' | '。')
}

/// Whether the sign at `at` ends a sentence; the next character is at `next`.
fn is_end(text: &str, at: usize, next: usize) -> bool {
    let (before, sign, behind) = (&text[..at], &text[at..next], &text[next..]);
    let word = || before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    match sign {
        "\n" | "。" => true,
        "." if SHORT.iter().any(|short| word().eq_ignore_ascii_case(short)) => false,
        _ => behind.starts_with(char::is_whitespace),
    }
}
