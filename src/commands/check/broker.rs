//! RabbitMQ, as far as it lets us in, and the events that wait for it.
use std::time::Duration;

use tokio::time::Instant;

use super::Findings;
use crate::{
    amqp::{EXCHANGE, Link, Outage, PATIENCE, Step},
    clock::Clock,
    db::Pool,
    settings::Settings,
    store,
};

/// Older than this, an event waits for something that is wrong.
const SOON: Duration = Duration::from_secs(60);

pub async fn check(settings: &Settings, findings: &mut Findings) {
    let Some(address) = &settings.amqp else { return findings.ok("events", "stay in the database: no broker is set") };
    let until = Instant::now() + PATIENCE;
    let link = match Link::connect(address, until).await {
        Ok(link) => link,
        Err(outage) => return findings.problem("events", &outage, fix(&outage)),
    };
    findings.ok("events", "RabbitMQ lets us in, and confirms what it takes");
    match link.is_declared(until).await {
        Ok(true) => findings.ok("exchange", format!("{EXCHANGE} is there")),
        Ok(false) => say!("skipped  exchange: the server makes {EXCHANGE} with its first event"),
        Err(outage) => findings.problem("exchange", &outage, fix(&outage)),
    }
    link.close().await;
}

fn fix(outage: &Outage) -> &'static str {
    match outage.step {
        Step::Reach => {
            "start RabbitMQ, and see that host and port in NIGHTLATCH_AMQP_URL are right and no firewall is between"
        }
        Step::Encrypt => {
            "let host and port in NIGHTLATCH_AMQP_URL lead to a listener with TLS, and a certificate for that host of an authority that this machine trusts or NIGHTLATCH_AMQP__CA_FILE names"
        }
        Step::SignIn => "see that user and password in NIGHTLATCH_AMQP_URL are right (percent-encoded)",
        Step::Vhost => {
            "let NIGHTLATCH_AMQP_URL end in a virtual host that is there and lets this user in (`rabbitmqctl set_permissions`)"
        }
        Step::Exchange => {
            "let this user configure and write nightlatch.events (`rabbitmqctl set_permissions`), or make that durable topic exchange yourself"
        }
        Step::Channel | Step::Publish => "see what the log of RabbitMQ says of it",
    }
}

/// Says what waits, and for what.
pub async fn backlog(db: &Pool, clock: &Clock, findings: &mut Findings) {
    let backlog = match store::outbox::backlog(&**db).await {
        Ok(backlog) => backlog,
        Err(error) => return findings.problem("outbox", error, "let this user read the tables `events` and `outbox`"),
    };
    let why = backlog.error.unwrap_or_else(|| "nobody publishes them".into());
    match backlog.oldest {
        Some(oldest) if clock.now().since(oldest) > SOON => {
            let is = format!("{} waiting, the oldest since {oldest}: {why}", backlog.pending);
            findings.warning(
                "outbox",
                is,
                "see that a server runs, that RabbitMQ takes events, and that queues are bound to `#`",
            );
        }
        _ => findings.ok("outbox", "no event waits for longer than a minute"),
    }
    if backlog.parked > 0 {
        let is = format!("{} given up: RabbitMQ will not take them as they are", backlog.parked);
        findings.warning(
            "outbox",
            is,
            "see `publish_error` in the table `events`; the README says how to send them once more",
        );
    }
}
