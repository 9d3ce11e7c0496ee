//! A name to sign in with beside the address; given by superusers only.
use unicode_normalization::UnicodeNormalization;

use super::invalid::Fault;

/// The most characters of a username: as many as Django keeps, so that its users can move in.
pub const MAX_LENGTH: usize = 150;

/// Letters and digits of any script, and `.`, `_`, `-`, `+`; no `@`, so that it is never taken for an address. Kept in lower case and
/// Unicode's form NFC, so that one name has one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Reads a username as typed; space around it is dropped.
    ///
    /// # Errors
    /// Empty, too long, or a character that is not allowed in it.
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let name: String = typed.trim().nfc().flat_map(char::to_lowercase).nfc().collect();
        if name.chars().count() > MAX_LENGTH {
            return Err(Fault::TooLong { max: MAX_LENGTH });
        }
        let allowed = |c: char| c.is_alphanumeric() || "._-+".contains(c);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(Fault::NotAUsername);
        }
        Ok(Self(name))
    }

    /// The name as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that was stored by this program.
    pub(crate) fn stored(name: String) -> Self {
        Self(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_username_has_one_spelling() {
        for typed in ["Ann.Lee", " ann.lee ", "ANN.LEE"] {
            assert_eq!(Username::parse(typed).unwrap().as_str(), "ann.lee");
        }
        assert_eq!(Username::parse("A\u{308}nne").unwrap(), Username::parse("\u{e4}nne").unwrap());
    }

    #[test]
    fn what_could_be_an_address_or_breaks_lines_is_refused() {
        for typed in ["", " ", "ann@example.com", "ann lee", "a\nb", "a\0b", "a\u{202E}b", "<ann>", "a/b"] {
            assert_eq!(Username::parse(typed), Err(Fault::NotAUsername), "{typed:?}");
        }
        assert!(Username::parse(&"é".repeat(150)).is_ok());
        assert_eq!(Username::parse(&"é".repeat(151)), Err(Fault::TooLong { max: MAX_LENGTH }));
    }
}
