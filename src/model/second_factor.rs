//! The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the app is lost.
mod recovery;

use std::fmt;

use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};
use zeroize::Zeroizing;

use super::{id::random, invalid::Fault};
use crate::clock::Timestamp;

pub use recovery::RecoveryCode;

/// The bytes of a secret: the length of the hash, as RFC 4226, 4 recommends.
const BYTES: usize = 20;

/// Digits of a code.
const DIGITS: u8 = 6;

/// Seconds that a code lasts (RFC 6238, 5.2).
const STEP: u64 = 30;

/// How many codes before and after the present one are taken: for clocks that differ, and for the time it takes to type (RFC 6238, 5.2).
const SKEW: u16 = 1;

/// What an authenticator app and this server share. Debug shows nothing of it.
pub struct SharedSecret(Zeroizing<[u8; BYTES]>);

impl SharedSecret {
    /// A new one, as random as can be.
    pub fn draw() -> Self {
        Self(Zeroizing::new(random()))
    }

    /// One that was stored; `None` when it has another length.
    pub fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Its bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// As apps take it when it is typed: base32 (RFC 4648).
    pub fn base32(&self) -> String {
        Secret::new_stack(*self.0).to_base32()
    }

    /// As apps take it when they scan it, for the account that is called so at the site that is called so.
    ///
    /// # Errors
    /// None for what is given here; the library refuses names that hold a colon, which become dots.
    pub fn uri(&self, site: &str, account: &str) -> Result<String, TotpError> {
        let names =
            Builder::new().with_issuer(Some(site.replace(':', "."))).with_account_name(account.replace(':', "."));
        self.totp(names)?.to_url()
    }

    /// The number of the 30 seconds that `code` is for, if it is the code of these at `now` or of those before or after.
    ///
    /// # Errors
    /// None for what is given here: the library refuses other secrets and other parameters.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Result<Option<i64>, TotpError> {
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let step = self.totp(Builder::new())?.check(code, seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// SHA-1: many apps take nothing else, or pretend to. HMAC does not rest on what is broken about it (RFC 4226, B.2).
    fn totp(&self, named: Builder) -> Result<Totp, TotpError> {
        named
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP)
            .with_skew(SKEW)
            .with_secret(Secret::new_stack(*self.0))
            .build()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

/// What somebody types who is asked for the second factor.
pub enum FactorCode {
    /// The six digits that the app shows.
    App(Zeroizing<String>),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl FactorCode {
    /// Reads a code as typed; spaces and dashes are dropped.
    ///
    /// # Errors
    /// Neither six digits nor a recovery code.
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let bare = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let bare = Zeroizing::new(bare.take(RecoveryCode::LENGTH + 1).collect::<String>());
        if bare.len() == usize::from(DIGITS) && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::App(bare));
        }
        RecoveryCode::parse(&bare).map(Self::Recovery).ok_or(Fault::NotAFactorCode)
    }
}

impl fmt::Debug for FactorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn secret() -> SharedSecret {
        SharedSecret::stored(SECRET).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// Appendix B of RFC 6238 has eight digits; six are the last of them (RFC 4226, 5.3).
    const VECTORS: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in VECTORS {
            assert_eq!(secret().step_of(&code[2..], at(seconds)), Ok(Some(seconds / 30)), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_before_and_after_its_own_and_no_longer() {
        let (seconds, code) = (1_234_567_890, "005924");
        for (later, taken) in [(-31, false), (-30, true), (-1, true), (0, true), (59, true), (60, false)] {
            let step = secret().step_of(code, at(seconds + later)).unwrap();
            assert_eq!(step, taken.then_some(seconds / 30), "{later} s");
        }
        assert_eq!(secret().step_of("005925", at(seconds)), Ok(None));
    }

    #[test]
    fn an_app_learns_everything_from_the_uri() {
        let uri = secret().uri("[::1]", "ann+x@example.com").unwrap();
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        let read = Totp::from_url(&uri).unwrap();
        assert_eq!((read.secret().as_bytes(), read.digits(), read.step()), (SECRET, 6, 30));
        assert_eq!((read.account_name(), read.issuer()), ("ann+x@example.com", Some("[..1]")));
        assert!(uri.contains(&secret().base32()), "{uri}");
    }

    #[test]
    fn what_is_typed_is_six_digits_or_a_recovery_code() {
        for typed in ["123456", " 123 456 ", "12-34-56", "123\u{a0}456"] {
            assert!(matches!(FactorCode::parse(typed), Ok(FactorCode::App(code)) if "123456" == *code), "{typed:?}");
        }
        for typed in ["ABCD-EFGH-JKMN-PQRS", "abcd efgh jkmn pqrs", "0123456789abcdef"] {
            assert!(matches!(FactorCode::parse(typed), Ok(FactorCode::Recovery(_))), "{typed:?}");
        }
        for typed in ["", "12345", "1234567", "１２３４５６", "abcdef", "ABCDEFGHJKMNPQRU", "ABCDEFGHJKMNPQRST"] {
            assert_eq!(FactorCode::parse(typed).err(), Some(Fault::NotAFactorCode), "{typed:?}");
        }
    }
}
