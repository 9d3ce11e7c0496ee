//! Refuses settings that would be unsafe, and fills in those that follow from others.
use std::{
    net::{IpAddr, SocketAddr},
    path::absolute,
    time::Duration,
};

use ipnet::IpNet;
use rocket::figment::{Figment, value::magic::RelativePathBuf};
use url::{Host, Url};

use super::{Connections, Metrics, Password, Retention, Settings, SettingsError, backends, source, tls::tls};
use crate::model::{
    email::Email,
    session::{Lifetimes, TokenLifetimes},
};

/// Sessions are never longer than a day (NIST SP 800-63B-4, 2.2.3).
const LONGEST_SESSION: Duration = Duration::from_secs(24 * 3600);

pub fn settings(given: source::Given, figment: Figment) -> Result<Settings, SettingsError> {
    let config = rocket::Config::try_from(&figment).map_err(|error| {
        SettingsError::new(&format!("ROCKET_{}", error.path.join("_").to_ascii_uppercase()), error.kind)
    })?;
    if config.log_level == rocket::config::LogLevel::Debug {
        return Err(SettingsError::new(
            "ROCKET_LOG_LEVEL",
            "`debug` writes cookies and tokens into the log; `normal` is the most",
        ));
    }
    tls_key(&figment)?;
    let tls = tls(&figment)?;
    let (public_url, local) = public_url(given.public_url, &config, tls.is_some())?;
    let data_dir = given.data_dir.unwrap_or_else(|| "data".into());
    let data_dir = absolute(&data_dir).map_err(|error| SettingsError::new("NIGHTLATCH_DATA_DIR", error))?;
    let mut cautions = Vec::new();
    at_least_one("NIGHTLATCH_DATABASE__MAX_CONNECTIONS", given.database.max_connections as usize)?;
    let database = backends::database(given.database_url, given.database.max_connections, &data_dir, &mut cautions)?;
    let sqlite = database.url.reveal().starts_with("sqlite:");
    if !sqlite && given.secret_key.is_none() {
        return Err(SettingsError::new(
            "NIGHTLATCH_SECRET_KEY",
            "must be set with PostgreSQL, the same on every node; `openssl rand -base64 32` makes one",
        ));
    }
    let here = Url::parse(&public_url).is_ok_and(|url| url.host().is_some_and(is_loopback));
    let encrypted_by_proxy = !local && tls.is_none();
    Ok(Settings {
        trusted_proxies: proxies(given.proxy.trusted.as_deref(), encrypted_by_proxy)?,
        session: lifetimes(&given.session)?,
        one_session: one_session(given.session.per_user)?,
        token: token_lifetimes(&given.token)?,
        mail: backends::mail(given.mail, local, &mut cautions)?,
        amqp: backends::amqp(given.amqp_url.as_ref(), given.amqp, &mut cautions)?,
        password: password(given.password)?,
        hash: at_least_one("NIGHTLATCH_HASH__PERMITS", given.hash.permits).map(|_| given.hash)?,
        code: code(given.code)?,
        limits: given.limits.checked(here)?,
        superuser_second_factor: given.superuser.second_factor,
        first_superuser: first_superuser(given.superuser.email)?,
        security_contact: given.security.contact.map(contact).transpose()?,
        keys: keys(given.keys)?,
        retention: retention(given.retention)?,
        metrics: metrics(given.metrics)?,
        connections: connections(given.connections)?,
        public_url,
        local,
        here,
        data_dir,
        database,
        secret_key: given.secret_key,
        signup: given.signup,
        log: given.log,
        stop: given.stop,
        cautions,
        tls,
        figment,
    })
}

/// Rocket does not look at who may read its key, where that is a file.
fn tls_key(figment: &Figment) -> Result<(), SettingsError> {
    match figment.extract_inner::<RelativePathBuf>("tls.key").map(|key| key.relative()) {
        Ok(path) if path.is_file() => source::closed("ROCKET_TLS", &path),
        _ => Ok(()),
    }
}

/// The origin, and whether it is plain http on this machine.
fn public_url(given: Option<String>, config: &rocket::Config, tls: bool) -> Result<(String, bool), SettingsError> {
    let wrong = |why: &str| SettingsError::new("NIGHTLATCH_PUBLIC_URL", why);
    let text = match given {
        Some(text) => text,
        None => from_address(config, tls)
            .ok_or_else(|| wrong("must be set when ROCKET_ADDRESS is not one particular address"))?,
    };
    let url = Url::parse(&text).map_err(|error| wrong(&format!("{error}; write it like https://id.example.com")))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !bare || url.password().is_some() {
        return Err(wrong("must be scheme, host and port only, like https://id.example.com"));
    }
    let local = match url.scheme() {
        "https" => false,
        "http" if url.host().is_some_and(is_loopback) => true,
        "http" => return Err(wrong("http is for this machine only (localhost); others need https")),
        _ => return Err(wrong("must begin with https://")),
    };
    Ok((url.origin().ascii_serialization(), local))
}

