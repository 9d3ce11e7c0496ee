//! How far a long command is.
use std::fmt::Write;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// On standard error and on a terminal only: how many rows of how many, how fast, and how long it takes.
pub fn bar(rows: u64) -> ProgressBar {
    let template = "{bar:30} {human_pos} of {human_len} rows, {rate}, {eta} to go";
    styled(ProgressBar::new(rows), template)
}

/// The same where nobody knows how many rows there are.
pub fn counter(what: &str) -> ProgressBar {
    styled(ProgressBar::no_length(), "{msg} {human_pos} rows, {rate}").with_message(what.to_owned())
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    let rate = |state: &ProgressState, to: &mut dyn Write| {
        // A bar that cannot be drawn stops nothing.
        let _ = write!(to, "{:.0} rows/s", state.per_sec());
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("rate", rate)),
        Err(_) => bar,
    }
}
