//! The settings as typed values, read from `Rocket.toml` and the environment; an unsafe or unknown one stops the start.
mod backends;
mod check;
mod limits;
mod postgres;
mod source;
mod text;
mod tls;
mod trust;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use rocket::figment::Figment;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;

use crate::{
    amqp::Address,
    model::session::{Lifetimes, TokenLifetimes},
};
pub use check::is_loopback;
pub use limits::Limits;
pub use source::rocket_figment;
pub use tls::Tls;
pub use trust::Identity;

/// Every setting of this program, checked. The README lists them with their names.
pub struct Settings {
    /// The only origin in mail, `iss` and cross-site checks, without a slash at its end.
    pub public_url: String,
    /// Whether the public URL is plain http on this machine: cookies without `Secure`, mail in a folder.
    pub local: bool,
    /// Whether the public URL is of this machine, with TLS or without.
    pub here: bool,
    /// Database file, secret and mail folder, as an absolute path.
    pub data_dir: PathBuf,
    /// Where the data is.
    pub database: Database,
    /// The secret as given; `None` means the file in the data directory.
    pub secret_key: Option<Masked>,
    /// How long sessions last.
    pub session: Lifetimes,
    /// Whether an account may have one session only.
    pub one_session: bool,
    /// How long the tokens of callers without cookies last.
    pub token: TokenLifetimes,
    /// Who may sign up, and how.
    pub signup: Signup,
    /// How mail leaves.
    pub mail: Mail,
    /// Where events go; `None` means that they stay in the database only.
    pub amqp: Option<Address>,
    /// What a password must be and what its hash costs.
    pub password: Password,
    /// How many passwords are hashed at once.
    pub hash: Hash,
    /// Mailed codes.
    pub code: Code,
    /// How often what may be tried or asked for.
    pub limits: Limits,
    /// Whether superusers must have a second factor.
    pub superuser_second_factor: SecondFactor,
    /// Who becomes a superuser where there is none, by address.
    pub first_superuser: Option<String>,
    /// The signing keys.
    pub keys: Keys,
    /// How long rows are kept.
    pub retention: Retention,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where people who found a weakness may write, as a URI; `None` means that `security.txt` is not there.
    pub security_contact: Option<String>,
    /// How log lines are written.
    pub log: Log,
    /// What operators can measure.
    pub metrics: Metrics,
    /// How many connections there may be.
    pub connections: Connections,
    /// How the server stops.
    pub stop: Stop,
    /// What is taken on this machine and would be refused elsewhere, a line each.
    pub cautions: Vec<String>,
    /// The certificate, where no proxy speaks TLS for us.
    pub tls: Option<Tls>,
    /// What Rocket reads itself: address, port, limits.
    pub figment: Figment,
}

/// Where the data is.
pub struct Database {
    /// `sqlite://…` or `postgres://…`.
    pub url: Masked,
    /// The most connections held at once.
    pub max_connections: u32,
}

/// How mail leaves.
pub struct Mail {
    /// `smtp://…` or `smtps://…`; `None` means a folder.
    pub smtp_url: Option<Masked>,
    /// Whom its certificate must come from, in place of those that this machine trusts; TLS is demanded on this machine too.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    /// The sender of every letter.
    pub from: String,
}

/// Who may sign up, and how.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signup {
    /// Who makes accounts.
    pub mode: SignupMode,
    /// Whether the address must be proven before there is an account.
    #[serde(deserialize_with = "text::parsed")]
    pub verify_email: bool,
}

/// Whether superusers must have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondFactor {
    /// As they like, as everybody.
    #[default]
    Optional,
    /// Without one they may do no more than everybody.
    Required,
}

/// Who makes accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignupMode {
    /// Anybody, for themselves.
    Open,
    /// Superusers, for others.
    Superuser,
}

/// What a password must be and what its hash costs (Argon2id).
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Password {
    /// The fewest code points.
    #[serde(deserialize_with = "text::parsed")]
    pub min_length: u8,
    /// Memory of one hash in KiB.
    #[serde(deserialize_with = "text::parsed")]
    pub memory_kib: u32,
    /// Passes over the memory.
    #[serde(deserialize_with = "text::parsed")]
    pub iterations: u32,
    /// Lanes.
    #[serde(deserialize_with = "text::parsed")]
    pub parallelism: u32,
}

