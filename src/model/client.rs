//! Who is calling, as far as the network tells.

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
}
