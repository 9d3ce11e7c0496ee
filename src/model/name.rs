//! The name a person wants to be called by.
use unicode_normalization::UnicodeNormalization;

use super::invalid::Fault;

/// The most characters of a name.
pub const MAX_LENGTH: usize = 100;

/// A name of up to [`MAX_LENGTH`] characters in any script, without control characters; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Reads a name as typed; space around it is dropped, and it is kept in Unicode's form NFC.
    ///
    /// # Errors
    /// Too long, or a character that does not print or that turns the direction of text around.
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let name: String = typed.trim().nfc().collect();
        if name.chars().count() > MAX_LENGTH {
            return Err(Fault::TooLong { max: MAX_LENGTH });
        }
        if !name.chars().all(is_plain) {
            return Err(Fault::Characters);
        }
        Ok(Self(name))
    }

    /// The part of `typed` that can be a name: its first characters without those that are not allowed.
    pub fn cut(typed: &str) -> Self {
        let name: String = typed.trim().nfc().filter(|c| is_plain(*c)).take(MAX_LENGTH).collect();
        Self(name.trim().to_owned())
    }

    /// The name as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(c: char) -> bool {
    !c.is_control() && !misleads(c)
}

/// Line separators and the direction overrides of the Unicode bidirectional algorithm (UAX 9), which let one name look like another.
fn misleads(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_of_any_script_and_may_be_missing() {
        for name in ["", "Ann", "Łukasz O’Neill", "山田 太郎", "<b>{{ 7*7 }}</b>"] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_that_breaks_lines_or_is_endless_is_refused() {
        for name in ["a\r\nBcc: x", "a\0b", "a\u{202E}b", "a\u{2028}b"] {
            assert_eq!(Name::parse(name), Err(Fault::Characters), "{name:?}");
        }
        assert_eq!(Name::parse(&"ä".repeat(101)), Err(Fault::TooLong { max: MAX_LENGTH }));
        assert!(Name::parse(&"ä".repeat(100)).is_ok());
    }
}
