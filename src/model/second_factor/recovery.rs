//! Recovery codes: each opens the account once when the app is lost.
use std::fmt;

use zeroize::Zeroizing;

use crate::model::id::random;

/// Digits and capitals but those that look like others (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code: 16 characters of five bits each, so that no hash of it needs to be slow. Debug shows none of them.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Its characters.
    pub const LENGTH: usize = 16;

    /// How many an account gets at once.
    pub const SET: usize = 10;

    /// Draws one, each of the 2^80 as likely as any other.
    pub fn draw() -> Self {
        let bytes = Zeroizing::new(random::<{ Self::LENGTH }>());
        Self(Zeroizing::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()))
    }

    /// Reads what is left of a typed one without spaces and dashes, in any case; what looks like a digit is taken for it.
    pub fn parse(bare: &str) -> Option<Self> {
        let read = |c: char| match c.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            c if u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)) => Some(c),
            _ => None,
        };
        let code: Zeroizing<String> = Zeroizing::new(bare.chars().map(read).collect::<Option<_>>()?);
        (code.len() == Self::LENGTH).then_some(Self(code))
    }

    /// The characters alone.
    pub fn characters(&self) -> &str {
        &self.0
    }

    /// As people read it: `ABCD EFGH JKMN PQRS`.
    pub fn spaced(&self) -> String {
        [&self.0[..4], &self.0[4..8], &self.0[8..12], &self.0[12..]].join(" ")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn what_looks_like_a_digit_is_taken_for_it() {
        let code = RecoveryCode::parse("o0iIlL1aAbBcCdDz").unwrap();
        assert_eq!(code.spaced(), "0011 111A ABBC CDDZ");
        for other in ["", "ABCDEFGHJKMNPQR", "ABCDEFGHJKMNPQRU", "ABCDEFGHJKMNPQRÄ"] {
            assert!(RecoveryCode::parse(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn drawn_codes_differ_and_use_the_whole_alphabet() {
        let codes: HashSet<_> = (0..200).map(|_| RecoveryCode::draw().characters().to_owned()).collect();
        assert_eq!(codes.len(), 200);
        assert!(codes.iter().all(|code| RecoveryCode::parse(code).is_some_and(|read| read.characters() == code)));
        let used: HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(used.len(), 32, "3,200 draws of 32 hardly ever leave one out: {used:?}");
    }
}
