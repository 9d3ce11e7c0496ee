//! What the parts of a request cost: `cargo bench` prints it, and how it has changed since the last time.
use criterion::Criterion;
use nightlatch_parts::{cookies, page, passwords, revocations, tokens};

/// The same memory as the program has.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for bench in [cookies::bench, tokens::bench, revocations::bench, page::bench, passwords::bench] {
        bench(&mut criterion);
    }
    criterion.final_summary();
}
