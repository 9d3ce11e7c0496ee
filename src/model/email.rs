//! Email addresses, in the one form that is stored and compared.
use std::str::FromStr;

use email_address::EmailAddress;

use super::{invalid::Fault, username::Username};

/// The longest address that mail can carry (RFC 5321, 4.5.3.1.3: a path of 256 less its brackets).
pub const MAX_LENGTH: usize = 254;

/// Where the stand-ins are of accounts that have no address: no mail is ever delivered there (RFC 2606, 2).
const NO_ADDRESS: &str = "@username.invalid";

/// An address of letters, digits and signs of ASCII before the `@` and a domain name after it, all in lower case.
///
/// A domain of other scripts is kept in its ASCII form (IDNA, UTS 46), so that one mailbox has one spelling. An account that came here
/// without an address has a stand-in made of its username, which nobody can type and no letter goes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address as typed; space around it is dropped.
    ///
    /// # Errors
    /// Over [`MAX_LENGTH`], a domain without a dot, quoted local parts, address literals, other scripts before the `@`.
    pub fn parse(typed: &str) -> Result<Self, Fault> {
        let typed = typed.trim();
        if typed.len() > MAX_LENGTH {
            return Err(Fault::TooLong { max: MAX_LENGTH });
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(Fault::NotAnAddress)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| Fault::NotAnAddress)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        // A top-level domain of digits alone would be part of an IP address.
        let named = domain.rsplit_once('.').is_some_and(|(_, top)| !top.bytes().all(|b| b.is_ascii_digit()));
        let plain = local.is_ascii() && !local.contains(['"', ' ']) && named;
        let plain = plain && !address.ends_with(NO_ADDRESS);
        let valid = plain && address.len() <= MAX_LENGTH && EmailAddress::from_str(&address).is_ok();
        if valid { Ok(Self(address)) } else { Err(Fault::NotAnAddress) }
    }

    /// The address as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }

    /// What stands for the address of somebody who has only this username; one for each username.
    pub fn stand_in(username: &Username) -> Self {
        Self(format!("{}{NO_ADDRESS}", username.as_str()))
    }

    /// Whether this is no address but stands for one.
    pub fn is_stand_in(&self) -> bool {
        self.0.ends_with(NO_ADDRESS)
    }

    /// The address; `None` for what stands for one.
    pub fn real(&self) -> Option<&str> {
        (!self.is_stand_in()).then_some(&self.0)
    }

    /// Where letters go that go nowhere.
    pub(crate) fn nobody() -> Self {
        Self(String::new())
    }

    /// An address that was stored by this program.
    pub(crate) fn stored(address: String) -> Self {
        Self(address)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        hint::black_box,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn one_mailbox_has_one_spelling() {
        for typed in ["Ann@Example.COM", " ann@example.com ", "ann@example.com"] {
            assert_eq!(Email::parse(typed).unwrap().as_str(), "ann@example.com");
        }
        assert_eq!(Email::parse("ann@bücher.example").unwrap().as_str(), "ann@xn--bcher-kva.example");
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for typed in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "a b@example.com",
            "\"a b\"@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "ann@example.com\r\nBcc: x@y.test",
            "a%40b.test",
            "änn@example.com",
            "ann@exa mple.com",
            "ann@@example.com",
            "ann@example.com,eve@example.com",
            "Ann <ann@example.com>",
            "ann\u{0}@example.com",
            ".ann@example.com",
        ] {
            assert_eq!(Email::parse(typed), Err(Fault::NotAnAddress), "{typed:?}");
        }
        let long = format!("{}@example.com", "a".repeat(MAX_LENGTH));
        assert_eq!(Email::parse(&long), Err(Fault::TooLong { max: MAX_LENGTH }));
    }

    #[test]
    fn nobody_can_type_what_stands_for_an_address() {
        for name in ["ann", ".ann+lee", "łukasz"] {
            let email = Email::stand_in(&Username::parse(name).unwrap());
            assert!(email.is_stand_in() && Email::parse(email.as_str()).is_err(), "{name}");
        }
        assert!(!Email::parse("ann@example.com").unwrap().is_stand_in());
    }

    #[test]
    fn no_address_is_read_for_long() {
        for piece in [
            "a",
            "@",
            ".",
            "a.",
            "a@",
            "@a.",
            "\"",
            "\\\"",
            "-",
            "xn--",
            "xn--a.",
            "é",
            "\u{ad}",
            "\u{1f1e6}",
            " ",
            " a",
            "\u{0}",
        ] {
            for length in [MAX_LENGTH, 20 * 1024] {
                let many = piece.repeat(length / piece.len());
                for typed in
                    [many.clone(), format!("a@{many}"), format!("a@{many}.example"), format!("{many}@example.com")]
                {
                    let began = Instant::now();
                    // What becomes of it is another test's; here only its time counts.
                    drop(black_box(Email::parse(&typed)));
                    assert!(
                        began.elapsed() < Duration::from_millis(100),
                        "{length} of {piece:?}: {:?}",
                        began.elapsed()
                    );
                }
            }
        }
    }
}
