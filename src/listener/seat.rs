//! What a connection is at, for those who may take its place.
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// What a connection is at, and since when.
pub struct Seat {
    /// The stage in the lowest two bits, and above them the number of answers.
    word: AtomicU32,
    began: Instant,
    /// When the last answer was handed on, in milliseconds from the beginning.
    done: AtomicU64,
}

/// What a connection is at; the number of each is in its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stage {
    /// It waits for a request, or for the rest of its head.
    Waiting,
    /// The head was read; the body is on its way.
    Reading,
    /// A whole request is under way: it is answered, whoever wants the place.
    Answering,
    /// The place was given to somebody else.
    Lost,
}

const STAGES: u32 = 4;

impl Default for Seat {
    fn default() -> Self {
        Self { word: AtomicU32::new(0), began: Instant::now(), done: AtomicU64::new(0) }
    }
}

impl Seat {
    /// How many answers were given, and the stage.
    pub fn now(&self) -> (u32, Stage) {
        let word = self.word.load(Ordering::Acquire);
        let stage = match word % STAGES {
            0 => Stage::Waiting,
            1 => Stage::Reading,
            2 => Stage::Answering,
            _ => Stage::Lost,
        };
        (word / STAGES, stage)
    }

    /// A head was read; false where the place is lost.
    pub fn read(&self) -> bool {
        self.step(Stage::Waiting, 1)
    }

    /// The whole request was read; false where the place is lost.
    pub fn answer(&self) -> bool {
        self.step(Stage::Reading, 1)
    }

    /// When the last answer was handed on; before the first, when the connection began.
    pub fn done_at(&self) -> Instant {
        self.began + Duration::from_millis(self.done.load(Ordering::Acquire))
    }

    /// The answer was handed on.
    pub fn done(&self) {
        self.done.store(self.began.elapsed().as_millis() as u64, Ordering::Release);
        self.step(Stage::Answering, 2);
    }

    /// Takes the place from a connection of which no whole request is there.
    pub fn take(&self) -> bool {
        self.step(Stage::Waiting, 3) || self.step(Stage::Reading, 2)
    }

    /// Takes the place from a connection that waits for a request, or for the rest of its head.
    pub fn take_waiting(&self) -> bool {
        self.step(Stage::Waiting, 3)
    }

    fn step(&self, from: Stage, by: u32) -> bool {
        // Read once: between two looks a request may have begun.
        let word = self.word.load(Ordering::Acquire);
        word % STAGES == from as u32
            && self.word.compare_exchange(word, word.wrapping_add(by), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}
