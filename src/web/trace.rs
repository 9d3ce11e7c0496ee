//! Names each request, so that every line of the log about it says which one.
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rocket::Request;
use tokio::task::futures::TaskLocalFuture;

use super::{headers::Late, passive::is_quiet};
use crate::log::{REQUEST, RequestId};

/// What is kept of a request from its first step to its last.
pub struct Trace {
    /// Its name.
    pub id: RequestId,
    /// Whether a fairing panicked before there was a handler.
    pub broken: AtomicBool,
    /// Whether its method or a header says that it is passive.
    pub is_quiet: bool,
    /// The uptime when it came, where answers are measured.
    pub came: OnceLock<Duration>,
    /// Where the door waits for what all answers have, if it came through the door.
    pub late: Option<Arc<Late>>,
}

impl Trace {
    /// The one of `request`.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self::new(request, None))
    }

    /// Begins it for a request that came through the door.
    pub fn begin(request: &Request<'_>, late: &Arc<Late>) {
        request.local_cache(|| Self::new(request, Some(Arc::clone(late))));
    }

    fn new(request: &Request<'_>, late: Option<Arc<Late>>) -> Self {
        let (id, is_quiet) = (next(), is_quiet(request));
        Self { id, broken: AtomicBool::new(false), is_quiet, came: OnceLock::new(), late }
    }

    /// Lines that `act` writes carry the name.
    pub fn around<T>(&self, act: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self.id, act)
    }

    /// The same for what takes its time.
    pub fn follow<F: Future>(&self, act: F) -> TaskLocalFuture<RequestId, F> {
        REQUEST.scope(self.id, act)
    }
}

fn next() -> RequestId {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    // Random for each process, and much faster than asking the operating system for each request.
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    RequestId(KEY.hash_one(NUMBER.fetch_add(1, Ordering::Relaxed)))
}
