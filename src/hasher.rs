//! Argon2id on threads of its own: bounded in number, memory and queue, so that hashing never blocks other requests.
mod hex;
mod stored;

pub use stored::{HashRefusal, StoredHash};

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
use rustix::process::setpriority_process;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{accounts::Internal, model::id::random, model::password::Password, settings};

/// How long a sign-in waits for its turn before it is told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Bytes of a tag (RFC 9106, 4: 256 bits).
const TAG_BYTES: usize = 32;

/// How far hashing threads stand behind those that answer (nice(2), which counts for a thread on Linux): while both want a core, they get
/// a third of it.
const NICE: i32 = 5;

/// How long memory for hashes is kept when nobody signs in.
const KEPT: Duration = Duration::from_secs(10);

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

/// What a thread does, in memory that it is lent.
type Job = Box<dyn FnOnce(Memory) + Send>;

/// Kept for the next job when dropped: allocating 19 MiB for each costs more than the locks.
struct Memory {
    blocks: Vec<Block>,
    kept: Arc<Mutex<Vec<Vec<Block>>>>,
    /// One that grew beyond this is let go.
    most: usize,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.blocks.capacity() <= self.most {
            lock(&self.kept).push(std::mem::take(&mut self.blocks));
        }
    }
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
            let most = params.block_count();
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&queue, &kept, most))?;
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
        let (salt, params) = (random::<16>(), self.params.clone());
        let made = self.compute(move |blocks| {
            blocks.resize(params.block_count(), Block::default());
            let mut tag = [0; TAG_BYTES];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into_with_memory(password.as_bytes(), &salt, &mut tag, blocks).map(|()| tag)
        });
        let tag = made.await?.map_err(Internal::from)?;
        Ok(phc(&self.params, &salt, &tag)?)
    }

    /// Whether `password` is the one behind `stored`, which may be a hash from elsewhere. Without a stored hash the answer is no, after the
    /// work that one of our own takes.
    ///
    /// # Errors
    /// As [`Hasher::hash`]; a stored hash that cannot be read is internal.
    pub async fn verify(&self, password: Arc<Password>, stored: Option<&str>) -> Result<bool, HashError> {
        let hash = StoredHash::read(stored.unwrap_or(&self.decoy))
            .map_err(|refusal| Internal::new(&format!("a stored hash {refusal}")))?;
        let compared = self.compute(move |blocks| {
            // A password may have been hashed as it was typed, before its Unicode form was made one here.
            for reading in password.readings() {
                if hash.is_of(reading, blocks)? {
                    return Ok(true);
                }
            }
            Ok::<_, Internal>(false)
        });
        Ok(compared.await?? && stored.is_some())
    }

    /// Whether `stored` was made elsewhere, or with other parameters than those of today.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let hash = StoredHash::read(stored).ok();
        hash.as_ref().and_then(StoredHash::own_params).map(costs) != Some(costs(&self.params))
    }

    /// What is under way now.
    pub fn load(&self) -> Load {
        let running = self.permits.saturating_sub(self.turns.available_permits());
        Load { running, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let _turn = match self.turns.clone().try_acquire_owned() {
            Ok(turn) => turn,
            Err(_) => self.wait_for_turn().await?,
        };
        let (answer, done) = oneshot::channel();
        let gone = |_| Internal::new("a hashing thread is gone");
        let job: Job = Box::new(move |mut memory| {
            let outcome = work(&mut memory.blocks);
            // Before the answer: whoever comes next finds it.
            drop(memory);
            // The caller may have gone away; then nobody needs the answer.
            let _ = answer.send(outcome);
        });
        self.jobs.send(job).map_err(|_| gone(()))?;
        Ok(done.await.map_err(|_| gone(()))?)
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

/// Does one job after another.
fn work(queue: &Mutex<mpsc::Receiver<Job>>, kept: &Arc<Mutex<Vec<Vec<Block>>>>, most: usize) {
    // Where it is refused, others wait a little longer.
    let _ = setpriority_process(None, NICE);
    loop {
        // One waits at a time: for all of them, also where the memory of others is no longer needed.
        let job = lock(queue).recv_timeout(KEPT);
        match job {
            Ok(job) => {
                let blocks = lock(kept).pop().unwrap_or_default();
                job(Memory { blocks, kept: Arc::clone(kept), most });
            }
            Err(RecvTimeoutError::Timeout) => lock(kept).clear(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
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
