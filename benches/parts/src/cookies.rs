//! Finding our cookies in the header of a browser that has some of others too.
use std::{hint::black_box, iter};

use criterion::Criterion;
use nightlatch::web::cookies::{named, planted};

const OWN: [&str; 3] = ["__Host-nightlatch", "__Host-nightlatch-flow", "__Host-nightlatch-device"];

/// Asks for it twice, as each request does: whether somebody planted one, and what ours says.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cookies");
    let token = "x".repeat(480);
    let header = format!("theme=dark; {}=5zJyoIFC-C8ZteTw3D-zKw; {}={token}; lang=en", OWN[2], OWN[0]);
    group.bench_function("planted", |bencher| {
        bencher.iter(|| planted(iter::once(black_box(&*header)), OWN));
    });
    group.bench_function("named", |bencher| {
        bencher.iter(|| named(iter::once(black_box(&*header)), OWN[0]).map(str::len));
    });
}
