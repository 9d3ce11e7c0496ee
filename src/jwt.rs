//! Session and access tokens: signs a [`Session`] as a JWT and reads it back (RFC 7519, RFC 8725).
use std::sync::Arc;

use jsonwebtoken::{Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::Internal,
    clock::Timestamp,
    keys::{Key, Keys, Purpose, Ring},
    model::{
        id::{SessionId, UserId, random_text},
        session::Session,
        user::Role,
    },
};

/// A longer text is not read at all; our own tokens stay under 1 KB.
const MAX_LENGTH: usize = 2048;

/// Signs and verifies tokens of one kind, with one algorithm and the keys of one ring.
pub struct Jwt {
    keys: Keys,
    issuer: String,
    audience: String,
    /// Whether each token has a name of its own.
    named: bool,
    validation: Validation,
}

/// The two kinds of tokens. Neither is ever taken for the other: type, algorithm, keys and audience differ (RFC 8725, 3.11 and 3.12).
pub struct Jwts {
    /// In the session cookie: for this instance alone.
    pub session: Jwt,
    /// For callers without cookies: anybody may verify them.
    pub access: Jwt,
}

impl Jwts {
    /// Tokens issued by `issuer`, the public URL, with the keys of these two rings.
    pub fn new(session: Keys, access: Keys, issuer: &str) -> Self {
        let api = format!("{issuer}/api");
        Self { session: Jwt::new(session, issuer, issuer), access: Jwt::new(access, issuer, &api) }
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a UserId,
    sid: &'a SessionId,
    ver: i64,
    role: Role,
    iat: i64,
    exp: i64,
    auth_time: i64,
    cap: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
}

/// What is read of a token: all that is in ours, and in the form it has there.
#[derive(Deserialize)]
struct Verified {
    /// Compared by the library, which takes a list as well.
    #[serde(rename = "iss")]
    _iss: String,
    #[serde(rename = "aud")]
    _aud: String,
    sub: UserId,
    sid: SessionId,
    ver: i64,
    role: Role,
    iat: i64,
    nbf: Option<i64>,
    exp: i64,
    auth_time: i64,
    cap: i64,
    jti: Option<String>,
}

impl Jwt {
    fn new(keys: Keys, issuer: &str, audience: &str) -> Self {
        let mut validation = Validation::new(keys.purpose().algorithm());
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library asks the system clock and allows a minute; `Session::is_live` asks ours and allows nothing.
        validation.validate_exp = false;
        let named = keys.purpose() == Purpose::Access;
        Self { keys, issuer: issuer.to_owned(), audience: audience.to_owned(), named, validation }
    }

    /// The ring.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The token of `session`, issued at `now`.
    ///
    /// # Errors
    /// The library refused to sign; no session of this program makes it do so.
    pub fn sign(&self, session: &Session, now: Timestamp) -> Result<String, Internal> {
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &session.user_id,
            sid: &session.id,
            ver: session.version,
            role: session.role,
            iat: now.seconds(),
            exp: session.expires_at.seconds(),
            auth_time: session.auth_time.seconds(),
            cap: session.ends_at.seconds(),
            jti: self.named.then(random_text),
        };
        let ring = self.keys.ring();
        let key = ring.signing(now).ok_or_else(|| Internal::new("the key ring is empty"))?;
        Ok(encode(&key.header, &claims, &key.encoding)?)
    }

    /// The key that a token says it is signed with, if it says that it is of this kind.
    fn key_of<'k>(&self, ring: &'k Ring, token: &str) -> Option<&'k Arc<Key>> {
        // Ours begin with the very text that the key was given: nothing of it needs to be read then.
        if let Some(key) = token.split_once('.').and_then(|(head, _)| ring.headed(head)) {
            return Some(key);
        }
        let header = decode_header(token).ok()?;
        let ours = header.typ.as_deref() == Some(self.keys.purpose().kind()) && header.crit.is_none();
        ring.named(header.kid.as_deref().filter(|_| ours)?)
    }

    /// The session of a genuine token, ended or not; `None` for anything else, whatever is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Session> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let ring = self.keys.ring();
        let key = self.key_of(&ring, token)?;
        let claims = decode::<Verified>(token, &key.decoding, &self.validation).ok()?.claims;
        let started = claims.nbf.unwrap_or(claims.iat) <= now.seconds().saturating_add(CLOCK_SKEW_SECONDS);
        if !started || claims.jti.is_some() != self.named {
            return None;
        }
        Some(Session {
            id: SessionId::parse(claims.sid.as_str())?,
            user_id: UserId::parse(claims.sub.as_str())?,
            version: claims.ver,
            role: claims.role,
            auth_time: Timestamp::from_seconds(claims.auth_time),
            expires_at: Timestamp::from_seconds(claims.exp.min(claims.cap)),
            ends_at: Timestamp::from_seconds(claims.cap),
        })
    }
}

/// How far the clock of the node that issued a token may be ahead of ours.
const CLOCK_SKEW_SECONDS: i64 = 60;
