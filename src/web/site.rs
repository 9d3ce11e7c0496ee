//! What this site is called and where it is reached.
use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::settings::Settings;

/// The public face of this instance, as every page, cookie and check needs it.
pub struct Site {
    /// The only origin, without a slash at its end.
    pub url: String,
    /// Host and port of it, as the Host header says them.
    pub authority: String,
    /// The host alone.
    pub host: String,
    /// Whether it is plain http on this machine.
    pub local: bool,
    /// Whether letters go to a folder and are shown at `/dev/mailbox`.
    pub mailbox: bool,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where people who found a weakness may write.
    pub security_contact: Option<String>,
    /// The name of the session cookie.
    pub session_cookie: String,
    /// The name of the cookie that holds a request a code answers.
    pub flow_cookie: String,
    /// The name of the cookie by which a browser is recognised.
    pub device_cookie: String,
}

impl Site {
    /// The site of these settings.
    pub fn new(settings: &Settings) -> Self {
        let authority = settings.public_url.split_once("://").map_or("", |(_, authority)| authority).to_owned();
        let parsed = Url::parse(&settings.public_url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
        let port = parsed.as_ref().and_then(Url::port_or_known_default).unwrap_or(0);
        // `__Host-` needs Secure, which browsers disagree about on http; the port keeps two instances on one machine apart.
        let session_cookie = if settings.local { format!("nightlatch-{port}") } else { "__Host-nightlatch".into() };
        Self {
            device_cookie: format!("{session_cookie}-device"),
            flow_cookie: format!("{session_cookie}-flow"),
            session_cookie,
            url: settings.public_url.clone(),
            authority,
            host,
            local: settings.local,
            mailbox: settings.mail.smtp_url.is_none(),
            security_contact: settings.security_contact.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }

    /// Whether `peer` is a proxy whose `X-Forwarded-For` is believed.
    pub fn trusts(&self, peer: &IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(peer))
    }
}
