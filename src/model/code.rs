//! The codes that are mailed, and the requests they answer.
use rand::{TryRng, rngs::SysRng};

use super::{id::random_text, invalid::Fault};

/// Digits of a code: 26.5 bits, above the 20 that ASVS 5.0 asks for (6.5.4).
const DIGITS: usize = 8;

/// A mailed code: eight digits, leading zeros kept. Debug shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Draws a code, each of the 10^8 as likely as any other.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn draw() -> Self {
        // The largest multiple of 10^8 that fits: what lies above would favour small codes, so it is drawn again.
        const FAIR: u32 = u32::MAX - u32::MAX % 100_000_000;
        loop {
            let number = SysRng.try_next_u32().expect("the operating system gives random bytes");
            if number < FAIR {
                return Self(format!("{:08}", number % 100_000_000));
            }
        }
    }

    /// Reads a code as typed; spaces and dashes are dropped.
    ///
    /// # Errors
    /// Anything but eight ASCII digits.
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS + 1).collect();
        let valid = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        if valid { Ok(Self(digits)) } else { Err(Fault::NotACode) }
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// As people read it: `1234 5678`.
    pub fn spaced(&self) -> String {
        format!("{} {}", &self.0[..4], &self.0[4..])
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// What a code is for. A code of one purpose is worthless for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Proves the address of a sign-up.
    Signup,
    /// Lets a new password be set.
    Reset,
    /// Proves the new address of an account.
    Email,
    /// Waits for the second factor after the right password. Nothing is mailed for it.
    Signin,
}

impl Purpose {
    /// The word in the database and under the keyed hash.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Reset => "reset",
            Self::Email => "email",
            Self::Signin => "signin",
        }
    }
}

/// The secret name of a request: 128 random bits, known to whoever began it and to nobody else. Debug hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new one.
    pub fn draw() -> Self {
        Self(random_text())
    }

    /// What a caller says it is; a wrong one is simply not found.
    pub fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text for the caller.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_with_spaces_and_dashes() {
        for typed in ["12345678", "1234 5678", " 1234-5678 ", "12 34-56\u{a0}78"] {
            assert_eq!(Code::parse(typed).unwrap().spaced(), "1234 5678");
        }
    }

    #[test]
    fn anything_but_eight_digits_is_no_code() {
        for typed in ["", "1234567", "123456789", "1e9", "-1", "１２３４５６７８", "abcdefgh", "1234\u{0}5678"]
        {
            assert_eq!(Code::parse(typed), Err(Fault::NotACode), "{typed:?}");
        }
    }

    #[test]
    fn drawn_codes_are_eight_digits_and_differ() {
        let codes: std::collections::HashSet<_> = (0..1000).map(|_| Code::draw().digits().to_owned()).collect();
        assert!(codes.iter().all(|code| Code::parse(code).is_ok()));
        assert!(codes.len() > 990, "1,000 draws of 10^8 hardly ever meet: {}", codes.len());
    }
}
