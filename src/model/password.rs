//! Passwords as they are chosen and as they are given, by NIST SP 800-63B-4 section 3.1.1.2 and ASVS 6.2.

mod blocklist;
mod guess;
mod passphrase;
mod pattern;
mod related;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use passphrase::suggestion;

/// In code points. NIST asks to allow at least 64.
const MAX_LENGTH: usize = 256;
/// Bounds what is normalised and hashed: 256 code points of the longest kind.
const MAX_BYTES: usize = 1024;

/// A password in Unicode normalisation form C, wiped from memory when dropped.
pub struct Password {
    text: Zeroizing<String>,
    /// As it was typed, where that is not the same.
    typed: Option<Zeroizing<String>>,
}

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// Fewer code points than the setting asks for.
    TooShort {
        /// How many code points more it takes.
        missing: usize,
    },
    /// More than 256 code points or 1,024 bytes.
    TooLong,
    /// A control character, NUL among them.
    InvalidCharacter,
    /// Among the passwords that are tried first (ASVS 6.2.4, 6.2.12).
    Common,
    /// Little besides a short piece repeated, or runs along the alphabet, the digits or a keyboard.
    Repetitive,
    /// Little besides the name of the person or the site (ASVS 6.2.11).
    Related,
}

impl Password {
    /// A newly chosen password.
    ///
    /// `min_length` counts code points after normalisation. `related` holds what the person and the
    /// site are known by: site name, host, email, display name. Any printable character and any
    /// mixture is allowed; nothing is trimmed or cut. Letter case does not matter to the blocklist.
    ///
    /// # Errors
    /// Every [`PasswordRefusal`], the plainest reason first.
    pub fn parse(raw: &str, min_length: u8, related: &[&str]) -> Result<Self, PasswordRefusal> {
        let text = normalised(raw)?;
        if text.chars().any(char::is_control) {
            return Err(PasswordRefusal::InvalidCharacter);
        }
        let missing = usize::from(min_length).saturating_sub(text.chars().count());
        if missing > 0 {
            return Err(PasswordRefusal::TooShort { missing });
        }
        guess::refusal(&text, related).map_or(Ok(Self { text, typed: None }), Err)
    }

    /// A password to be verified, not chosen: an empty one passes, so that it costs the same time.
    ///
    /// # Errors
    /// [`PasswordRefusal::TooLong`], and [`PasswordRefusal::InvalidCharacter`] for NUL alone.
    pub fn given(raw: &str) -> Result<Self, PasswordRefusal> {
        let text = normalised(raw)?;
        if text.contains('\0') {
            return Err(PasswordRefusal::InvalidCharacter);
        }
        let typed = (*text != raw).then(|| Zeroizing::new(raw.to_owned()));
        Ok(Self { text, typed })
    }

    /// What is hashed: UTF-8, at most 1,024 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// What another program may have hashed: the same, and where it differs the text as it was typed, of at most 4,096 bytes.
    pub fn readings(&self) -> impl Iterator<Item = &[u8]> {
        [Some(&self.text), self.typed.as_ref()].into_iter().flatten().map(|text| text.as_bytes())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

fn normalised(raw: &str) -> Result<Zeroizing<String>, PasswordRefusal> {
    // Composition shrinks no text to less than a quarter, so this one is too long in any case.
    if raw.len() > 4 * MAX_BYTES {
        return Err(PasswordRefusal::TooLong);
    }
    // A string that grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
    for (length, c) in raw.nfc().enumerate() {
        if length == MAX_LENGTH || text.len() + c.len_utf8() > MAX_BYTES {
            return Err(PasswordRefusal::TooLong);
        }
        text.push(c);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
