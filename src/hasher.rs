//! Argon2id on threads of its own: bounded in number, memory and queue, so that hashing never blocks other requests.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{accounts::Internal, model::id::random, model::password::Password, settings};

/// How long a sign-in waits for its turn before it is told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Bytes of a tag (RFC 9106, 4: 256 bits).
const TAG_BYTES: usize = 32;

/// How long memory for hashes is kept when nobody signs in.
const KEPT: Duration = Duration::from_secs(10);

/// The costliest stored hash that is computed: a hostile one must not stop the server.
const MAX_MEMORY_KIB: u32 = 1 << 20;

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    decoy: Arc<str>,
    permits: usize,
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    refused: Counter,
    jobs: mpsc::Sender<Job>,
}

/// What a [`Hasher`] is busy with.
pub struct Load {
    /// Hashes under way.
    pub running: usize,
    /// Hashes that wait for their turn.
    pub waiting: usize,
}

/// More hashes are wanted than this machine can make: come back in a moment.
#[derive(Debug)]
pub struct Overloaded;

/// Why a hash was not made or compared.
#[derive(Debug)]
pub enum HashError {
    /// See [`Overloaded`].
    Overloaded(Overloaded),
    /// The library refused.
    Internal(Internal),
}

struct Job {
    params: Params,
    salt: Vec<u8>,
    password: Arc<Password>,
    answer: oneshot::Sender<Result<[u8; TAG_BYTES], argon2::Error>>,
}

impl Hasher {
    /// Starts the threads. `refused` counts those who were told to come back.
    ///
    /// # Errors
    /// Parameters that Argon2 does not allow, or no thread to be had.
    pub fn start(password: &settings::Password, hash: &settings::Hash, refused: Counter) -> Result<Self, Internal> {
        let params = Params::new(password.memory_kib, password.iterations, password.parallelism, Some(TAG_BYTES))?;
        let (jobs, queue) = mpsc::channel();
        let (queue, kept) = (Arc::new(Mutex::new(queue)), Arc::<Mutex<_>>::default());
        for number in 0..hash.permits {
            let (queue, kept) = (Arc::clone(&queue), Arc::clone(&kept));
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&queue, &kept))?;
        }
        Ok(Self {
            decoy: phc(&params, &random::<16>(), &random())?.into(),
            params,
            permits: hash.permits,
            turns: Arc::new(Semaphore::new(hash.permits)),
            waiting: Arc::new(AtomicUsize::new(0)),
            queue: hash.queue,
            refused,
            jobs,
        })
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`HashError::Overloaded`] when the queue is full or the wait is over two seconds.
    pub async fn hash(&self, password: Arc<Password>) -> Result<String, HashError> {
        let salt = random::<16>();
        let tag = self.compute(self.params.clone(), salt.to_vec(), password).await?;
        Ok(phc(&self.params, &salt, &tag)?)
    }

    /// Whether `password` is the one behind `stored`. Without a stored hash the answer is no, after the same work.
    ///
    /// # Errors
    /// As [`Hasher::hash`]; a stored hash that cannot be read is internal.
    pub async fn verify(&self, password: Arc<Password>, stored: Option<&str>) -> Result<bool, HashError> {
        let hash = PasswordHash::new(stored.unwrap_or(&self.decoy)).map_err(Internal::from)?;
        let params = Params::try_from(&hash).map_err(Internal::from)?;
        let (Some(salt), Some(tag)) = (hash.salt, hash.hash) else {
            return Err(Internal::new("a stored hash lacks salt or tag").into());
        };
        let usual =
            hash.algorithm.as_str() == "argon2id" && tag.len() == TAG_BYTES && params.m_cost() <= MAX_MEMORY_KIB;
        if !usual {
            return Err(Internal::new("a stored hash is not an affordable Argon2id hash of 32 bytes").into());
        }
        let computed = self.compute(params, salt.to_vec(), password).await?;
        let computed = Output::new(&computed).map_err(Internal::from)?;
        // `Output` compares in constant time.
        Ok(computed == tag && stored.is_some())
    }

    /// Whether `stored` was made with other parameters than those of today.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let params = PasswordHash::new(stored).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost())
                != (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
        })
    }

    /// What is under way now.
    pub fn load(&self) -> Load {
        let running = self.permits.saturating_sub(self.turns.available_permits());
        Load { running, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    async fn compute(
        &self,
        params: Params,
        salt: Vec<u8>,
        password: Arc<Password>,
    ) -> Result<[u8; TAG_BYTES], HashError> {
        let _turn = match self.turns.clone().try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => self.wait_for_turn().await?,
        };
        let (answer, tag) = oneshot::channel();
        let gone = |_| Internal::new("a hashing thread is gone");
        self.jobs.send(Job { params, salt, password, answer }).map_err(|_| gone(()))?;
        Ok(tag.await.map_err(|_| gone(()))?.map_err(Internal::from)?)
    }

    async fn wait_for_turn(&self) -> Result<OwnedSemaphorePermit, Overloaded> {
        let turn = match Place::take(&self.waiting, self.queue) {
            Some(_place) => tokio::time::timeout(LONGEST_WAIT, self.turns.clone().acquire_owned()).await.ok(),
            None => None,
        };
        turn.and_then(Result::ok).ok_or_else(|| {
            self.refused.inc();
            Overloaded
        })
    }
}

/// A place in the queue, given back when dropped, also by a caller that went away.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, queue: usize) -> Option<Self> {
        let room = |waiting: usize| (waiting < queue).then_some(waiting + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        Some(Self(Arc::clone(waiting)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Computes one job after another in memory that is kept for the next: allocating 19 MiB for each costs more than the locks.
fn work(queue: &Mutex<mpsc::Receiver<Job>>, kept: &Mutex<Vec<Vec<Block>>>) {
    loop {
        // One waits at a time: for all of them, also where the memory of others is no longer needed.
        let job = lock(queue).recv_timeout(KEPT);
        let Job { params, salt, password, answer } = match job {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                lock(kept).clear();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut memory = lock(kept).pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let mut tag = [0; TAG_BYTES];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = argon2.hash_password_into_with_memory(password.as_bytes(), &salt, &mut tag, &mut memory);
        // Before the answer: whoever comes next finds it.
        lock(kept).push(memory);
        // The caller may have gone away; then nobody needs the answer.
        let _ = answer.send(done.map(|()| tag));
    }
}

// A panic while the lock was held leaves a queue, or memory that is written over.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn phc(params: &Params, salt: &[u8], tag: &[u8; TAG_BYTES]) -> Result<String, Internal> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into()?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(tag)?),
    };
    Ok(hash.to_string())
}

impl From<Overloaded> for HashError {
    fn from(overloaded: Overloaded) -> Self {
        Self::Overloaded(overloaded)
    }
}

impl From<Internal> for HashError {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}
