//! The program: reads the command line and says in one line what went wrong.
use std::process::ExitCode;

/// Gives back what a storm of requests took; glibc's keeps most of it for good. `.cargo/config.toml` has its settings.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match nightlatch::commands::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nightlatch: {error}");
            ExitCode::FAILURE
        }
    }
}
