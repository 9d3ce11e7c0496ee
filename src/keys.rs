//! The key rings: signing keys made on first start, shared through the database, sealed with the secret, changed from time to time.
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};

use crate::{
    accounts::Internal,
    clock::Timestamp,
    db::Pool,
    model::id::{random, random_text},
    secret::Secret,
    store,
};

/// Bytes of a key: as many as the hash of HS256 gives (RFC 7518, 3.2), and the seed of Ed25519 (RFC 8032).
const KEY_BYTES: usize = 32;

/// A new key signs only after this: by then every node has read it, and whoever keeps our public keys has asked for them again.
pub const LEAD: Duration = Duration::from_secs(600);

/// No token is longer than this: sessions and access tokens end within a day however they are set.
const LAST_TOKEN: Duration = Duration::from_secs(24 * 3600);

/// What the keys of a ring are for; a key of one ring verifies nothing of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Tokens in the session cookie: a secret that only this instance needs.
    Session,
    /// Access tokens: a key pair, whose public part anybody may have.
    Access,
}

impl Purpose {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Access => "access",
        }
    }

    /// How tokens of these keys are signed.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Session => Algorithm::HS256,
            Self::Access => Algorithm::EdDSA,
        }
    }

    /// What such tokens say they are (`typ`).
    pub fn kind(self) -> &'static str {
        match self {
            Self::Session => "session+jwt",
            Self::Access => "access+jwt",
        }
    }
}

/// A ring that every clone shares.
#[derive(Clone)]
pub struct Keys {
    purpose: Purpose,
    ring: Arc<RwLock<Arc<Ring>>>,
}

/// The keys of one purpose, the newest first.
pub struct Ring(Vec<Arc<Key>>);

/// One key under its `kid`.
pub struct Key {
    /// Its name.
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The header of its tokens.
    pub header: Header,
    /// The same as every token that this program signs by it begins, up to the first dot.
    pub head: String,
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
    /// The public part in base64url, where there is one (RFC 8037).
    pub public: Option<String>,
}

impl Keys {
    /// Loads a ring, making the first key if there is none; nodes that start at once agree on one.
    ///
    /// # Errors
    /// The database is gone, or a key was sealed with another secret.
    pub async fn load(db: &Pool, secret: &Secret, purpose: Purpose, now: Timestamp) -> Result<Self, Internal> {
        if store::keys::all(&**db, purpose.as_str()).await?.is_empty() {
            add(db, secret, purpose, 1, now).await?;
        }
        let ring = read(db, secret, purpose).await?;
        Ok(Self { purpose, ring: Arc::new(RwLock::new(Arc::new(ring))) })
    }

    /// Reads the ring again, and adds a key where the newest is older than `rotate`.
    ///
    /// # Errors
    /// The database is gone; the ring stays as it is.
    pub async fn renew(&self, db: &Pool, secret: &Secret, rotate: Duration, now: Timestamp) -> Result<(), Internal> {
        let rows = store::keys::all(&**db, self.purpose.as_str()).await?;
        let newest = rows.last().ok_or_else(|| Internal::new("the key ring is empty"))?;
        if now >= newest.created_at.plus(rotate) {
            add(db, secret, self.purpose, newest.generation + 1, now).await?;
        }
        // Its successor has signed for so long that nothing of an older key verifies any more.
        if let Some(signing) = rows.iter().rev().find(|row| now >= row.created_at.plus(LEAD).plus(LAST_TOKEN)) {
            store::keys::delete_below(&**db, self.purpose.as_str(), signing.generation).await?;
        }
        let ring = read(db, secret, self.purpose).await?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }

    /// Adds a key, however new the newest is. It signs when every node has read it.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn rotate(&self, db: &Pool, secret: &Secret, now: Timestamp) -> Result<(), Internal> {
        let rows = store::keys::all(&**db, self.purpose.as_str()).await?;
        let newest = rows.last().ok_or_else(|| Internal::new("the key ring is empty"))?;
        add(db, secret, self.purpose, newest.generation + 1, now).await
    }

    /// What its keys are for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The ring as it is now.
    pub fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ring {
    /// The key that signs at `now`: the newest that everybody knows.
    pub fn signing(&self, now: Timestamp) -> Option<&Arc<Key>> {
        self.0.iter().find(|key| now >= key.created_at.plus(LEAD)).or(self.0.last())
    }

    /// The key of this name.
    pub fn named(&self, kid: &str) -> Option<&Arc<Key>> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The key whose tokens begin like this.
    pub fn headed(&self, head: &str) -> Option<&Arc<Key>> {
        self.0.iter().find(|key| key.head == head)
    }

    /// Every key, the newest first.
    pub fn all(&self) -> &[Arc<Key>] {
        &self.0
    }
}

/// Adds a key of this generation, unless another node was faster.
///
/// # Errors
/// The database is gone.
pub async fn add(
    db: &Pool,
    secret: &Secret,
    purpose: Purpose,
    generation: i64,
    now: Timestamp,
) -> Result<(), Internal> {
    let kid = random_text();
    let sealed = secret.seal(&place(&kid), &random::<KEY_BYTES>())?;
    Ok(store::keys::insert(&**db, purpose.as_str(), generation, &kid, &sealed, now).await?)
}

async fn read(db: &Pool, secret: &Secret, purpose: Purpose) -> Result<Ring, Internal> {
    let mut keys = Vec::new();
    for row in store::keys::all(&**db, purpose.as_str()).await?.into_iter().rev() {
        let wrong =
            |_| Internal::new("a signing key does not open: NIGHTLATCH_SECRET_KEY is not the one of this database");
        let bytes = secret.open(&place(&row.kid), &row.sealed).map_err(wrong)?;
        keys.push(Arc::new(Key::new(purpose, row.kid, row.created_at, &bytes)?));
    }
    if keys.is_empty() { Err(Internal::new("the key ring is empty")) } else { Ok(Ring(keys)) }
}

impl Key {
    fn new(purpose: Purpose, kid: String, created_at: Timestamp, bytes: &[u8]) -> Result<Self, Internal> {
        let (encoding, decoding, public) = match purpose {
            Purpose::Session => (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes), None),
            Purpose::Access => {
                let pair = Ed25519KeyPair::from_seed_unchecked(bytes)?;
                let public = URL_SAFE_NO_PAD.encode(pair.public_key());
                let encoding = EncodingKey::from_ed_der(pair.to_pkcs8v1()?.as_ref());
                (encoding, DecodingKey::from_ed_components(&public)?, Some(public))
            }
        };
        let mut header = Header::new(purpose.algorithm());
        (header.typ, header.kid) = (Some(purpose.kind().to_owned()), Some(kid.clone()));
        let nothing = encode(&header, &(), &encoding)?;
        let head = nothing.split('.').next().unwrap_or_default().to_owned();
        Ok(Self { kid, created_at, header, head, encoding, decoding, public })
    }
}

fn place(kid: &str) -> String {
    format!("key:{kid}")
}
