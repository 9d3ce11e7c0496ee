//! The door: accepts connections in front of Rocket, which waits for slow clients for ever and takes any number of them.
mod answer;
mod body;
mod connection;
mod exchange;
mod patience;
mod room;
mod seat;
mod tls;
mod work;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rocket::local::asynchronous::Client;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

pub use patience::Patience;
pub use room::Limits;
pub use tls::acceptor;

use connection::Connection;
use room::Room;
use seat::Seat;

use crate::settings::{Settings, SettingsError};

/// How long nothing is accepted after the system refused a connection, as it does when too many files are open.
const BREATHER: Duration = Duration::from_millis(50);

/// How many connections the system keeps until they are accepted, if it is not told of fewer: what comes at once beyond that has to come again.
const QUEUE: u32 = 4096;

/// An address that is ours, where nobody is let in yet.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    patience: Patience,
    limits: Limits,
}

/// What all connections share. When the last of them and of their requests is gone, so is this, and `_gone` says so.
struct Door {
    client: Arc<Client>,
    patience: Patience,
    _gone: oneshot::Sender<()>,
}

impl Listener {
    /// Takes Rocket's address and port, for TLS where there is what it needs.
    ///
    /// # Errors
    /// The address cannot be had.
    pub fn open(settings: &Settings, config: &rocket::Config, tls: Option<TlsAcceptor>) -> Result<Self, SettingsError> {
        let wrong = |error| {
            let name = format!("ROCKET_ADDRESS {}, ROCKET_PORT {}", config.address, config.port);
            SettingsError::new(&name, error)
        };
        let tcp = listen((config.address, config.port).into()).map_err(wrong)?;
        Ok(Self { tls, ..Self::on(tcp, Patience::of(config), Limits::of(settings)) })
    }

    /// Takes an address that was had before, without TLS.
    pub fn on(tcp: TcpListener, patience: Patience, limits: Limits) -> Self {
        Self { tcp, tls: None, patience, limits }
    }

    /// Where it is.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves what `client` has until its Rocket is told to stop, and then what is under way for `grace`.
    pub async fn serve(self, client: Arc<Client>, grace: Duration) {
        let Self { tcp, tls, patience, limits } = self;
        let stop = client.rocket().shutdown();
        let (gone, all_gone) = oneshot::channel();
        let door = Arc::new(Door { client, patience, _gone: gone });
        let (mut room, mut connections) = (Room::new(limits), JoinSet::new());
        let mut told = stop.clone();
        loop {
            tokio::select! {
                biased;
                () = &mut told => break,
                Some(ended) = connections.join_next_with_id() => room.leave(match ended {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                }),
                accepted = tcp.accept(), if room.is_open() => match accepted {
                    Ok((stream, peer)) => {
                        let Some(network) = room.admit(peer.ip()) else { continue };
                        let seat = Arc::new(Seat::default());
                        let (door, tls) = (Arc::clone(&door), tls.clone());
                        let connection = Connection { door, seat: Arc::clone(&seat), peer, stop: stop.clone() };
                        room.take(connections.spawn(serve(connection, stream, tls)), seat, network);
                    }
                    Err(error) => refused(&error, &mut room).await,
                },
            }
        }
        drop((tcp, door));
        let end = Instant::now() + grace;
        let closed = timeout_at(end, async { while connections.join_next().await.is_some() {} }).await;
        connections.shutdown().await;
        // A request goes on when its client has left.
        if closed.is_err() | timeout_at(end, all_gone).await.is_err() {
            tracing::warn!("a request did not end in time, and was left where it was");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that was stopped a moment ago leaves its address behind for a while.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

async fn serve(mut connection: Connection, stream: TcpStream, tls: Option<TlsAcceptor>) {
    // Answers are written whole; waiting for more helps nobody. Where it cannot be set they only come later.
    let _ = stream.set_nodelay(true);
    match tls {
        None => connection.serve(stream).await,
        Some(tls) => {
            let shaken = timeout(connection.door.patience.head, tls.accept(stream));
            tokio::select! {
                () = &mut connection.stop => {}
                shaken = shaken => if let Ok(Ok(stream)) = shaken {
                    connection.serve(stream).await;
                },
            }
        }
    }
}

/// A client that left before its turn is no reason to wait; all else would come again at once.
async fn refused(error: &io::Error, room: &mut Room) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        room.complain(&format!("the system lets nobody in: {error}"));
        room.make();
        sleep(BREATHER).await;
    }
}
