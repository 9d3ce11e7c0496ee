//! The workers of a server: each begins anew when it panics, and all finish what they are at when the server stops.
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

/// The wait after a panic, when it was the first in a while; each further one is twice as long.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait, and how long a worker has to go well until the next panic is a first one.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long after the one before each begins: all at once they would open a connection to the database each, and SQLite's take a quarter
/// of a megabyte.
const APART: Duration = Duration::from_millis(20);

/// Those who are at work.
pub struct Crew {
    first_wait: Duration,
    told: watch::Sender<bool>,
    at_work: Mutex<JoinSet<()>>,
}

/// What a worker asks between two items: whether it has to go.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Crew {
    /// Nobody yet. Whoever panics begins again after `first_wait`, see [`FIRST_WAIT`].
    pub fn new(first_wait: Duration) -> Self {
        Self { first_wait, told: watch::Sender::new(false), at_work: Mutex::default() }
    }

    /// Sets somebody to `work`, which ends when it is told to stop.
    pub fn hire<W>(&self, name: &'static str, work: impl Fn(Stop) -> W + Send + 'static)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let (stop, kept) = (self.stop(), keep(name, work, self.first_wait, self.stop()));
        // A panic elsewhere leaves the set as it was.
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = APART * u32::try_from(at_work.len()).unwrap_or(0);
        at_work.spawn(async move {
            stop.sleep(wait).await;
            kept.await;
        });
    }

    /// What everybody is told by.
    pub fn stop(&self) -> Stop {
        Stop(self.told.subscribe())
    }

    /// Tells everybody to finish the item at hand, and to begin none.
    pub fn dismiss(&self) {
        self.told.send_replace(true);
    }

    /// Waits until everybody has finished; false where that takes longer than `patience`, and then they end where they are.
    pub async fn is_done(&self, patience: Duration) -> bool {
        self.dismiss();
        let mut at_work = std::mem::take(&mut *self.at_work.lock().unwrap_or_else(PoisonError::into_inner));
        timeout(patience, async { while at_work.join_next().await.is_some() {} }).await.is_ok()
    }
}

impl Stop {
    /// Whether it is time.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub async fn wait(&self) {
        // Nobody is left to tell: that is a stop too.
        let _ = self.0.clone().wait_for(|told| *told).await;
    }

    /// Waits for so long, or until it is time.
    pub async fn sleep(&self, span: Duration) {
        let _ = timeout(span, self.wait()).await;
    }
}

async fn keep<W>(name: &'static str, work: impl Fn(Stop) -> W, first_wait: Duration, stop: Stop)
where
    W: Future<Output = ()> + Send + 'static,
{
    let mut wait = first_wait;
    while !stop.is_set() {
        let began = Instant::now();
        // A task of its own catches a panic, and the set takes it along when this ends before.
        let mut task = JoinSet::new();
        task.spawn(work(stop.clone()));
        task.join_next().await;
        if stop.is_set() {
            return;
        }
        if began.elapsed() >= LONGEST_WAIT {
            wait = first_wait;
        }
        tracing::error!(worker = name, again_in = ?wait, "a worker has ended; it begins anew");
        stop.sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
