//! Lines on standard output.
use std::{
    fmt::Arguments,
    io::{ErrorKind, Write, stdout},
    process::exit,
};

/// Prints a line as `println!` does, which panics when whoever reads has seen enough and gone, as `head` does. Then the command goes on
/// without a word: what it was asked to do is worth doing unseen.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::commands::say::line(format_args!($($words)*))
    };
}

/// What [`say`] runs. Where the line can go nowhere for another reason, such as a full disk, the program ends with it.
pub fn line(words: Arguments<'_>) {
    match writeln!(stdout(), "{words}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("nightlatch: standard output: {error}");
            exit(1);
        }
        _ => {}
    }
}
