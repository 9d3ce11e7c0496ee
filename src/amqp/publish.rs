//! Publishing a batch over one connection.
use std::collections::HashMap;

use lapin::{BasicProperties, Confirmation, options::BasicPublishOptions};
use rocket::futures::future::join_all;
use tokio::time::{Instant, error::Elapsed, timeout_at};

use super::{
    EXCHANGE, End, Fate, Link, Message, PATIENCE, Report, Step,
    link::{code, words},
};

/// Kept on disk by the broker (AMQP 0-9-1, `delivery-mode`).
const PERSISTENT: u8 = 2;

/// Reply codes (AMQP 0-9-1, constants) with which a broker takes offence at one message.
const CONTENT_TOO_LARGE: u16 = 311;
const PRECONDITION_FAILED: u16 = 406;

/// What was answered to a message, or that the time is up.
type Answer = Result<lapin::Result<Confirmation>, Elapsed>;

impl Link {
    /// Publishes all of `batch` at once, and waits as long as [`PATIENCE`] until the broker has said of each that it has it. Only after a
    /// report that is whole may this link be used again.
    pub async fn publish(&self, batch: &[Message]) -> Report {
        let until = Instant::now() + PATIENCE;
        let send = |message| timeout_at(until, self.send(message));
        let answers = join_all(batch.iter().map(send)).await;
        let returned = returned(&answers);
        let blocked = self.connection.status().blocked();
        let mut end = End::Whole;
        let fate = |(message, answer): (&Message, Answer)| {
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
}

/// What came back by message, with its reason. The library hands a returned message out with the next confirm, whichever message that is
/// about; the broker sends it before the confirm of its own. So only the answers to a whole batch together say whose it is.
fn returned(answers: &[Answer]) -> HashMap<String, String> {
    let message = |answer: &Answer| match answer {
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
