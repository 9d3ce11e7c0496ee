//! One connection to RabbitMQ, with one channel on it that confirms what it has taken.
use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind, ExchangeKind,
    options::{ConfirmSelectOptions, ExchangeDeclareOptions},
    tcp::AsyncTcpStream,
    types::FieldTable,
    uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo},
};
use tokio::time::{Instant, timeout};

use super::{
    Address, EXCHANGE, Outage, Step,
    socket::{self, Plug, Socket},
};

/// How long a broker may take to let us in, and then to confirm a batch.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A connection whose other end was silent for twice as long is given up, in seconds.
const HEARTBEAT: u16 = 10;

/// Reply codes (AMQP 0-9-1, constants): of what this user may not do, of an exchange that is not there, and of a virtual host.
const ACCESS_REFUSED: u16 = 403;
const NOT_FOUND: u16 = 404;
const NOT_ALLOWED: u16 = 530;

/// A connection that is open, and a channel that confirms. Ends when it is dropped.
pub struct Link {
    pub(super) channel: Channel,
    pub(super) connection: Connection,
    _plug: Plug,
}

impl Link {
    /// Connects and signs in; the exchange is not looked at yet.
    ///
    /// # Errors
    /// How far it came until then, and why no further.
    pub async fn connect(address: &Address, until: Instant) -> Result<Self, Outage> {
        let (socket, plug) = Step::Reach.within(until, socket::open(address)).await?;
        let connection = Step::SignIn.within(until, sign_in(address, socket)).await?;
        let channel = Step::Channel.within(until, confirming(&connection)).await?;
        Ok(Self { channel, connection, _plug: plug })
    }

    /// Makes sure that the exchange is there and durable; for a user who may not make it, that it is there.
    ///
    /// # Errors
    /// It is not there and this user may not make it, or there is another of its name.
    pub async fn declare(&mut self, until: Instant) -> Result<(), Outage> {
        Step::Exchange.within(until, self.make_or_find()).await
    }

    async fn make_or_find(&mut self) -> Result<(), Outage> {
        let Err(error) = self.exchange(false).await else { return Ok(()) };
        if code(&error) == Some(ACCESS_REFUSED) {
            // The broker closed the one it refused this on.
            self.channel = confirming(&self.connection).await?;
            if self.exchange(true).await.is_ok() {
                return Ok(());
            }
        }
        Err(Step::Exchange.refused(&error))
    }

    /// Whether the exchange is there. Where it is not, the broker closes the channel, so this is the last question.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn is_declared(&self, until: Instant) -> Result<bool, Outage> {
        let declared = self.exchange(true);
        let answer = async {
            match declared.await {
                Ok(()) => Ok(true),
                Err(error) if code(&error) == Some(NOT_FOUND) => Ok(false),
                Err(error) => Err(Step::Exchange.refused(&error)),
            }
        };
        Step::Exchange.within(until, answer).await
    }

    async fn exchange(&self, passive: bool) -> lapin::Result<()> {
        let (name, kind) = (EXCHANGE.into(), ExchangeKind::Topic);
        let options = ExchangeDeclareOptions { passive, durable: true, ..ExchangeDeclareOptions::default() };
        self.channel.exchange_declare(name, kind, options, FieldTable::default()).await
    }

    /// Whether the other end has not gone away, as far as is known.
    pub fn is_open(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Says goodbye.
    pub async fn close(self) {
        // A broker that does not answer is left without.
        let _ = timeout(Duration::from_secs(1), self.connection.close(200, "stopping".into())).await;
    }
}

async fn sign_in(address: &Address, socket: Socket) -> Result<Connection, Outage> {
    let uri = AMQPUri {
        scheme: if address.tls { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo { username: address.user.clone(), password: address.password.reveal().to_owned() },
            host: address.host.clone(),
            port: address.port,
        },
        vhost: address.vhost.clone(),
        query: AMQPQueryString { heartbeat: Some(HEARTBEAT), ..AMQPQueryString::default() },
    };
    // Asked for once: it is not told to connect again.
    let socket = Mutex::new(Some(socket));
    let hand_over = async move |_, _| {
        let socket = socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        socket.map(AsyncTcpStream::Plain).ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
    };
    let properties = ConnectionProperties::default().with_connection_name("nightlatch".into());
    let connection = Connection::connector(uri, socket::tasks(), hand_over, properties).await;
    connection.map_err(|error| {
        let step = if code(&error) == Some(NOT_ALLOWED) { Step::Vhost } else { Step::SignIn };
        step.refused(&error)
    })
}

async fn confirming(connection: &Connection) -> Result<Channel, Outage> {
    let refused = |error: lapin::Error| Step::Channel.refused(&error);
    let channel = connection.create_channel().await.map_err(refused)?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(refused)?;
    Ok(channel)
}

/// The reply code that came with an error of the protocol.
pub(super) fn code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

/// What the broker said, or else what the library says.
pub(super) fn words(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().as_str().trim_end_matches('.').to_owned(),
        ErrorKind::IOError(error) => error.to_string(),
        _ => error.to_string(),
    }
}
