//! The servers that we connect to: nothing leaves this machine in plain text, and no password is one that everybody knows.
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use rocket::http::RawStr;
use url::Url;

use super::{Database, Mail, Masked, SettingsError, is_loopback, postgres, source, trust};
use crate::amqp::Address;

/// Those that servers come with, and those of examples, ours too.
const WELL_KNOWN: [&str; 8] = ["admin", "changeme", "guest", "password", "postgres", "rabbitmq", "secret", "test"];

/// A name and a password for a server, as a URL has them.
pub struct Password<'a> {
    pub user: &'a str,
    pub password: &'a str,
    /// Whether the server is on this machine.
    pub local: bool,
}

/// Refuses a password that is empty, the name itself or one of [`WELL_KNOWN`]; on this machine it is a caution.
pub fn weak_password(name: &str, given: Password<'_>, cautions: &mut Vec<String>) -> Result<(), SettingsError> {
    let user = given.user.to_lowercase();
    let password = RawStr::new(given.password).percent_decode_lossy().to_lowercase();
    if !(password.is_empty() || password == user || WELL_KNOWN.contains(&&*password)) {
        return Ok(());
    }
    let error = SettingsError::new(name, "its password is one that everybody knows; set another, there and here");
    if given.local {
        cautions.push(error.to_string());
        return Ok(());
    }
    Err(error)
}

/// Where the data is.
pub fn database(
    given: Option<Masked>,
    max_connections: u32,
    data_dir: &Path,
    cautions: &mut Vec<String>,
) -> Result<Database, SettingsError> {
    let url = match given {
        None => sqlite(data_dir)?,
        // Without a mode SQLite would not make the file.
        Some(url) if is_sqlite(&url) && !url.reveal().contains('?') => format!("{}?mode=rwc", url.reveal()).into(),
        Some(url) if is_sqlite(&url) => url,
        Some(url) if ["postgres:", "postgresql:"].iter().any(|scheme| url.reveal().starts_with(scheme)) => {
            postgres::checked(&url, cautions)?
        }
        Some(_) => {
            return Err(SettingsError::new("NIGHTLATCH_DATABASE_URL", "must begin with sqlite:// or postgres://"));
        }
    };
    Ok(Database { url, max_connections })
}

fn is_sqlite(url: &Masked) -> bool {
    url.reveal().starts_with("sqlite:")
}

fn sqlite(data_dir: &Path) -> Result<Masked, SettingsError> {
    let file = data_dir.join("nightlatch.db");
    let file = file.to_str().ok_or_else(|| SettingsError::new("NIGHTLATCH_DATA_DIR", "is not Unicode text"))?;
    let escaped = file.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Ok(format!("sqlite://{escaped}?mode=rwc").into())
}

/// How mail leaves; without a server it stays here, which is for this machine's own visitors (`local`).
pub fn mail(given: source::Mail, local: bool, cautions: &mut Vec<String>) -> Result<Mail, SettingsError> {
    if given.from.parse::<Mailbox>().is_err() {
        return Err(SettingsError::new("NIGHTLATCH_MAIL__FROM", "must be like Nightlatch <no-reply@example.com>"));
    }
    let (name, ca) = ("NIGHTLATCH_MAIL__SMTP_URL", "NIGHTLATCH_MAIL__CA_FILE");
    match &given.smtp_url {
        None if !local => return Err(SettingsError::new(name, "must be set when NIGHTLATCH_PUBLIC_URL is https")),
        None if given.ca_file.is_some() => return Err(SettingsError::new(ca, format!("does nothing without {name}"))),
        None => {}
        // The reason is left out: it could repeat the password.
        Some(url) => match Url::parse(url.reveal()) {
            Ok(url) if ["smtp", "smtps"].contains(&url.scheme()) && url.has_host() => {
                let server = Password {
                    user: url.username(),
                    password: url.password().unwrap_or_default(),
                    local: url.host().is_some_and(is_loopback),
                };
                // Without a name nobody signs in.
                if !server.user.is_empty() {
                    weak_password(name, server, cautions)?;
                }
            }
            _ => return Err(SettingsError::new(name, "must be like smtp://user:password@host:587 or smtps://…")),
        },
    }
    let authorities = given.ca_file.map(|file| trust::authorities(ca, &file)).transpose()?;
    Ok(Mail { smtp_url: given.smtp_url, authorities, from: given.from })
}

/// Without TLS everybody between could read name, password and events, and answer in the broker's place.
pub fn amqp(
    url: Option<&Masked>,
    given: source::Amqp,
    cautions: &mut Vec<String>,
) -> Result<Option<Address>, SettingsError> {
    let name = "NIGHTLATCH_AMQP_URL";
    let address = match url.map(|url| Address::parse(url.reveal())) {
        None => None,
        Some(Some(address)) if address.tls || address.local => Some(address),
        Some(Some(_)) => {
            return Err(SettingsError::new(name, "amqp is for this machine only (localhost); others need amqps"));
        }
        // The reason is left out: it could repeat the password.
        Some(None) => return Err(SettingsError::new(name, "must be like amqps://user:password@mq.example.com/vhost")),
    };
    if let Some(address) = &address {
        let Address { user, password, local, .. } = address;
        // A percent sign in it is its own by now, and what is well known has none.
        weak_password(name, Password { user, password: password.reveal(), local: *local }, cautions)?;
    }
    with_files(address, given)
}

fn with_files(address: Option<Address>, given: source::Amqp) -> Result<Option<Address>, SettingsError> {
    let [ca, cert, key] = ["NIGHTLATCH_AMQP__CA_FILE", "NIGHTLATCH_AMQP__CERT_FILE", "NIGHTLATCH_AMQP__KEY_FILE"];
    let encrypted = address.as_ref().is_some_and(|address| address.tls);
    let named = [(ca, &given.ca_file), (cert, &given.cert_file), (key, &given.key_file)];
    if let Some((name, _)) = named.iter().find(|(_, file)| file.is_some() && !encrypted) {
        return Err(SettingsError::new(name, "does nothing where NIGHTLATCH_AMQP_URL is not amqps"));
    }
    let Some(mut address) = address else { return Ok(None) };
    address.authorities = given.ca_file.map(|file| trust::authorities(ca, &file)).transpose()?;
    let both = |one: &PathBuf, other: &PathBuf| trust::identity((cert, one), (key, other));
    address.identity = match (&given.cert_file, &given.key_file) {
        (Some(chain), Some(secret)) => Some(both(chain, secret)?),
        (None, None) => None,
        (Some(_), None) => return Err(SettingsError::new(cert, format!("needs {key} beside it"))),
        (None, Some(_)) => return Err(SettingsError::new(key, format!("needs {cert} beside it"))),
    };
    Ok(Some(address))
}
