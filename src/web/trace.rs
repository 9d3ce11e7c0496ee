//! Names each request, so that every line of the log about it says which one.
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rocket::Request;
use tokio::task::futures::TaskLocalFuture;

use crate::log::{REQUEST, RequestId};

/// A request as the log knows it.
pub struct Trace {
    /// Its name.
    pub id: RequestId,
    /// Whether a fairing panicked before there was a handler.
    pub broken: AtomicBool,
}

impl Trace {
    /// The one of `request`.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self { id: next(), broken: AtomicBool::new(false) })
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
