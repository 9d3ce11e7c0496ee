//! Where settings come from: `Rocket.toml`, then `NIGHTLATCH_…` and `NIGHTLATCH_…_FILE`.
use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rocket::figment::{
    Figment, Profile,
    error::Kind,
    providers::{Env, Format, Serialized, Toml},
    value::{Dict, Value},
};
use serde::Deserialize;

use super::{
    Code, Connections, Hash, Keys, Limits, Log, Masked, Password, Retention, SecondFactor, SettingsError, Signup, Stop,
    text,
};

const PREFIX: &str = "NIGHTLATCH_";

/// The settings that can be given as a file: those that hold a secret.
const SECRETS: [&str; 4] = ["DATABASE_URL", "SECRET_KEY", "MAIL__SMTP_URL", "AMQP_URL"];

/// The settings as they were given, defaults filled in, nothing checked yet but names and types.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Given {
    pub public_url: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub database_url: Option<Masked>,
    pub database: Database,
    pub secret_key: Option<Masked>,
    pub session: Session,
    pub token: Token,
    pub superuser: Superuser,
    pub signup: Signup,
    pub mail: Mail,
    pub amqp_url: Option<Masked>,
    pub amqp: Amqp,
    pub password: Password,
    pub hash: Hash,
    pub code: Code,
    pub limits: Limits,
    pub keys: Keys,
    pub retention: Retention,
    pub proxy: Proxy,
    pub security: Security,
    pub log: Log,
    pub metrics: Metrics,
    pub connections: Connections,
    pub stop: Stop,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    #[serde(deserialize_with = "text::parsed")]
    pub max_connections: u32,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    #[serde(deserialize_with = "text::duration")]
    pub idle: Duration,
    #[serde(deserialize_with = "text::duration")]
    pub absolute: Duration,
    #[serde(deserialize_with = "text::duration")]
    pub fresh: Duration,
    #[serde(deserialize_with = "text::parsed")]
    pub per_user: u8,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    #[serde(deserialize_with = "text::duration")]
    pub access: Duration,
    #[serde(deserialize_with = "text::duration")]
    pub refresh_idle: Duration,
    #[serde(deserialize_with = "text::duration")]
    pub refresh_absolute: Duration,
    #[serde(deserialize_with = "text::duration")]
    pub grace: Duration,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    pub smtp_url: Option<Masked>,
    pub ca_file: Option<PathBuf>,
    pub from: String,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Amqp {
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    pub trusted: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    pub contact: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Superuser {
    pub email: Option<String>,
    pub second_factor: SecondFactor,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    pub address: Option<String>,
}

impl Default for Database {
    fn default() -> Self {
        Self { max_connections: 10 }
    }
}

impl Default for Session {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self { idle: minutes(10), absolute: minutes(12 * 60), fresh: minutes(5), per_user: 0 }
    }
}

impl Default for Token {
    fn default() -> Self {
        let (minutes, days) = (|n: u64| Duration::from_secs(n * 60), |n: u64| Duration::from_secs(n * 24 * 3600));
        Self { access: minutes(10), refresh_idle: days(14), refresh_absolute: days(30), grace: Duration::from_secs(10) }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { smtp_url: None, ca_file: None, from: "Nightlatch <no-reply@localhost>".into() }
    }
}

/// What Rocket reads: its own defaults, ours over them, then `Rocket.toml` and `ROCKET_…`.
pub fn rocket_figment() -> Figment {
    let ours = Figment::new()
        // Rocket writes several lines a request in a form of its own; we write ours.
        .merge(Serialized::global("log_level", "off"))
        .merge(Serialized::global("ident", false))
        .merge(Serialized::global("ip_header", false))
        .merge(Serialized::global("cli_colors", false))
        .merge(Serialized::global("limits.form", "16KiB"))
        .merge(Serialized::global("limits.json", "16KiB"))
        // Longer than the longest request: a hash that waited its two seconds.
        .merge(Serialized::global("shutdown.grace", 5))
        .merge(Serialized::global("shutdown.mercy", 5));
    Figment::from(rocket::Config::default())
        .merge(ours)
        .merge(Toml::file(Env::var_or("ROCKET_CONFIG", "Rocket.toml")).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE", "CONFIG"]).global())
        .select(Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE))
}

