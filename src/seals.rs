//! The seals of the audit trail: keyed hashes, each over the one before it and an event, so that no row is changed, removed or moved unseen.
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::store::{events::Verbatim, seals::Ends};

/// Makes and proves seals (HMAC-SHA-256) with a key derived from the secret of this instance.
#[derive(Clone)]
pub struct Seals(hmac::Key);

impl Seals {
    /// With this key, which is used for nothing else.
    pub fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// The seal of `event` in the place `number`, after the seal `before`.
    pub fn seal(&self, before: &str, number: i64, event: &Verbatim) -> String {
        self.sign(&of_event(before, &number.to_string(), &event.created_at.millis().to_string(), event))
    }

    /// Whether `seal` is the seal of `event` in the place `number`, after the seal `before`.
    pub fn is_seal(&self, seal: &str, before: &str, number: i64, event: &Verbatim) -> bool {
        self.is_genuine(seal, &of_event(before, &number.to_string(), &event.created_at.millis().to_string(), event))
    }

    /// These ends with their keyed hash.
    pub fn bind(&self, ends: Ends) -> Ends {
        Ends { mac: self.sign(&of_ends(&ends)), ..ends }
    }

    /// Whether somebody who has the key wrote these ends. Nobody needed it for those of a chain that has not begun.
    pub fn are_bound(&self, ends: &Ends) -> bool {
        *ends == Ends::default() || self.is_genuine(&ends.mac, &of_ends(ends))
    }

    fn sign(&self, message: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, message))
    }

    fn is_genuine(&self, tag: &str, message: &[u8]) -> bool {
        hmac::verify(&self.0, message, &URL_SAFE_NO_PAD.decode(tag).unwrap_or_default()).is_ok()
    }
}

fn of_event(before: &str, number: &str, created_at: &str, event: &Verbatim) -> Vec<u8> {
    encode(&[
        Some("event"),
        Some(number),
        Some(before),
        Some(&event.id),
        Some(&event.kind),
        event.user_id.as_deref(),
        event.actor_id.as_deref(),
        event.session_id.as_deref(),
        event.ip.as_deref(),
        event.user_agent.as_deref(),
        Some(&event.data),
        Some(created_at),
    ])
}

fn of_ends(ends: &Ends) -> Vec<u8> {
    encode(&[
        Some("ends"),
        Some(&ends.begun_at.to_string()),
        Some(&ends.number.to_string()),
        Some(&ends.seal),
        Some(&ends.deleted_number.to_string()),
        Some(&ends.deleted_seal),
        Some(&ends.deleted_until.to_string()),
    ])
}

/// Each field with its length before it, and NULL unlike any text: two lists of fields are never the same bytes.
fn encode(fields: &[Option<&str>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    for field in fields {
        bytes.push(u8::from(field.is_some()));
        if let Some(text) = field {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn seals(seed: u8) -> Seals {
        Seals::new(hmac::Key::new(hmac::HMAC_SHA256, &[seed; 32]))
    }

    fn event() -> Verbatim {
        Verbatim {
            id: "0199".into(),
            kind: "session.started".into(),
            user_id: Some("ann".into()),
            actor_id: Some("bob".into()),
            session_id: None,
            ip: Some("192.0.2.1".into()),
            user_agent: Some(String::new()),
            data: "{}".into(),
            created_at: Timestamp::from_millis(1_790_000_000_000),
        }
    }

    #[test]
    fn a_seal_is_bound_to_every_field_its_place_and_the_key() {
        let seal = seals(1).seal("before", 7, &event());
        assert!(seals(1).is_seal(&seal, "before", 7, &event()));
        assert!(!seals(2).is_seal(&seal, "before", 7, &event()));
        assert!(!seals(1).is_seal(&seal, "befor", 7, &event()));
        assert!(!seals(1).is_seal(&seal, "before", 8, &event()));
        let changes: [fn(&mut Verbatim); 11] = [
            |event| event.id.push('0'),
            |event| event.kind = "session.ended".into(),
            |event| event.user_id = None,
            |event| event.actor_id = Some("ann".into()),
            |event| event.session_id = Some(String::new()),
            |event| event.ip = Some("192.0.2.2".into()),
            |event| event.user_agent = None,
            |event| event.data = "{ }".into(),
            |event| event.created_at = Timestamp::from_millis(1_790_000_000_001),
            |event| std::mem::swap(&mut event.user_id, &mut event.actor_id),
            |event| std::mem::swap(&mut event.session_id, &mut event.user_agent),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = event();
            change(&mut changed);
            assert!(!seals(1).is_seal(&seal, "before", 7, &changed), "change {index}");
        }
    }

    #[test]
    fn fields_that_run_together_are_told_apart() {
        let fields: [&[Option<&str>]; 6] = [
            &[Some("ab"), Some("c")],
            &[Some("a"), Some("bc")],
            &[Some("abc")],
            &[Some("abc"), None],
            &[None, Some("abc")],
            &[Some("abc"), Some("")],
        ];
        for (index, one) in fields.iter().enumerate() {
            assert!(fields[index + 1..].iter().all(|other| encode(one) != encode(other)), "{one:?}");
        }
    }

    #[test]
    fn ends_are_bound_together() {
        let ends = seals(1).bind(Ends { number: 9, seal: "s".into(), deleted_number: 4, ..Ends::default() });
        assert!(seals(1).are_bound(&ends) && !seals(2).are_bound(&ends));
        assert!(!seals(1).are_bound(&Ends { begun_at: 1, ..ends.clone() }));
        assert!(!seals(1).are_bound(&Ends { number: 8, ..ends.clone() }));
        assert!(!seals(1).are_bound(&Ends { deleted_number: 0, ..ends.clone() }));
        assert!(!seals(1).are_bound(&Ends { deleted_until: 1, ..ends.clone() }));
        assert!(!seals(1).are_bound(&Ends { mac: String::new(), ..ends }));
        assert!(seals(1).are_bound(&Ends::default()), "a chain that has not begun");
    }
}
