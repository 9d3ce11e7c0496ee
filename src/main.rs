//! The program: reads the command line and says in one line what went wrong.
use std::process::ExitCode;

fn main() -> ExitCode {
    match nightlatch::commands::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nightlatch: {error}");
            ExitCode::FAILURE
        }
    }
}
