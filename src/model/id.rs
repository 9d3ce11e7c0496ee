//! Identifiers of rows, and the random numbers behind them.
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use arrayvec::ArrayString;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::clock::Timestamp;

/// Characters of an identifier: 128 bits in hexadecimal.
const CHARACTERS: usize = 32;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(ArrayString<CHARACTERS>);

        impl $name {
            /// Reads a name that came from outside; `None` for what names nothing.
            pub fn parse(text: &str) -> Option<Self> {
                let named = text.len() == CHARACTERS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                named.then(|| Self::from(text))
            }

            /// The text as stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// What comes from a column; a text that is too long becomes the empty one, which names nothing.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(ArrayString::from(text).unwrap_or_default())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                text.as_str().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// Names an account; never used again after the account is gone.
    UserId
);
identifier!(
    /// Names a session. No secret: a token that carries it is signed.
    SessionId
);

impl UserId {
    /// A new one; those made later sort later, to the millisecond.
    pub fn new(now: Timestamp) -> Self {
        row_id(now).into()
    }
}

impl SessionId {
    /// A new one: 128 random bits, so that nobody can name the session of somebody else (ASVS 7.2.3).
    pub fn random() -> Self {
        format!("{:032x}", u128::from_be_bytes(random())).into()
    }

    /// The bits; nought for what names nothing.
    pub fn bits(&self) -> u128 {
        Uuid::try_parse(self.as_str()).map_or(0, |uuid| uuid.as_u128())
    }
}

/// Names a row: a UUID version 7 (RFC 9562). Unique, sorted by time, not a secret. Those of one millisecond and one process are sorted
/// too, by a counter of twelve bits (method 1 of section 6.2), so that a list by id is in the order of what happened.
pub fn row_id(now: Timestamp) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let first = u64::try_from(now.millis()).unwrap_or(0) << 12;
    let next = |last: u64| Some(first.max(last + 1));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(0);
    let tick = first.max(last + 1);
    let mut tail: [u8; 10] = random();
    tail[..2].copy_from_slice(&((tick & 0xFFF) as u16).to_be_bytes());
    Builder::from_unix_timestamp_millis(tick >> 12, &tail).into_uuid().simple().to_string()
}

/// The time in the name of a row, to the millisecond; `None` for a name that is none of ours.
pub fn row_time(id: &str) -> Option<Timestamp> {
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.get_version_num() == 7)?;
    i64::try_from(uuid.as_u128() >> 80).ok().map(Timestamp::from_millis)
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// 128 random bits as 22 characters that need no escaping anywhere.
pub fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(random::<16>())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_one_millisecond_are_in_the_order_they_were_made_in() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let ids: Vec<String> = (0..10_000).map(|_| row_id(now)).collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 32 && &id[12..13] == "7"));
        assert_eq!((row_time(&ids[0]), row_time("0199"), row_time(&"f".repeat(32))), (Some(now), None, None));
    }

    #[test]
    fn names_of_sessions_and_random_texts_never_repeat_however_many_are_drawn_at_once() {
        let draw = || (0..50_000).map(|_| (SessionId::random(), random_text())).collect::<Vec<_>>();
        let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(draw)).collect();
        let (ids, texts): (HashSet<_>, HashSet<_>) =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).unzip();
        assert_eq!((ids.len(), texts.len()), (100_000, 100_000));
        assert!(ids.iter().all(|id| SessionId::parse(id.as_str()).as_ref() == Some(id)));
        assert!(texts.iter().all(|text| URL_SAFE_NO_PAD.decode(text).unwrap().len() == 16));
    }
}
