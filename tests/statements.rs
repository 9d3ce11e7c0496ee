//! How many statements a request runs: none, where nothing that is stored is shown.
use std::{
    fmt,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
};

use rocket::{
    async_test,
    http::{ContentType, Status},
    tokio::sync::Mutex,
};
use serde_json::json;
use tracing::{
    Event, Instrument, Subscriber,
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

use crate::support::{PASSWORD, TestApp};

/// What sqlx said of statements in a span that is called `counted`. SQLite runs them on a thread of its own, which enters the span too.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct Count;

/// Whether a statement prepares a new connection. One is made whenever the last has not come back yet, and that is no work of the request.
#[derive(Default)]
struct Prepares(bool);

impl Visit for Prepares {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        self.0 |= field.name() == "summary"
            && ["SET ", "PRAGMA "].iter().any(|word| text.trim_matches('"').starts_with(word));
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Count {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query"
            && context.lookup_current().is_some_and(|span| span.name() == "counted")
        {
            let mut prepares = Prepares::default();
            event.record(&mut prepares);
            STATEMENTS.fetch_add(usize::from(!prepares.0), Ordering::SeqCst);
        }
    }
}

/// The statements that `act` runs.
async fn statements_of<T>(act: impl Future<Output = T>) -> (usize, T) {
    static START: Once = Once::new();
    START.call_once(|| {
        let ours =
            |metadata: &tracing::Metadata<'_>| metadata.target() == "sqlx::query" || metadata.name() == "counted";
        let filter = FilterFn::new(ours).with_max_level_hint(LevelFilter::DEBUG);
        set_global_default(Registry::default().with(Count.with_filter(filter))).unwrap();
    });
    // Tests run beside each other; one of them counts at a time.
    static COUNTING: Mutex<()> = Mutex::const_new(());
    let _counting = COUNTING.lock().await;
    STATEMENTS.store(0, Ordering::SeqCst);
    let answer = act.instrument(info_span!("counted")).await;
    (STATEMENTS.load(Ordering::SeqCst), answer)
}

/// The same of `GET path` for somebody who is signed in.
async fn statements_of_page(app: &TestApp, path: &str) -> usize {
    let (statements, answer) = statements_of(app.get(path)).await;
    assert_eq!(answer.status(), Status::Ok, "{path}");
    statements
}

#[async_test]
async fn who_is_signed_in_and_a_page_without_stored_data_ask_the_database_nothing() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in ["/api/auth/session", "/stay", "/static/app.css"] {
        assert_eq!(statements_of_page(&app, path).await, 0, "{path}");
    }
    for (path, number) in [("/api/account", 1), ("/dashboard", 2)] {
        assert_eq!(statements_of_page(&app, path).await, number, "{path} shows what is stored");
    }
}

#[async_test]
async fn the_limits_cost_a_sign_in_six_statements_and_whoever_is_signed_in_none() {
    let (off, on) = (signin("false").await, signin("true").await);
    // With the begin and the end of the transaction of the counts.
    assert_eq!(
        on,
        off + 6 + 2,
        "is the browser known; three counts; the network's and the account's after it was right"
    );
}

/// What a sign-in with a known browser runs.
async fn signin(limits: &'static str) -> usize {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", limits)]).await;
    app.sign_up("ann@example.com").await;
    app.forget_cookies();
    let body = json!({ "email": "ann@example.com", "password": PASSWORD }).to_string();
    let request = || {
        let request = app.client.post("/api/auth/signin").header(ContentType::JSON).body(body.clone());
        app.send(request.remote("192.0.2.7:1".parse().unwrap()))
    };
    // Every connection that it needs is there afterwards: to make one takes statements, too.
    assert_eq!(request().await.status(), Status::Ok);
    let (statements, answer) = statements_of(request()).await;
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(statements_of_page(&app, "/api/auth/session").await, 0);
    statements
}
