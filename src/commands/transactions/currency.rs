//! What stands beside a number to make it money.

/// A currency of ISO 4217.
#[derive(Clone, Copy)]
pub struct Currency {
    /// Its three letters.
    pub iso: &'static str,
    /// Digits after the point.
    pub decimals: u32,
}

const fn of(iso: &'static str, decimals: u32) -> Currency {
    Currency { iso, decimals }
}

/// Signs, codes and local words, the longer of two that begin alike first. A sign that several countries use is the one meant most often.
const MARKS: [(&str, Currency); 59] = [
    ("US$", of("USD", 2)),
    ("CA$", of("CAD", 2)),
    ("C$", of("CAD", 2)),
    ("AU$", of("AUD", 2)),
    ("A$", of("AUD", 2)),
    ("NZ$", of("NZD", 2)),
    ("HK$", of("HKD", 2)),
    ("S$", of("SGD", 2)),
    ("R$", of("BRL", 2)),
    ("$", of("USD", 2)),
    ("€", of("EUR", 2)),
    ("£", of("GBP", 2)),
    ("¥", of("JPY", 0)),
    ("￥", of("JPY", 0)),
    ("円", of("JPY", 0)),
    ("₹", of("INR", 2)),
    ("₩", of("KRW", 0)),
    ("₺", of("TRY", 2)),
    ("Kč", of("CZK", 2)),
    ("zł", of("PLN", 2)),
    ("Fr.", of("CHF", 2)),
    ("Rs.", of("INR", 2)),
    ("Rs", of("INR", 2)),
    ("RS.", of("INR", 2)),
    ("RS", of("INR", 2)),
    ("rs.", of("INR", 2)),
    ("rs", of("INR", 2)),
    ("rupees", of("INR", 2)),
    ("Euros", of("EUR", 2)),
    ("euros", of("EUR", 2)),
    ("Euro", of("EUR", 2)),
    ("euro", of("EUR", 2)),
    ("dollars", of("USD", 2)),
    ("yen", of("JPY", 0)),
    ("Yen", of("JPY", 0)),
    ("AED", of("AED", 2)),
    ("AUD", of("AUD", 2)),
    ("BRL", of("BRL", 2)),
    ("CAD", of("CAD", 2)),
    ("CHF", of("CHF", 2)),
    ("CNY", of("CNY", 2)),
    ("CZK", of("CZK", 2)),
    ("DKK", of("DKK", 2)),
    ("EUR", of("EUR", 2)),
    ("GBP", of("GBP", 2)),
    ("HKD", of("HKD", 2)),
    ("INR", of("INR", 2)),
    ("JPY", of("JPY", 0)),
    ("KRW", of("KRW", 0)),
    ("MXN", of("MXN", 2)),
    ("NOK", of("NOK", 2)),
    ("NZD", of("NZD", 2)),
    ("PLN", of("PLN", 2)),
    ("SEK", of("SEK", 2)),
    ("SGD", of("SGD", 2)),
    ("THB", of("THB", 2)),
    ("TRY", of("TRY", 2)),
    ("USD", of("USD", 2)),
    ("ZAR", of("ZAR", 2)),
];

/// The mark that `text` ends with, and where it begins.
pub fn before(text: &str) -> Option<(usize, Currency)> {
    let text = text.trim_end_matches(is_blank);
    MARKS.iter().find_map(|(mark, currency)| {
        let rest = text.strip_suffix(mark)?;
        stands_alone(mark.chars().next()?, rest.chars().next_back()).then_some((rest.len(), *currency))
    })
}

/// The mark that `text` begins with, and where it ends.
pub fn after(text: &str) -> Option<(usize, Currency)> {
    let trimmed = text.trim_start_matches(is_blank);
    MARKS.iter().find_map(|(mark, currency)| {
        let rest = trimmed.strip_prefix(mark)?;
        stands_alone(mark.chars().next_back()?, rest.chars().next()).then_some((text.len() - rest.len(), *currency))
    })
}

/// Whether a mark that ends in `edge` is no part of the word that goes on with `beyond`: hours are no rupees.
fn stands_alone(edge: char, beyond: Option<char>) -> bool {
    !(edge.is_ascii_alphabetic() && beyond.is_some_and(char::is_alphabetic))
}

/// Space within a line.
pub fn is_blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}
