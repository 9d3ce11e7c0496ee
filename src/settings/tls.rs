//! `ROCKET_TLS`, in the forms that Rocket takes.
use rocket::figment::{
    Figment,
    value::magic::{Either, RelativePathBuf},
};
use serde::Deserialize;

use super::SettingsError;

/// Certificate and key. Rocket itself is built without TLS: `src/listener` speaks it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those above it, as PEM: a file, or the bytes.
    pub certs: Either<RelativePathBuf, Vec<u8>>,
    /// Its key, as PEM: a file, or the bytes.
    pub key: Either<RelativePathBuf, Vec<u8>>,
    /// The cipher suites, the best first; `None`: those that rustls chooses.
    #[serde(default)]
    pub ciphers: Option<Vec<String>>,
    /// Whether our order of them counts, and not the client's.
    #[serde(default)]
    pub prefer_server_cipher_order: bool,
}

/// What is set; nothing where there is no cipher to speak with, as Rocket has it.
pub fn tls(figment: &Figment) -> Result<Option<Tls>, SettingsError> {
    if !figment.contains("tls") {
        return Ok(None);
    }
    // The reason is left out: it could repeat the key.
    let tls = figment.extract_inner::<Option<Tls>>("tls").map_err(|_| {
        SettingsError::new(
            "ROCKET_TLS",
            "must be like {certs=\"cert.pem\",key=\"key.pem\"}, with `ciphers` and `prefer_server_cipher_order` where need be; \
             certificates of clients (`mutual`) are not asked for",
        )
    })?;
    Ok(tls.filter(|tls| tls.ciphers.as_ref().is_none_or(|ciphers| !ciphers.is_empty())))
}