/// How many passwords are hashed at once.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hash {
    /// At the same time.
    #[serde(deserialize_with = "text::parsed")]
    pub permits: usize,
    /// Waiting; one more is told to come back.
    #[serde(deserialize_with = "text::parsed")]
    pub queue: usize,
}

/// Mailed codes.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Code {
    /// How long a code is good for.
    #[serde(deserialize_with = "text::duration")]
    pub ttl: Duration,
    /// Tries per request.
    #[serde(deserialize_with = "text::parsed")]
    pub attempts: u32,
}

/// The signing keys.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// How old the newest becomes before there is another.
    #[serde(deserialize_with = "text::duration")]
    pub rotate: Duration,
}

/// How long rows are kept.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Events of the audit trail, after they happened.
    #[serde(deserialize_with = "text::duration")]
    pub events: Duration,
    /// Sessions, after their end.
    #[serde(deserialize_with = "text::duration")]
    pub sessions: Duration,
    /// Letters, after they left or were given up.
    #[serde(deserialize_with = "text::duration")]
    pub letters: Duration,
}

/// How log lines are written.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `None`: text on a terminal, JSON elsewhere.
    pub format: Option<LogFormat>,
}

/// What operators can measure.
pub struct Metrics {
    /// Where `/metrics` is served; `None`: nowhere.
    pub address: Option<SocketAddr>,
}

/// How many connections there may be.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// In all.
    #[serde(deserialize_with = "text::parsed")]
    pub max: usize,
    /// From one client's network.
    #[serde(deserialize_with = "text::parsed")]
    pub per_network: usize,
}

/// How the server stops.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// How long it goes on after it was told to, and says meanwhile that it is not ready.
    #[serde(deserialize_with = "text::duration")]
    pub delay: Duration,
}

/// The two forms of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// A text that may hold a secret: neither Debug nor Display shows it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Masked {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A setting that stops the start: its name and what is wrong with it, in one line.
#[derive(Debug)]
pub struct SettingsError(String);

impl SettingsError {
    /// Says of the setting called `name` what is wrong.
    pub fn new(name: &str, wrong: impl fmt::Display) -> Self {
        Self(format!("{name}: {wrong}"))
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads the settings from `Rocket.toml` and this process's environment.
    ///
    /// # Errors
    /// The first unknown, malformed or unsafe setting, by name.
    pub fn from_environment() -> Result<Self, SettingsError> {
        Self::load(rocket_figment(), std::env::vars_os())
    }

    /// Reads the settings from `figment` (what `Rocket.toml` says, and Rocket's own variables) and the `NIGHTLATCH_…` among `vars`.
    ///
    /// # Errors
    /// The first unknown, malformed or unsafe setting, by name.
    pub fn load(
        figment: Figment,
        vars: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Self, SettingsError> {
        let given = source::given(&figment, vars)?;
        check::settings(given, figment)
    }

    /// Where letters are written when there is no mail server.
    pub fn mail_folder(&self) -> PathBuf {
        self.data_dir.join("mail")
    }
}

impl Default for Signup {
    fn default() -> Self {
        Self { mode: SignupMode::Open, verify_email: true }
    }
}

/// 15 code points: the password is the only factor (NIST SP 800-63B-4, 3.1.1.2). 19 MiB, 2, 1: OWASP's choice for Argon2id.
impl Default for Password {
    fn default() -> Self {
        Self { min_length: 15, memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl Default for Hash {
    fn default() -> Self {
        Self { permits: std::thread::available_parallelism().map_or(1, usize::from), queue: 64 }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self { max: 8192, per_network: 256 }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self { rotate: Duration::from_secs(30 * 24 * 3600) }
    }
}

impl Default for Retention {
    fn default() -> Self {
        let days = |n: u64| Duration::from_secs(n * 24 * 3600);
        Self { events: days(365), sessions: days(30), letters: days(7) }
    }
}

impl Default for Code {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(600), attempts: 5 }
    }
}