/// The settings in the `nightlatch` table of `figment`, overridden by `vars`.
pub fn given(figment: &Figment, vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Given, SettingsError> {
    let mut dict = Dict::new();
    for (name, value) in vars {
        let Some(key) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        // Kubernetes injects these for a service called "nightlatch".
        if key == "PORT" || key.starts_with("PORT_") || key.starts_with("SERVICE_") {
            continue;
        }
        let full = format!("{PREFIX}{key}");
        let value = value.into_string().map_err(|_| SettingsError::new(&full, "is not Unicode text"))?;
        match key.strip_suffix("_FILE").filter(|key| SECRETS.contains(key)) {
            Some(key) => insert(&mut dict, key, read(&full, &value)?),
            None => insert(&mut dict, key, value),
        }
        .ok_or_else(|| SettingsError::new(&full, "is given twice, or both as a value and as a level"))?;
    }
    closed_files(figment)?;
    let figment = figment.focus("nightlatch").merge(Serialized::globals(dict));
    figment.extract().map_err(named)
}

/// A file of settings is a secret's place too, once one stands in it: the key, or a URL with somebody's name.
fn closed_files(figment: &Figment) -> Result<(), SettingsError> {
    for key in SECRETS {
        let path = format!("nightlatch.{}", key.to_ascii_lowercase().replace("__", "."));
        let secret = figment.find_value(&path).ok().and_then(Value::into_string);
        let secret = secret.filter(|text| key == "SECRET_KEY" || text.contains('@'));
        let file = figment.find_metadata(&path).and_then(|about| about.source.as_ref()?.file_path());
        if let (Some(_), Some(file)) = (secret, file) {
            closed(&format!("{PREFIX}{key}"), file)?;
        }
    }
    Ok(())
}

fn read(name: &str, path: &str) -> Result<String, SettingsError> {
    let text = fs::read_to_string(path).map_err(|error| SettingsError::new(name, format!("{path}: {error}")))?;
    closed(name, Path::new(path))?;
    Ok(text.trim_end().to_owned())
}

/// Where container engines put secrets, readable by everybody in a container that has one user.
const OF_CONTAINERS: [&str; 2] = ["/run/secrets", "/var/run/secrets"];

/// Refuses a file with a secret that everybody on this machine may read. A group may: systemd and orchestrators hand secrets out like that.
pub fn closed(name: &str, path: &Path) -> Result<(), SettingsError> {
    let about = fs::metadata(path).map_err(|error| SettingsError::new(name, format!("{}: {error}", path.display())))?;
    if about.permissions().mode() & 0o007 == 0 || OF_CONTAINERS.iter().any(|folder| path.starts_with(folder)) {
        return Ok(());
    }
    let path = path.display();
    Err(SettingsError::new(
        name,
        format!("{path} can be read by everybody; `chmod o= {path}`, and change the secret if others were here"),
    ))
}

/// Puts `value` at `SESSION__IDLE` as `session.idle`; `None` if something is there already.
fn insert(dict: &mut Dict, key: &str, value: String) -> Option<()> {
    match key.split_once("__") {
        None => dict.insert(key.to_ascii_lowercase(), Value::from(value)).is_none().then_some(()),
        Some((level, rest)) => {
            let level = dict.entry(level.to_ascii_lowercase()).or_insert_with(|| Value::from(Dict::new()));
            let Value::Dict(_, inner) = level else { return None };
            insert(inner, rest, value)
        }
    }
}

/// Names the setting as the environment would, whatever file it came from.
fn named(error: rocket::figment::Error) -> SettingsError {
    let name = format!("{PREFIX}{}", error.path.join("__").to_ascii_uppercase());
    match error.kind {
        Kind::UnknownField(..) => SettingsError::new(&name, "is not a setting of Nightlatch"),
        Kind::InvalidType(_, wanted) if wanted.starts_with("struct") => {
            SettingsError::new(&name, "is a level: its settings are called by this name with __ and more behind it")
        }
        // The value may be a secret that was put under the wrong name.
        Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted) => {
            SettingsError::new(&name, format!("must be {wanted}"))
        }
        kind => SettingsError::new(&name, kind),
    }
}
