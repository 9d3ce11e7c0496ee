//! What a connection is at, for those who may take its place.
use std::sync::atomic::{AtomicU32, Ordering};

/// The stage in the lowest two bits, and above them the number of answers.
#[derive(Default)]
pub struct Seat(AtomicU32);

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Seat {
    /// How many answers were given, and the stage.
    pub fn now(&self) -> (u32, Stage) {
        let word = self.0.load(Ordering::Acquire);
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

    /// The answer was handed on.
    pub fn done(&self) {
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
        let (_, stage) = self.now();
        let word = self.0.load(Ordering::Acquire);
        stage == from
            && self.0.compare_exchange(word, word.wrapping_add(by), Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}
