//! The socket to a broker: TCP, with TLS in it where the address says so.
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
    os::fd::{AsFd, AsRawFd},
    sync::Arc,
    time::{Duration, Instant},
};

use async_rs::{Runtime, Tokio, traits::Reactor, util::RuntimeParts};
use rocket::futures::{
    self, TryFutureExt,
    io::{AsyncRead, AsyncWrite},
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::{
    compat::{Compat, TokioAsyncReadCompatExt},
    either::Either,
};

use super::{Address, Outage, Step};
use crate::settings::Identity;

/// What is read from and written to.
pub type Socket = Compat<Either<TcpStream, TlsStream<TcpStream>>>;

/// Tokio, with our sockets in place of its own: the AMQP library's other ways to TLS bring ciphers of their own.
pub type Tasks = Runtime<RuntimeParts<Tokio, Sockets>>;

/// Tokio on this thread.
pub fn tasks() -> Tasks {
    Runtime::new(RuntimeParts::new(Tokio::current(), Sockets(Tokio::current())))
}

/// Ends the connection when it is dropped: a broker that hangs, or has blocked us, would keep it open for ever.
pub struct Plug(std::net::TcpStream);

impl Drop for Plug {
    fn drop(&mut self) {
        // Fails where it ended before.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Connects, and makes sure of the broker's certificate and name where there is TLS.
pub async fn open(address: &Address) -> Result<(Socket, Plug), Outage> {
    let (tcp, plug) = reach(address).await.map_err(|error| Step::Reach.failed(error))?;
    let socket = if address.tls {
        Either::Right(encrypt(address, tcp).await.map_err(|error| Step::Encrypt.failed(error))?)
    } else {
        Either::Left(tcp)
    };
    Ok((socket.compat(), plug))
}

async fn reach(address: &Address) -> io::Result<(TcpStream, Plug)> {
    let tcp = TcpStream::connect((&*address.host, address.port)).await?;
    tcp.set_nodelay(true)?;
    let plug = Plug(tcp.as_fd().try_clone_to_owned()?.into());
    Ok((tcp, plug))
}

/// Trusts the authorities of the settings and nobody else, or whom this machine trusts; `SSL_CERT_FILE` names others.
async fn encrypt(address: &Address, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let machine = || rustls_native_certs::load_native_certs().certs;
    roots.add_parsable_certificates(address.authorities.clone().unwrap_or_else(machine));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.with_root_certificates(roots);
    let config = match &address.identity {
        Some(Identity { chain, key }) => {
            config.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(io::Error::other)?
        }
        None => config.with_no_client_auth(),
    };
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// Tokio's reactor, but for the type of its sockets.
#[derive(Clone, Debug)]
pub struct Sockets(Tokio);

impl Reactor for Sockets {
    type TcpStream = Socket;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, span: Duration) -> Self::Sleep {
        self.0.sleep(span)
    }

    fn interval(&self, span: Duration) -> impl futures::Stream<Item = Instant> + Send + 'static {
        self.0.interval(span)
    }

    fn tcp_connect_addr(&self, address: SocketAddr) -> impl Future<Output = io::Result<Socket>> + Send + 'static {
        TcpStream::connect(address).map_ok(|tcp| Either::Left(tcp).compat())
    }
}
