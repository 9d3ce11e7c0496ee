//! Refresh tokens: opaque, useless from a copy of the database, and recognised however old they are (RFC 9700, 4.14).
use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::model::{
    id::{SessionId, random},
    refresh::RefreshToken,
};

/// So that a leaked token is found by those who look for such things.
const PREFIX: &str = "nlr_";

/// Session id, counter, secret and digest.
const BYTES: usize = BODY + 32;
const BODY: usize = 16 + 8 + 32;

/// Writes and reads refresh tokens with keys derived from the secret of this instance.
pub struct Refresh {
    digests: hmac::Key,
    successors: hmac::Key,
}

impl Refresh {
    /// With these two keys, of which neither is used for anything else.
    pub fn new(digests: hmac::Key, successors: hmac::Key) -> Self {
        Self { digests, successors }
    }

    /// The first token of a session.
    pub fn begin(&self, session: &SessionId) -> RefreshToken {
        RefreshToken { session: session.clone(), counter: 0, secret: random() }
    }

    /// The token after `token`, always the same: it can be given once more to somebody whom the answer did not reach, although it is
    /// stored nowhere.
    pub fn successor(&self, token: &RefreshToken) -> RefreshToken {
        let mut secret = [0; 32];
        secret.copy_from_slice(hmac::sign(&self.successors, &body(token)).as_ref());
        RefreshToken { session: token.session.clone(), counter: token.counter + 1, secret }
    }

    /// What is stored of a token: SHA-256 of its secret, which has 256 random bits.
    pub fn hash(token: &RefreshToken) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &token.secret))
    }

    /// The text that its holder keeps.
    pub fn write(&self, token: &RefreshToken) -> String {
        let mut bytes = body(token).to_vec();
        bytes.extend_from_slice(hmac::sign(&self.digests, &bytes).as_ref());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a text that this instance wrote, now or long ago; `None` for any other.
    pub fn read(&self, text: &str) -> Option<RefreshToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok().filter(|bytes| bytes.len() == BYTES)?;
        let (body, tag) = bytes.split_at(BODY);
        hmac::verify(&self.digests, body, tag).ok()?;
        let session = Uuid::from_slice(&body[..16]).ok()?.simple().to_string().into();
        let counter = i64::from_be_bytes(body[16..24].try_into().ok()?);
        Some(RefreshToken { session, counter, secret: body[24..].try_into().ok()? })
    }
}

fn body(token: &RefreshToken) -> [u8; BODY] {
    let mut body = [0; BODY];
    // Every session of this program is named by a UUID; another name would only make a token that nobody can use.
    let session = Uuid::try_parse(token.session.as_str()).unwrap_or_default();
    body[..16].copy_from_slice(session.as_bytes());
    body[16..24].copy_from_slice(&token.counter.to_be_bytes());
    body[24..].copy_from_slice(&token.secret);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Refresh {
        let key = |fill: u8| hmac::Key::new(hmac::HMAC_SHA256, &[fill; 32]);
        Refresh::new(key(1), key(2))
    }

    #[test]
    fn a_token_is_read_back_and_no_other_text_is() {
        let (keys, session) = (keys(), SessionId::random());
        let token = keys.begin(&session);
        let text = keys.write(&token);
        assert_eq!(keys.read(&text), Some(token));
        for position in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[position] = if other[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.read(&String::from_utf8(other).unwrap()), None, "changed at {position}");
        }
        for other in ["", "nlr_", &text[4..], &format!("{text}="), &format!("{text}A"), &text.to_uppercase()] {
            assert_eq!(keys.read(other), None, "{other}");
        }
    }

    #[test]
    fn a_successor_is_always_the_same_and_tells_nothing_of_the_one_before() {
        let keys = keys();
        let first = keys.begin(&SessionId::random());
        let second = keys.successor(&first);
        assert_eq!(keys.successor(&first), second);
        assert_eq!((second.counter, &second.session), (1, &first.session));
        assert_ne!(Refresh::hash(&second), Refresh::hash(&first));
        assert_ne!(keys.successor(&second).secret, second.secret);
    }
}
