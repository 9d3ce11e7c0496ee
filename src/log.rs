//! Log lines: text for people at a terminal, JSON for everybody else.
use std::{
    io::{self, IsTerminal},
    panic,
};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{Log, LogFormat};

/// Starts logging to stderr. Called once, before Rocket starts its own.
pub fn start(log: &Log) {
    let terminal = io::stderr().is_terminal();
    let format = log.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let wanted = Targets::new()
        .with_target("nightlatch", Level::INFO)
        // Writes whole messages that came back, addresses and all; the publisher says what there is to say.
        .with_target("lapin", LevelFilter::OFF)
        .with_default(Level::WARN);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    let registry = tracing_subscriber::registry().with(wanted);
    let started = match format {
        LogFormat::Text => registry.with(lines.with_ansi(terminal)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if let Err(error) = started {
        // Somebody else logs already; that is as good.
        eprintln!("nightlatch: logging was started before: {error}");
    }
    // Rocket answers a panic with 500; its words belong into the log like everything else.
    panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a part of the program panicked")));
}
