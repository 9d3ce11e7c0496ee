//! Asking whether a session was ended, where a million were lately: the worst that a request can meet. benches/load shows the figures.
use std::{hint::black_box, time::Duration};

use criterion::Criterion;
use nightlatch::{
    model::{
        id::SessionId,
        session::{EndReason, Ending},
    },
    revocations::Revocations,
};

use crate::NOW;

const NUMBER: usize = 1_000_000;
const HORIZON: Duration = Duration::from_secs(600);

/// As many as are asked in turn: what was asked of a moment ago is still in the processor's cache.
const ASKED: usize = 1 << 16;

/// Asks about sessions that go on, and about ended ones.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("revocations");
    let set = Revocations::new(HORIZON);
    let ending = Ending { reason: EndReason::LoggedOut, until: NOW.plus(HORIZON) };
    let ended: Vec<_> = (0..NUMBER).map(|_| SessionId::random()).collect();
    for session in &ended {
        set.end(session, ending, NOW, Duration::ZERO);
    }
    assert_eq!(set.count(), NUMBER);
    let open: Vec<_> = (0..ASKED).map(|_| SessionId::random()).collect();
    for (name, sessions) in [("open", open.iter()), ("ended", ended[..ASKED].iter())] {
        let mut asked = sessions.cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| set.standing(black_box(asked.next().expect("a circle")), || Duration::ZERO));
        });
    }
}
