//! An event as other systems read it.
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

/// An event of CloudEvents 1.0, with its extension `sequence`.
pub struct CloudEvent<'a> {
    /// Its name, the same however often it is sent.
    pub id: &'a str,
    /// The public URL of the instance: with the id, it names the event among all others.
    pub source: &'a str,
    /// What happened.
    pub kind: &'a str,
    /// When.
    pub at: Timestamp,
    /// Whose account it is about.
    pub subject: Option<&'a str>,
    /// Its place among all events.
    pub sequence: i64,
    /// What it says.
    pub data: Map<String, Value>,
}

impl CloudEvent<'_> {
    /// The event in the JSON format of CloudEvents, whole in one object (`application/cloudevents+json`).
    pub fn json(self) -> Value {
        let mut event = json!({
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.kind,
            "time": self.at.rfc3339_millis(),
            // The extension wants a text that sorts as the number does: with as many digits as the largest has.
            "sequence": format!("{:019}", self.sequence),
            "datacontenttype": "application/json",
            "data": self.data,
        });
        // An attribute without a value is left out.
        if let Some(subject) = self.subject {
            event["subject"] = subject.into();
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_an_account_has_no_subject() {
        let at = Timestamp::from_millis(1_790_000_000_007);
        let data = Map::from_iter([("reason".to_owned(), json!("wrong"))]);
        let event = |subject, data| {
            let (id, source, kind) = ("0199", "https://id.example.com", "session.failed");
            CloudEvent { id, source, kind, at, subject, sequence: 42, data }.json()
        };
        let whole = json!({
            "specversion": "1.0", "id": "0199", "source": "https://id.example.com", "type": "session.failed",
            "time": "2026-09-21T14:13:20.007Z", "subject": "ann", "sequence": "0000000000000000042",
            "datacontenttype": "application/json", "data": { "reason": "wrong" },
        });
        assert_eq!(event(Some("ann"), data.clone()), whole);
        let mut without = whole;
        without.as_object_mut().unwrap().remove("subject");
        assert_eq!(event(None, data), without);
    }
}
