//! TLS as `ROCKET_TLS` says: 1.2 and 1.3, for HTTP/1.1.
use std::{fs, sync::Arc};

use rocket::figment::value::magic::{Either, RelativePathBuf};
use rustls::{
    ServerConfig, SupportedCipherSuite,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::settings::{SettingsError, Tls};

/// Reads the certificate and its key.
///
/// # Errors
/// They cannot be read or used, or there is no such cipher.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, SettingsError> {
    let certs = read("certs", &tls.certs)?;
    let certs = CertificateDer::pem_slice_iter(&certs).collect::<Result<Vec<_>, _>>();
    let certs = certs.map_err(|error| wrong(format!("certs: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&read("key", &tls.key)?).map_err(|error| wrong(format!("key: {error}")))?;
    let mut provider = aws_lc_rs::default_provider();
    if let Some(names) = &tls.ciphers {
        provider.cipher_suites = names.iter().map(|name| cipher(&provider, name)).collect::<Result<_, _>>()?;
    }
    let config = ServerConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
    let config = config.and_then(|config| config.with_no_client_auth().with_single_cert(certs, key));
    let mut config = config.map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ignore_client_order = tls.prefer_server_cipher_order;
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(wrong)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(name: &str, pem: &Either<RelativePathBuf, Vec<u8>>) -> Result<Vec<u8>, SettingsError> {
    match pem {
        Either::Left(path) => {
            let path = path.relative();
            fs::read(&path).map_err(|error| wrong(format!("{name}: {}: {error}", path.display())))
        }
        Either::Right(bytes) => Ok(bytes.clone()),
    }
}

/// Rocket writes the suites of TLS 1.3 as RFC 8446 does.
fn cipher(provider: &CryptoProvider, name: &str) -> Result<SupportedCipherSuite, SettingsError> {
    let known = |suite: &&SupportedCipherSuite| format!("{:?}", suite.suite()).replace("TLS13_", "TLS_") == name;
    let found = provider.cipher_suites.iter().find(known).copied();
    found.ok_or_else(|| wrong(format!("ciphers: there is no {name}")))
}

fn wrong(error: impl std::fmt::Display) -> SettingsError {
    SettingsError::new("ROCKET_TLS", error)
}
