//! How events reach RabbitMQ: published with confirms, so that nobody counts on what the broker does not have.
mod address;
mod link;
mod publish;
mod socket;

use std::fmt;

use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

pub use address::Address;
pub use link::{Link, PATIENCE};

use crate::clock::Timestamp;

/// The durable topic exchange that every event goes to.
pub const EXCHANGE: &str = "nightlatch.events";

/// An event on its way.
pub struct Message {
    /// Its row: the same however often it is sent.
    pub id: String,
    /// Its routing key.
    pub key: String,
    /// What it says.
    pub body: Vec<u8>,
    /// When it happened.
    pub at: Timestamp,
}

/// What the broker said of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is on the disks of every queue it belongs to.
    Confirmed,
    /// Its queues do not take it now: none is bound, one is full, or one is silent.
    Refused(String),
    /// It is no good itself, and will not be later.
    Faulty(String),
}

/// What became of a batch.
pub struct Report {
    /// What was said of each message, in order; `None` where nothing was, so that the broker may have it or not.
    pub fates: Vec<Option<Fate>>,
    /// Whether all went well otherwise.
    pub end: End,
}

/// How a batch ended.
#[derive(Debug)]
pub enum End {
    /// Everything was answered.
    Whole,
    /// Some of it was not.
    Silence,
    /// The broker took offence at a message; which one is found out by sending them one by one.
    Suspect,
    /// The broker takes nothing at all.
    Outage(Outage),
}

impl End {
    /// Keeps the worse of the two.
    fn worsen(&mut self, other: Self) {
        let rank = |end: &Self| match end {
            Self::Whole => 0,
            Self::Silence => 1,
            Self::Suspect => 2,
            Self::Outage(_) => 3,
        };
        if rank(&other) > rank(self) {
            *self = other;
        }
    }
}

/// Why a broker takes nothing.
#[derive(Clone, Debug)]
pub struct Outage {
    /// How far it came.
    pub step: Step,
    /// What was wrong there; holds no password.
    pub why: String,
}

/// What is done in turn until a message is with the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opening a TCP connection.
    Reach,
    /// Speaking TLS.
    Encrypt,
    /// Speaking AMQP, with name and password.
    SignIn,
    /// Opening the virtual host.
    Vhost,
    /// Opening a channel that confirms.
    Channel,
    /// Making the exchange.
    Exchange,
    /// Publishing.
    Publish,
}

impl Step {
    fn failed(self, why: impl fmt::Display) -> Outage {
        Outage { step: self, why: why.to_string() }
    }

    fn refused(self, error: &lapin::Error) -> Outage {
        self.failed(link::words(error))
    }

    async fn within<T>(self, until: Instant, work: impl Future<Output = Result<T, Outage>>) -> Result<T, Outage> {
        timeout_at(until, work).await.unwrap_or_else(|_| Err(self.failed("no answer in 5 s")))
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match self.step {
            Step::Reach => "the broker cannot be reached",
            Step::Encrypt => "TLS with the broker",
            Step::SignIn => "signing in to the broker",
            Step::Vhost => "the virtual host",
            Step::Channel => "a channel with confirms",
            Step::Exchange => "the exchange nightlatch.events",
            Step::Publish => "publishing",
        };
        write!(f, "{doing}: {}", self.why)
    }
}

/// Whoever takes the messages.
pub enum Broker {
    /// RabbitMQ, connected to when there is something to say.
    Rabbit(Box<Rabbit>),
    /// Nobody: a test answers.
    Script(Script),
}

/// What a test answers to a batch.
pub type Script = Box<dyn Fn(&[Message]) -> Report + Send + Sync>;

/// RabbitMQ at an address, and the connection to it while there is one.
pub struct Rabbit {
    address: Address,
    link: Mutex<Option<Link>>,
}

impl Broker {
    /// The broker at `address`; nothing is connected yet.
    pub fn new(address: Address) -> Self {
        Self::Rabbit(Box::new(Rabbit { address, link: Mutex::default() }))
    }

    /// Publishes a batch; takes ten seconds at most.
    pub async fn publish(&self, batch: &[Message]) -> Report {
        match self {
            Self::Rabbit(rabbit) => rabbit.publish(batch).await,
            Self::Script(answer) => answer(batch),
        }
    }

    /// Ends the connection, if there is one.
    pub async fn close(&self) {
        if let Self::Rabbit(rabbit) = self
            && let Some(link) = rabbit.link.lock().await.take()
        {
            link.close().await;
        }
    }
}

impl Rabbit {
    async fn publish(&self, batch: &[Message]) -> Report {
        let mut kept = self.link.lock().await;
        // Taken out: a link whose answers were not waited for is of no more use, whatever ends this.
        let link = match kept.take().filter(Link::is_open) {
            Some(link) => link,
            None => match self.connect().await {
                Ok(link) => link,
                Err(outage) => return Report { fates: vec![None; batch.len()], end: End::Outage(outage) },
            },
        };
        let report = link.publish(batch).await;
        if matches!(report.end, End::Whole) {
            *kept = Some(link);
        }
        report
    }

    async fn connect(&self) -> Result<Link, Outage> {
        let until = Instant::now() + PATIENCE;
        let mut link = Link::connect(&self.address, until).await?;
        link.declare(until).await?;
        Ok(link)
    }
}
