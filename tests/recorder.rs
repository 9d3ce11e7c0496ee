//! What is said to the database while something happens.
use std::{
    fmt,
    mem::take,
    sync::{Mutex, Once},
};

use rocket::tokio::sync;
use tracing::{
    Event, Instrument, Metadata, Subscriber,
    field::{Field, Visit},
    info_span,
    subscriber::set_global_default,
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterFn, LevelFilter},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// What sqlx said of statements in a span that is called `recorded`. SQLite runs them on a thread of its own, which enters the span too.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Recorder;

/// A statement. A short one stands in the summary alone.
#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.whole),
            _ => {}
        }
    }
}

impl Statement {
    /// Whether it prepares a new connection. One is made whenever the last has not come back yet, and that is no work of the request.
    fn prepares(&self) -> bool {
        ["SET ", "PRAGMA "].iter().any(|word| self.summary.trim_matches('"').starts_with(word))
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query"
            && context.lookup_current().is_some_and(|span| span.name() == "recorded")
        {
            let mut statement = Statement::default();
            event.record(&mut statement);
            if !statement.prepares() {
                let Statement { summary, whole } = statement;
                SAID.lock().unwrap().push(if whole.is_empty() { summary } else { whole });
            }
        }
    }
}

/// The statements that `act` runs, in their order.
pub async fn statements_of<T>(act: impl Future<Output = T>) -> (Vec<String>, T) {
    static START: Once = Once::new();
    START.call_once(|| {
        let ours = |metadata: &Metadata<'_>| metadata.target() == "sqlx::query" || metadata.name() == "recorded";
        let filter = FilterFn::new(ours).with_max_level_hint(LevelFilter::DEBUG);
        set_global_default(Registry::default().with(Recorder.with_filter(filter))).unwrap();
    });
    // Tests run beside each other; one of them records at a time.
    static RECORDING: sync::Mutex<()> = sync::Mutex::const_new(());
    let _recording = RECORDING.lock().await;
    SAID.lock().unwrap().clear();
    let answer = act.instrument(info_span!("recorded")).await;
    (take(&mut SAID.lock().unwrap()), answer)
}
