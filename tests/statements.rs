//! How many statements a request runs: none, where nothing that is stored is shown.
use std::sync::{
    Once,
    atomic::{AtomicUsize, Ordering},
};

use rocket::{async_test, http::Status};
use tracing::{Event, Instrument, Subscriber, info_span, subscriber::set_global_default};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterFn, LevelFilter},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

use crate::support::TestApp;

/// What sqlx said of statements in a span that is called `counted`. SQLite runs them on a thread of its own, which enters the span too.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct Count;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Count {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query"
            && context.lookup_current().is_some_and(|span| span.name() == "counted")
        {
            STATEMENTS.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The statements that `GET path` runs for somebody who is signed in.
async fn statements_of(app: &TestApp, path: &str) -> usize {
    static START: Once = Once::new();
    START.call_once(|| {
        let ours =
            |metadata: &tracing::Metadata<'_>| metadata.target() == "sqlx::query" || metadata.name() == "counted";
        let filter = FilterFn::new(ours).with_max_level_hint(LevelFilter::DEBUG);
        set_global_default(Registry::default().with(Count.with_filter(filter))).unwrap();
    });
    STATEMENTS.store(0, Ordering::SeqCst);
    let answer = app.get(path).instrument(info_span!("counted")).await;
    assert_eq!(answer.status(), Status::Ok, "{path}");
    STATEMENTS.load(Ordering::SeqCst)
}

#[async_test]
async fn who_is_signed_in_and_a_page_without_stored_data_ask_the_database_nothing() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in ["/api/auth/session", "/stay", "/static/app.css"] {
        assert_eq!(statements_of(&app, path).await, 0, "{path}");
    }
    for (path, number) in [("/api/account", 1), ("/dashboard", 2)] {
        assert_eq!(statements_of(&app, path).await, number, "{path} shows what is stored");
    }
}
