//! Numbers as people write them.
use rust_decimal::Decimal;

/// Digits before the point from which on it is the number of something, not an amount.
const TOO_MANY: usize = 11;

/// The longest number that is read, in bytes: no text of a stranger is gone through again and again.
const LONGEST: usize = 40;

/// The length of the number that `text` begins with: digits, and what stands between digits.
pub fn length(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next().filter(|(at, _)| *at < LONGEST) {
        let follows = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if c.is_ascii_digit() {
            end = at + 1;
        } else if !(follows && (matches!(c, '.' | ',') || is_group(c) && three_follow(&text[at + c.len_utf8()..]))) {
            break;
        }
    }
    end
}

/// What only ever parts groups of three digits.
fn is_group(c: char) -> bool {
    matches!(c, '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

fn three_follow(text: &str) -> bool {
    text.bytes().take_while(u8::is_ascii_digit).count() == 3
}

/// The value of `text`, which is a number by [`length`], where at most `decimals` digits may follow the point; `None` when it is written
/// like no amount. Of a point and a comma the last parts the decimals; a single one does unless three digits follow.
pub fn parse(text: &str, decimals: u32) -> Option<Decimal> {
    let (whole, fraction) = match text.rfind(['.', ',']) {
        Some(at) if parts_decimals(text, at) => (&text[..at], &text[at + 1..]),
        _ => (text, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    if fraction.len() > decimals as usize || digits.len() >= TOO_MANY || !is_grouped(whole) {
        return None;
    }
    let mut amount: Decimal = format!("{digits}.{fraction:0<width$}", width = decimals as usize).parse().ok()?;
    amount.rescale(decimals);
    (!amount.is_zero()).then_some(amount)
}

fn parts_decimals(text: &str, at: usize) -> bool {
    let mark = &text[at..=at];
    let others = [".", ","].iter().any(|other| *other != mark && text.contains(other));
    let once = text.matches(mark).count() == 1;
    once && (others || text.len() - at - 1 != 3 || text.starts_with('0'))
}

/// Groups of three, or of two and at last three as in India, all parted alike; or none.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<&str> = whole.split(|c: char| !c.is_ascii_digit()).collect();
    let mut marks = whole.chars().filter(|c| !c.is_ascii_digit());
    let first = marks.next();
    let [head, middle @ .., last] = &groups[..] else { return true };
    let alike = |length: usize| middle.iter().all(|group| group.len() == length);
    marks.all(|mark| Some(mark) == first)
        && last.len() == 3
        && (alike(3) && (1..=3).contains(&head.len()) || alike(2) && (1..=2).contains(&head.len()))
}
