//! What an event says to other systems.
use serde_json::{Map, Value};

use crate::{accounts::Internal, amqp::Message, model::cloud_event::CloudEvent, store::outbox::Pending};

/// The most bytes of a routing key (AMQP 0-9-1, 4.2.5.3: a short string).
const LONGEST_KEY: usize = 255;

/// The message that says what `event` does, of the site at `source`.
///
/// # Errors
/// The row is no event: nobody can send it as it is.
pub fn message(event: &Pending, source: &str) -> Result<Message, Internal> {
    if event.kind.len() > LONGEST_KEY {
        return Err(Internal::new("its type is longer than a routing key may be"));
    }
    let data = serde_json::from_str::<Map<String, Value>>(&event.data);
    let mut data = data.map_err(|error| Internal::new(&format!("its data is no JSON object: {error}")))?;
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    data.insert("actor_id".into(), text(&event.actor_id));
    data.insert("session_id".into(), text(&event.session_id));
    data.insert("ip".into(), text(&event.ip));
    data.insert("user_agent".into(), text(&event.user_agent));
    let json = CloudEvent {
        id: &event.id,
        source,
        kind: &event.kind,
        at: event.at,
        subject: event.user_id.as_deref(),
        sequence: event.sequence,
        data,
    }
    .json();
    Ok(Message { id: event.id.clone(), key: event.kind.clone(), body: serde_json::to_vec(&json)?, at: event.at })
}
