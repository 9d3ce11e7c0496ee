//! The address of a PostgreSQL: with TLS and a server that is made sure of, save on this machine.
use std::path::Path;

use url::{Host, Url};

use super::{
    Masked, SettingsError,
    backends::{Password, weak_password},
    is_loopback,
    source::closed,
};

const NAME: &str = "NIGHTLATCH_DATABASE_URL";

/// The address to connect to: where it names no `sslmode` and leads elsewhere, it gets `verify-full`, since the driver's own choice
/// (`prefer`) goes on in plain text when somebody between says that the server has no TLS.
///
/// # Errors
/// It names no server, protects the connection too little, or holds a password that everybody knows.
pub fn checked(given: &Masked, cautions: &mut Vec<String>) -> Result<Masked, SettingsError> {
    // The reason is left out: it could repeat the password.
    let mut url = Url::parse(given.reveal())
        .map_err(|_| wrong("must be like postgres://user:password@db.example.com/nightlatch"))?;
    let local = is_this_machine(&url)?;
    let modes = values(&url, &["sslmode", "ssl-mode"]);
    if let Some(mode) = modes.iter().find(|mode| !local && !mode.eq_ignore_ascii_case("verify-full")) {
        return Err(wrong(&format!(
            "sslmode={mode} is for this machine only; write sslmode=verify-full, \
             and sslrootcert=/path/to/ca.pem where the server's authority is one of your own"
        )));
    }
    for key in values(&url, &["sslkey", "ssl-key"]) {
        // It may also be the key itself.
        if Path::new(&key).is_file() {
            closed(NAME, Path::new(&key))?;
        }
    }
    let password = values(&url, &["password"]).pop().or_else(|| url.password().map(str::to_owned));
    let user = values(&url, &["user"]).pop().unwrap_or_else(|| url.username().to_owned());
    // Without one it comes from where PostgreSQL's own programs look, or there is a client certificate.
    if let Some(password) = password {
        weak_password(NAME, Password { user: &user, password: &password, local }, cautions)?;
    }
    let names_authority = !values(&url, &["sslrootcert", "ssl-root-cert", "ssl-ca"]).is_empty();
    if modes.is_empty() && (!local || names_authority) {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
        return Ok(String::from(url).into());
    }
    Ok(given.clone())
}

/// As the driver reads it: a directory of sockets comes before names, and a later name before an earlier.
fn is_this_machine(url: &Url) -> Result<bool, SettingsError> {
    let mut hosts = values(url, &["host", "hostaddr"]);
    let first = url.host_str().unwrap_or_default().trim_matches(['[', ']']).replace("%2F", "/").replace("%2f", "/");
    if !first.is_empty() {
        hosts.insert(0, first);
    }
    if hosts.iter().any(|host| host.starts_with('/')) {
        return Ok(true);
    }
    // The driver would look into PGHOST, which is no setting of ours.
    let host = hosts.pop().ok_or_else(|| wrong("must name the server, or the directory of its socket in ?host="))?;
    Ok(is_loopback(Host::Domain(&host)))
}

fn values(url: &Url, names: &[&str]) -> Vec<String> {
    let pairs = url.query_pairs().filter(|(name, _)| names.contains(&&**name));
    pairs.map(|(_, value)| value.into_owned()).collect()
}

fn wrong(why: &str) -> SettingsError {
    SettingsError::new(NAME, why)
}
