//! A hash by the library alone, and by the threads that a sign-in waits for.
use std::{hint::black_box, sync::Arc};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::Criterion;
use nightlatch::{hasher::Hasher, model::password::Password, settings};
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::Runtime;

const PASSWORD: &str = "copper kettle violin harbour";

/// Hashes one, at the costs that are the default.
pub fn bench(criterion: &mut Criterion) {
    let costs = settings::Password::default();
    let mut group = criterion.benchmark_group("passwords");
    // Each takes some ten milliseconds.
    group.sample_size(10);
    let params = Params::new(costs.memory_kib, costs.iterations, costs.parallelism, Some(32)).expect("our own costs");
    let mut blocks = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    group.bench_function("bare", |bencher| {
        bencher.iter(|| {
            argon2.hash_password_into_with_memory(black_box(PASSWORD.as_bytes()), &[7; 16], &mut tag, &mut blocks)
        });
    });
    let hasher = Hasher::start(&costs, &settings::Hash::default(), Counter::default()).expect("threads");
    let password = Arc::new(Password::given(PASSWORD).expect("a password"));
    let runtime = Runtime::new().expect("a runtime");
    group.bench_function("queued", |bencher| {
        bencher.iter(|| runtime.block_on(hasher.hash(Arc::clone(&password))).map_err(|error| format!("{error:?}")));
    });
}
