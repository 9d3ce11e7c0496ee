//! Files of PEM (RFC 7468): which authorities certify a server that we connect to, and who we are to it.
use std::{fmt, fs, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{SettingsError, source::closed};

/// A chain of certificates, the first of which is for the key.
pub struct Identity {
    /// What is shown to the server.
    pub chain: Vec<CertificateDer<'static>>,
    /// What proves that it is ours.
    pub key: PrivateKeyDer<'static>,
}

/// The authorities in the file that the setting called `name` names.
pub fn authorities(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let found = chain(name, path)?;
    let mut store = RootCertStore::empty();
    for certificate in &found {
        store.add(certificate.clone()).map_err(|error| wrong(name, path, error))?;
    }
    Ok(found)
}

/// The certificates and the key in these files, each given with the name of its setting.
pub fn identity(chain_file: (&str, &Path), key_file: (&str, &Path)) -> Result<Identity, SettingsError> {
    let (name, path) = key_file;
    let text = fs::read(path).map_err(|error| wrong(name, path, error))?;
    closed(name, path)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| wrong(name, path, "holds no private key in PEM"))?;
    Ok(Identity { chain: chain(chain_file.0, chain_file.1)?, key })
}

fn chain(name: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let text = fs::read(path).map_err(|error| wrong(name, path, error))?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(wrong(name, path, "holds no certificate in PEM")),
    }
}

fn wrong(name: &str, path: &Path, why: impl fmt::Display) -> SettingsError {
    SettingsError::new(name, format!("{}: {why}", path.display()))
}
