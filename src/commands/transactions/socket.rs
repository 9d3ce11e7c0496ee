//! TLS to the server, always with its certificate and name made sure of.
use std::{path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::commands::Failure;

/// How long a server may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read from and written to.
pub type Socket = TlsStream<TcpStream>;

/// Connects. Every failure names the server.
pub async fn open(host: &str, port: u16, ca_file: Option<&Path>) -> Result<Socket, Failure> {
    let roots = roots(ca_file)?;
    let failed = |why: &dyn std::fmt::Display| -> Failure { format!("{host}:{port}: {why}").into() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let name = ServerName::try_from(host.to_owned()).map_err(|_| failed(&"--host: is no name of a server"))?;
    let connected = timeout(PATIENCE, async {
        let tcp = TcpStream::connect((host, port)).await.map_err(|error| format!("cannot be reached: {error}"))?;
        connector.connect(name, tcp).await.map_err(|error| format!("no trusted TLS: {error}"))
    });
    match connected.await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(why)) => Err(failed(&why)),
        Err(_) => Err(failed(&format!("no answer within {} seconds", PATIENCE.as_secs()))),
    }
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let wrong = |why: &dyn std::fmt::Display| -> Failure { format!("--ca-file: {}: {why}", path.display()).into() };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() { Err(wrong(&"holds no certificate in PEM")) } else { Ok(roots) }
}
