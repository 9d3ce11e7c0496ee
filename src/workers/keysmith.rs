//! Keeps the key rings: reads what other nodes added, and adds a key when it is time.
use std::{sync::Arc, time::Duration};

use super::crew::Stop;
use crate::{clock::Clock, db::Pool, keys::Keys, secret::Secret};

/// How often the rings are read: many times while a new key waits before it signs.
const INTERVAL: Duration = Duration::from_secs(60);

/// Looks after the rings.
pub struct Keysmith {
    /// Where the keys are.
    pub db: Pool,
    /// The time by which they change.
    pub clock: Clock,
    /// Seals them.
    pub secret: Arc<Secret>,
    /// The rings.
    pub rings: [Keys; 2],
    /// How old the newest key becomes before there is another.
    pub rotate: Duration,
}

impl Keysmith {
    /// Keeps the rings until it has to `stop`.
    pub async fn run(&self, stop: &Stop) {
        stop.sleep(INTERVAL).await;
        while !stop.is_set() {
            self.renew().await;
            stop.sleep(INTERVAL).await;
        }
    }

    /// Reads the rings, and adds to them what is due; a ring that cannot be read stays as it is.
    pub async fn renew(&self) {
        for ring in &self.rings {
            if let Err(error) = ring.renew(&self.db, &self.secret, self.rotate, self.clock.now()).await {
                tracing::error!(%error, "a key ring could not be read; it stays as it was");
            }
        }
    }
}