fn from_address(config: &rocket::Config, tls: bool) -> Option<String> {
    let port = config.port;
    match (config.address, tls) {
        (address, _) if address.is_unspecified() => None,
        (address, tls) if address.is_loopback() => {
            Some(format!("http{}://localhost:{port}", if tls { "s" } else { "" }))
        }
        (IpAddr::V4(address), true) => Some(format!("https://{address}:{port}")),
        (IpAddr::V6(address), true) => Some(format!("https://[{address}]:{port}")),
        (_, false) => None,
    }
}

/// Whether a host name or address is this machine's own (RFC 6761, 6.3).
pub fn is_loopback(host: Host<&str>) -> bool {
    match host {
        // `Url` reads addresses as such in schemes of the web only: for smtp, 127.0.0.1 is a name.
        Host::Domain(name) if name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) => true,
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn lifetimes(given: &source::Session) -> Result<Lifetimes, SettingsError> {
    let source::Session { idle, absolute, fresh, .. } = *given;
    if absolute < Duration::from_secs(1) || absolute > LONGEST_SESSION {
        return Err(SettingsError::new("NIGHTLATCH_SESSION__ABSOLUTE", "must be from 1s to 24h"));
    }
    if idle < Duration::from_secs(1) {
        return Err(SettingsError::new("NIGHTLATCH_SESSION__IDLE", "must be 1s or more"));
    }
    // Neither means anything beyond the absolute end, and a default must not stop the start.
    Ok(Lifetimes { idle: idle.min(absolute), absolute, fresh: fresh.min(absolute) })
}

fn one_session(per_user: u8) -> Result<bool, SettingsError> {
    match per_user {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(SettingsError::new("NIGHTLATCH_SESSION__PER_USER", "must be 0 (no limit) or 1")),
    }
}

/// Access tokens are short: another service that verifies one by itself goes on taking it until then, whatever was ended meanwhile.
const LONGEST_ACCESS: Duration = Duration::from_secs(3600);

/// The longest time without a password (NIST SP 800-63B-4, 2.1.3: 30 days at the lowest level).
const LONGEST_REFRESH: Duration = Duration::from_secs(30 * 24 * 3600);

fn token_lifetimes(given: &source::Token) -> Result<TokenLifetimes, SettingsError> {
    let source::Token { access, refresh_idle, refresh_absolute, grace } = *given;
    let second = Duration::from_secs(1);
    for (name, value, longest, limits) in [
        ("NIGHTLATCH_TOKEN__ACCESS", access, LONGEST_ACCESS, "must be from 1s to 1h"),
        ("NIGHTLATCH_TOKEN__REFRESH_IDLE", refresh_idle, LONGEST_REFRESH, "must be from 1s to 30d"),
        ("NIGHTLATCH_TOKEN__REFRESH_ABSOLUTE", refresh_absolute, LONGEST_REFRESH, "must be from 1s to 30d"),
    ] {
        if !(second..=longest).contains(&value) {
            return Err(SettingsError::new(name, limits));
        }
    }
    if grace > Duration::from_secs(60) {
        return Err(SettingsError::new("NIGHTLATCH_TOKEN__GRACE", "must be from 0s to 60s"));
    }
    Ok(TokenLifetimes { access, refresh_idle: refresh_idle.min(refresh_absolute), refresh_absolute, grace })
}

/// OWASP's list of equal choices for Argon2id ends at 7 MiB with five passes; less than any of them is refused.
fn password(given: Password) -> Result<Password, SettingsError> {
    if !(8..=64).contains(&given.min_length) {
        return Err(SettingsError::new("NIGHTLATCH_PASSWORD__MIN_LENGTH", "must be from 8 to 64"));
    }
    if given.memory_kib < 7 * 1024 || u64::from(given.memory_kib) * u64::from(given.iterations) < 5 * 7 * 1024 {
        return Err(SettingsError::new(
            "NIGHTLATCH_PASSWORD__MEMORY_KIB",
            "is too weak; 19456 with 2 iterations is the default",
        ));
    }
    if given.memory_kib > 1 << 20 || given.iterations > 64 || !(1..=64).contains(&given.parallelism) {
        return Err(SettingsError::new(
            "NIGHTLATCH_PASSWORD__MEMORY_KIB",
            "or ITERATIONS or PARALLELISM is beyond reason",
        ));
    }
    Ok(given)
}

fn code(given: super::Code) -> Result<super::Code, SettingsError> {
    let whole_minutes = given.ttl.subsec_nanos() == 0 && given.ttl.as_secs().is_multiple_of(60);
    if !whole_minutes || !(1..=15).contains(&(given.ttl.as_secs() / 60)) {
        return Err(SettingsError::new("NIGHTLATCH_CODE__TTL", "must be from 1m to 15m, in whole minutes"));
    }
    if !(1..=10).contains(&given.attempts) {
        return Err(SettingsError::new("NIGHTLATCH_CODE__ATTEMPTS", "must be from 1 to 10"));
    }
    Ok(given)
}

/// A new key waits ten minutes before it signs, and the one before it verifies for a day after that.
fn keys(given: super::Keys) -> Result<super::Keys, SettingsError> {
    if given.rotate < Duration::from_secs(3600) {
        return Err(SettingsError::new("NIGHTLATCH_KEYS__ROTATE", "must be 1h or more"));
    }
    Ok(given)
}

/// Tokens of an ended session verify for up to a day, and for so long its holder is told why. Less than a day of anything else is a
/// mistake in the unit.
fn retention(given: Retention) -> Result<Retention, SettingsError> {
    for (name, span) in [
        ("NIGHTLATCH_RETENTION__EVENTS", given.events),
        ("NIGHTLATCH_RETENTION__SESSIONS", given.sessions),
        ("NIGHTLATCH_RETENTION__LETTERS", given.letters),
    ] {
        if span < Duration::from_secs(24 * 3600) {
            return Err(SettingsError::new(name, "must be 1d or more"));
        }
    }
    Ok(given)
}

fn proxies(given: Option<&str>, encrypted_by_proxy: bool) -> Result<Vec<IpNet>, SettingsError> {
    let name = "NIGHTLATCH_PROXY__TRUSTED";
    match given {
        None if encrypted_by_proxy => Err(SettingsError::new(
            name,
            "must name your proxy's network (like 10.0.0.0/8), or `none`, when NIGHTLATCH_PUBLIC_URL is https and ROCKET_TLS is not set",
        )),
        None | Some("none") => Ok(Vec::new()),
        Some(list) => list
            .split(',')
            .map(|net| net.trim().parse().or_else(|_| net.trim().parse::<IpAddr>().map(IpNet::from)))
            .collect::<Result<_, _>>()
            .map_err(|_| SettingsError::new(name, "must be networks with commas between, like 10.0.0.0/8,fd00::/8")),
    }
}

fn first_superuser(email: Option<String>) -> Result<Option<String>, SettingsError> {
    match email {
        Some(email) if Email::parse(&email).is_err() => {
            Err(SettingsError::new("NIGHTLATCH_SUPERUSER__EMAIL", "must be an address, like ann@example.com"))
        }
        email => Ok(email),
    }
}

/// RFC 9116, 2.5.3: a URI, and one of the web only with https.
fn contact(given: String) -> Result<String, SettingsError> {
    let schemes = ["mailto", "https", "tel"];
    // `Url` overlooks spaces at the ends and line breaks anywhere; the file has one field a line.
    let bare = given.bytes().all(|b| b.is_ascii_graphic());
    match Url::parse(&given) {
        Ok(url) if bare && schemes.contains(&url.scheme()) && !url.path().is_empty() => Ok(given),
        _ => Err(SettingsError::new(
            "NIGHTLATCH_SECURITY__CONTACT",
            "must be like mailto:security@example.com, https://example.com/security or tel:+1-201-555-0123",
        )),
    }
}

fn metrics(given: source::Metrics) -> Result<Metrics, SettingsError> {
    let parsed = given.address.map(|address| address.trim().parse::<SocketAddr>()).transpose();
    let address = parsed.map_err(|_| {
        SettingsError::new("NIGHTLATCH_METRICS__ADDRESS", "must be address and port, like 127.0.0.1:9100 or [::1]:9100")
    })?;
    Ok(Metrics { address })
}

fn connections(given: Connections) -> Result<Connections, SettingsError> {
    at_least_one("NIGHTLATCH_CONNECTIONS__MAX", given.max)?;
    at_least_one("NIGHTLATCH_CONNECTIONS__PER_NETWORK", given.per_network)?;
    Ok(given)
}

fn at_least_one(name: &str, number: usize) -> Result<(), SettingsError> {
    if number == 0 { Err(SettingsError::new(name, "must be 1 or more")) } else { Ok(()) }
}
