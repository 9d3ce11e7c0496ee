//! Who is calling, as far as the network tells.
use std::net::{IpAddr, Ipv6Addr};

use woothee::parser::Parser;

/// The most characters kept of a user agent.
const MAX_USER_AGENT: usize = 256;

/// The address and the program of a caller, for the audit trail and the list of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The caller's address; missing only inside a test or on a socket without one.
    pub ip: Option<String>,
    /// The `User-Agent` it sent, cut to 256 characters, without control characters.
    pub user_agent: Option<String>,
}

impl Client {
    /// Takes the address and the header as they came.
    pub fn new(ip: Option<String>, user_agent: Option<&str>) -> Self {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
        Self { ip, user_agent: user_agent.map(clean) }
    }

    /// The network that limits count the caller by: an IPv4 address, or the /64 of an IPv6 address, of which one line has at least one.
    pub fn network(&self) -> Option<String> {
        match self.ip.as_deref()?.parse::<IpAddr>().ok()?.to_canonical() {
            IpAddr::V4(address) => Some(address.to_string()),
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Some(format!("{}/64", Ipv6Addr::from_bits(network)))
            }
        }
    }

    /// The caller's program in words, such as `Chrome on Windows 10`; holds nothing that a caller could write freely.
    pub fn device(&self) -> String {
        let parser = Parser::new();
        let read = self.user_agent.as_deref().and_then(|agent| parser.parse(agent));
        match read.map(|read| (known(read.name), known(read.os))) {
            Some((Some(program), Some(system))) => format!("{program} on {system}"),
            Some((Some(one), None) | (None, Some(one))) => one.to_owned(),
            _ => "Unknown program".to_owned(),
        }
    }
}

fn known(word: &str) -> Option<&str> {
    Some(word).filter(|word| !["UNKNOWN", ""].contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_half_an_ipv6_address() {
        for (ip, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(Client::new(Some(ip.to_owned()), None).network().as_deref(), Some(network), "{ip}");
        }
        assert_eq!(Client::default().network(), None);
    }

    #[test]
    fn a_program_is_told_in_words() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows 10",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("Buy at https://evil.test now", "Unknown program"),
            ("", "Unknown program"),
        ] {
            assert_eq!(Client::new(None, Some(agent)).device(), words, "{agent}");
        }
    }
}
