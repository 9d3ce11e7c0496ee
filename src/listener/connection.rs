//! One connection, from its first byte to its last.
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::TokioIo;
use rocket::Shutdown;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::{Door, exchange::exchange, patience::Patient, seat::Seat};

/// The most that the head of a request may have, in bytes, with all of its headers.
const HEAD: usize = 32 * 1024;

/// How long a connection may go on that waits for no answer when the server stops: for the last bytes of the one before.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// What is known of it.
pub struct Connection {
    pub door: Arc<Door>,
    pub seat: Arc<Seat>,
    pub peer: SocketAddr,
    pub stop: Shutdown,
}

impl Connection {
    /// Answers what comes until one side closes, or the server stops.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self { door, seat, peer, mut stop } = self;
        let patience = door.patience;
        let io = TokioIo::new(Patient::new(stream, Arc::clone(&seat), patience));
        let asked = Arc::clone(&seat);
        let service = service_fn(move |request| exchange(Arc::clone(&door), Arc::clone(&asked), peer, request));
        let mut http = Builder::new();
        // The stream itself watches the time.
        http.keep_alive(patience.idle.is_some()).header_read_timeout(None).max_buf_size(HEAD);
        let mut connection = pin!(http.serve_connection(io, service));
        // How it ended is between the client and its network.
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = &mut stop => connection.as_mut().graceful_shutdown(),
        }
        if timeout(LAST_BYTES, connection.as_mut()).await.is_err() && !seat.take_waiting() {
            // Whatever became of it then, too.
            let _ = connection.await;
        }
    }
}
