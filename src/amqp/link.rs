//! One connection to RabbitMQ, with one channel on it that confirms what it has taken.
use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ErrorKind, ExchangeKind,
    options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions},
    tcp::AsyncTcpStream,
    types::FieldTable,
    uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo},
};
use rocket::futures::future::join_all;
use tokio::time::{Instant, error::Elapsed, timeout, timeout_at};

use super::{
    Address, EXCHANGE, End, Fate, Message, Outage, Report, Step,
    socket::{self, Plug, Socket},
};

/// How long a broker may take to let us in, and then to confirm a batch.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A connection whose other end was silent for twice as long is given up, in seconds.
const HEARTBEAT: u16 = 10;

/// Kept on disk by the broker (AMQP 0-9-1, `delivery-mode`).
const PERSISTENT: u8 = 2;

/// Reply codes (AMQP 0-9-1, 1.2): of a message, of an exchange that is not there, of a virtual host.
const CONTENT_TOO_LARGE: u16 = 311;
const PRECONDITION_FAILED: u16 = 406;
const NOT_FOUND: u16 = 404;
const NOT_ALLOWED: u16 = 530;

/// A connection that is open, and a channel that confirms. Ends when it is dropped.
pub struct Link {
    channel: Channel,
    connection: Connection,
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

    /// Makes sure that the exchange is there and durable.
    ///
    /// # Errors
    /// This user may not make it, or there is another of its name.
    pub async fn declare(&self, until: Instant) -> Result<(), Outage> {
        let declared = self.exchange(false);
        Step::Exchange.within(until, async { declared.await.map_err(|error| Step::Exchange.refused(&error)) }).await
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

    /// Publishes all of `batch` at once, and waits as long as [`PATIENCE`] until the broker has said of each that it has it. Only after a
    /// report that is whole may this link be used again.
    pub async fn publish(&self, batch: &[Message]) -> Report {
        let until = Instant::now() + PATIENCE;
        let send = |message| timeout_at(until, self.send(message));
        let answers = join_all(batch.iter().map(send)).await;
        let returned = returned(&answers);
        let blocked = self.connection.status().blocked();
        let mut end = End::Whole;
        let fate = |(message, answer): (&Message, Result<lapin::Result<Confirmation>, Elapsed>)| {
            let (fate, then) = match answer {
                Ok(Ok(answer)) => match returned.get(&message.id) {
                    Some(why) => (Some(Fate::Refused(why.clone())), End::Whole),
                    None if answer.is_ack() => (Some(Fate::Confirmed), End::Whole),
                    None => (Some(Fate::Refused("a queue refused it (basic.nack)".into())), End::Whole),
                },
                Ok(Err(error)) if is_about_message(&error) && batch.len() == 1 => {
                    (Some(Fate::Faulty(words(&error))), End::Suspect)
                }
                Ok(Err(error)) if is_about_message(&error) => (None, End::Suspect),
                Ok(Err(error)) => (None, End::Outage(Step::Publish.refused(&error))),
                Err(_) if blocked => (None, End::Outage(Step::Publish.failed("the broker is short of memory or disk"))),
                Err(_) => (Some(Fate::Refused("not confirmed in 5 s".into())), End::Silence),
            };
            end.worsen(then);
            fate
        };
        let fates = batch.iter().zip(answers).map(fate).collect();
        Report { fates, end }
    }

    async fn send(&self, message: &Message) -> lapin::Result<Confirmation> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default()
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(message.id.as_str().into())
            .with_timestamp(message.at.seconds().unsigned_abs())
            .with_app_id("nightlatch".into());
        let (exchange, key) = (EXCHANGE.into(), message.key.as_str().into());
        self.channel.basic_publish(exchange, key, options, &message.body, properties).await?.await
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

/// What came back by message, with its reason. The library hands a returned message out with the next confirm, whichever message that is
/// about; the broker sends it before the confirm of its own. So only the answers to a whole batch together say whose it is.
fn returned(answers: &[Result<lapin::Result<Confirmation>, Elapsed>]) -> HashMap<String, String> {
    let message = |answer: &Result<lapin::Result<Confirmation>, Elapsed>| match answer {
        Ok(Ok(Confirmation::Ack(Some(message)) | Confirmation::Nack(Some(message)))) => {
            let id = message.delivery.properties.message_id().as_ref()?.to_string();
            let why = format!(
                "no queue takes {} ({} {})",
                message.delivery.routing_key, message.reply_code, message.reply_text
            );
            Some((id, why))
        }
        _ => None,
    };
    answers.iter().filter_map(message).collect()
}

/// Whether the broker closed the channel because of one of the messages on it: RabbitMQ does so with those that are too large.
fn is_about_message(error: &lapin::Error) -> bool {
    matches!(code(error), Some(CONTENT_TOO_LARGE | PRECONDITION_FAILED))
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
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        ErrorKind::IOError(error) => error.to_string(),
        _ => error.to_string(),
    }
}
