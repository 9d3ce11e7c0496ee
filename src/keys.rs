//! The key ring: signing keys made on first start, shared through the database, sealed with the secret.
use std::collections::HashMap;

use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::{
    accounts::Internal,
    clock::Timestamp,
    db::Pool,
    model::id::{random, random_text},
    secret::Secret,
    store,
};

/// Bytes of a signing key: as many as the hash gives (RFC 7518, 3.2).
const KEY_BYTES: usize = 32;

/// What the keys of the session cookie are called in the table.
const SESSION: &str = "session";

/// The keys that sign and verify session tokens.
pub struct Keys {
    by_kid: HashMap<String, Key>,
    newest: String,
}

/// One key under its `kid`.
pub struct Key {
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
}

impl Keys {
    /// Loads the ring, making the first key if there is none; nodes that start at once agree on one.
    ///
    /// # Errors
    /// The database is gone, or a key was sealed with another secret.
    pub async fn load(db: &Pool, secret: &Secret, now: Timestamp) -> Result<Self, Internal> {
        let mut rows = store::keys::all(&**db, SESSION).await?;
        if rows.is_empty() {
            let kid = random_text();
            let sealed = secret.seal(&place(&kid), &random::<KEY_BYTES>())?;
            store::keys::insert(&**db, SESSION, 1, &kid, &sealed, now).await?;
            rows = store::keys::all(&**db, SESSION).await?;
        }
        let newest = rows.last().map(|(kid, _)| kid.clone()).ok_or_else(|| Internal::new("the key ring is empty"))?;
        let mut by_kid = HashMap::new();
        for (kid, sealed) in rows {
            let wrong =
                |_| Internal::new("a signing key does not open: NIGHTLATCH_SECRET_KEY is not the one of this database");
            let key = secret.open(&place(&kid), &sealed).map_err(wrong)?;
            by_kid.insert(
                kid,
                Key { encoding: EncodingKey::from_secret(&key), decoding: DecodingKey::from_secret(&key) },
            );
        }
        Ok(Self { by_kid, newest })
    }

    /// The key that signs, with its `kid`.
    pub fn signing(&self) -> (&str, &Key) {
        (&self.newest, &self.by_kid[&self.newest])
    }

    /// The key of this name, if the ring has it.
    pub fn named(&self, kid: &str) -> Option<&Key> {
        self.by_kid.get(kid)
    }
}

fn place(kid: &str) -> String {
    format!("key:{kid}")
}
