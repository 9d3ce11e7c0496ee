//! Session tokens: signs a [`Session`] as a JWT and reads it back (RFC 7519, RFC 8725).
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::Internal,
    clock::Timestamp,
    keys::Keys,
    model::{
        id::{SessionId, UserId},
        session::Session,
        user::Role,
    },
};

/// The kind of token in the session cookie: no other kind is taken for it (RFC 8725, 3.11).
const TYPE: &str = "session+jwt";

/// A longer text is not read at all; our own tokens stay under 1 KB.
const MAX_LENGTH: usize = 2048;

/// Signs and verifies session tokens with one algorithm and the keys of our own ring.
pub struct Jwt {
    keys: Keys,
    header: Header,
    issuer: String,
    validation: Validation,
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
}

/// What is read of a token; issuer and audience are compared by the library and not kept.
#[derive(Deserialize)]
struct Verified {
    sub: UserId,
    sid: SessionId,
    ver: i64,
    role: Role,
    iat: i64,
    nbf: Option<i64>,
    exp: i64,
    auth_time: i64,
    cap: i64,
}

impl Jwt {
    /// Tokens issued by and for `issuer`, the public URL.
    pub fn new(keys: Keys, issuer: &str) -> Self {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.into());
        header.kid = Some(keys.signing().0.to_owned());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library asks the system clock and allows a minute; `Session::is_live` asks ours and allows nothing.
        validation.validate_exp = false;
        Self { keys, header, issuer: issuer.to_owned(), validation }
    }

    /// The token of `session`, issued at `now`.
    ///
    /// # Errors
    /// The library refused to sign; no session of this program makes it do so.
    pub fn sign(&self, session: &Session, now: Timestamp) -> Result<String, Internal> {
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.issuer,
            sub: &session.user_id,
            sid: &session.id,
            ver: session.version,
            role: session.role,
            iat: now.seconds(),
            exp: session.expires_at.seconds(),
            auth_time: session.auth_time.seconds(),
            cap: session.ends_at.seconds(),
        };
        Ok(encode(&self.header, &claims, &self.keys.signing().1.encoding)?)
    }

    /// The session of a genuine token, ended or not; `None` for anything else, whatever is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Session> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let key = self.keys.named(header.kid.as_deref()?)?;
        let claims = decode::<Verified>(token, &key.decoding, &self.validation).ok()?.claims;
        let started = claims.nbf.unwrap_or(claims.iat) <= now.seconds().saturating_add(CLOCK_SKEW_SECONDS);
        started.then(|| Session {
            id: claims.sid,
            user_id: claims.sub,
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
