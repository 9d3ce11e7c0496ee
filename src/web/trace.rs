//! Names each request, so that every line of the log about it says which one.
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rocket::Request;
use tracing::{Instrument, Span, info_span, instrument::Instrumented};

/// The name of a request. No secret, and unlike a plain number it tells nobody how many there were.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(u64);

impl RequestId {
    fn next() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // Random for each process, and much faster than asking the operating system for each request.
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(KEY.hash_one(NUMBER.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A request as the log knows it.
pub struct Trace {
    /// Its name.
    pub id: RequestId,
    /// Whether a fairing panicked before there was a handler.
    pub broken: AtomicBool,
    span: Span,
}

impl Trace {
    /// The one of `request`.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| {
            let id = RequestId::next();
            Self { id, broken: AtomicBool::new(false), span: info_span!("request", request_id = %id) }
        })
    }

    /// Lines that `act` writes carry the name.
    pub fn around<T>(&self, act: impl FnOnce() -> T) -> T {
        // Entered twice, it would stand twice in a line of text.
        if Span::current() == self.span { act() } else { self.span.in_scope(act) }
    }

    /// The same for what takes its time.
    pub fn follow<F: Future>(&self, act: F) -> Instrumented<F> {
        act.instrument(self.span.clone())
    }
}
