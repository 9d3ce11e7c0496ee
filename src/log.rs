//! Log lines: text for people at a terminal, JSON for everybody else.
use std::{
    fmt,
    io::{self, IsTerminal, Write},
    panic,
};

use tokio::task_local;
use tracing::{Dispatch, Event, Level, Subscriber, dispatcher, level_filters::LevelFilter};
use tracing_subscriber::{
    filter::Targets,
    fmt::{
        FmtContext,
        format::{FormatEvent, FormatFields, JsonFields, Writer, format},
        layer,
    },
    layer::SubscriberExt,
    registry::LookupSpan,
};

use crate::settings::{Log, LogFormat};

task_local! {
    /// The request that is served. Not a span: one for each request costs more than the request's id is worth where nothing is logged.
    pub static REQUEST: RequestId;
}

/// The name of a request. No secret, and unlike a plain number it tells nobody how many there were.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

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
    wanted_format: LogFormat,
    to: impl Fn() -> W + Send + Sync + 'static,
) -> Dispatch {
    let lines = layer().with_writer(move || Plain(to())).with_ansi(false);
    let registry = tracing_subscriber::registry().with(wanted);
    match wanted_format {
        LogFormat::Text => registry.with(lines.event_format(Text(format().with_target(false)))).into(),
        LogFormat::Json => {
            let json = format().json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(lines.fmt_fields(JsonFields::new()).event_format(Json(json.with_target(false)))).into()
        }
    }
}

/// A line of text that ends with the request it is about.
struct Text<F>(F);

/// An object that ends with it.
struct Json<F>(F);

impl<S, N, F> FormatEvent<S, N> for Text<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match REQUEST.try_with(|request| *request) {
            Ok(request) => writeln!(to, "{} request_id={request}", line.trim_end_matches('\n')),
            Err(_) => to.write_str(&line),
        }
    }
}

impl<S, N, F> FormatEvent<S, N> for Json<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match (REQUEST.try_with(|request| *request), line.strip_suffix("}\n")) {
            (Ok(request), Some(fields)) => writeln!(to, r#"{fields},"span":{{"request_id":"{request}"}}}}"#),
            _ => to.write_str(&line),
        }
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
