//! Where a broker is, and who we are there.
use rocket::http::RawStr;
use rustls::pki_types::CertificateDer;
use url::Url;

use crate::settings::{Identity, Masked, is_loopback};

/// In bytes (AMQP 0-9-1, 4.2.5.3: a short string).
const LONGEST_VHOST: usize = 255;

/// A broker's address, as the RabbitMQ URI specification writes it: `amqp://user:password@host:port/vhost`.
pub struct Address {
    /// Whether TLS is spoken from the first byte.
    pub tls: bool,
    /// Whether it is this machine.
    pub local: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// The port; 5672, or 5671 with TLS, where none is given.
    pub port: u16,
    /// The name to sign in with; `guest` where none is given.
    pub user: String,
    /// The password.
    pub password: Masked,
    /// The virtual host; `/` where none is given.
    pub vhost: String,
    /// Whom its certificate must come from, in place of those that this machine trusts.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    /// Who we are by certificate, for a broker that asks for one.
    pub identity: Option<Identity>,
}

impl Address {
    /// Reads an address; `None` for what is none. Options behind a `?` are refused: one that does nothing could be relied upon.
    pub fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let tls = match url.scheme() {
            "amqp" => false,
            "amqps" => true,
            _ => return None,
        };
        let host = url.host()?;
        let path = url.path().trim_start_matches('/');
        if path.contains('/') || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let or = |text: &str, default: &str| if text.is_empty() { Some(default.to_owned()) } else { decoded(text) };
        let vhost = or(path, "/")?;
        if vhost.len() > LONGEST_VHOST {
            return None;
        }
        Some(Self {
            tls,
            local: is_loopback(host),
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if tls { 5671 } else { 5672 }),
            user: or(url.username(), "guest")?,
            password: or(url.password().unwrap_or_default(), "guest")?.into(),
            vhost,
            authorities: None,
            identity: None,
        })
    }
}

fn decoded(text: &str) -> Option<String> {
    Some(RawStr::new(text).percent_decode().ok()?.into_owned())
}
