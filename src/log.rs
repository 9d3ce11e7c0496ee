//! Log lines: text for people at a terminal, JSON for everybody else.
use std::{
    io::{self, IsTerminal, Write},
    panic,
};

use tracing::{Dispatch, Level, dispatcher, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt};

use crate::settings::{Log, LogFormat};

/// Starts logging to stderr. Called once, before Rocket starts its own.
pub fn start(log: &Log) {
    let usual = if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    let format = log.format.unwrap_or(usual);
    let wanted = Targets::new()
        .with_target("nightlatch", Level::INFO)
        // Writes whole messages that came back, addresses and all; the publisher says what there is to say.
        .with_target("lapin", LevelFilter::OFF)
        .with_default(Level::WARN);
    if let Err(error) = dispatcher::set_global_default(lines(wanted, format, io::stderr)) {
        // Somebody else logs already; that is as good.
        eprintln!("nightlatch: logging was started before: {error}");
    }
    // Rocket answers a panic with 500; its words belong into the log like everything else.
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of the program panicked")));
}

/// Writes what is `wanted` in this `format`, one line each: a line about a request carries its id. Without colours: the formatter lets
/// the escapes of a terminal in some values pass, and nobody could tell them from its own.
pub fn lines<W: Write + 'static>(
    wanted: Targets,
    format: LogFormat,
    to: impl Fn() -> W + Send + Sync + 'static,
) -> Dispatch {
    let lines = fmt::layer().with_writer(move || Plain(to())).with_target(false).with_ansi(false);
    let registry = tracing_subscriber::registry().with(wanted);
    match format {
        LogFormat::Text => registry.with(lines).into(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_span_list(false)).into(),
    }
}

/// Writes lines without control characters: whoever sends one could begin a line of their own, or steer the terminal it is read at.
struct Plain<W>(W);

impl<W: Write> Write for Plain<W> {
    /// Takes one whole line, as the formatter gives it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let mut plain = String::with_capacity(text.len());
        for c in text.strip_suffix('\n').unwrap_or(&text).chars() {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                // Written so in JSON; in text it is as clear as another way.
                plain.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                plain.push(c);
            }
        }
        plain.push('\n');
        self.0.write_all(plain.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
