//! What operators count and measure, and where they read it.
use std::{sync::Arc, time::Duration};

use nightlatch::{
    web::metrics::{Source, listener},
    workers::postman::Postman,
};
use rocket::{async_test, http::Status, local::asynchronous::Client};
use serde_json::json;

use crate::support::{Answer, Options, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";

async fn measured() -> TestApp {
    TestApp::with_settings(&[("NIGHTLATCH_METRICS__ADDRESS", "127.0.0.1:0")]).await
}

/// Asks the listener of `app` for `path`.
async fn ask(app: &TestApp, path: &'static str) -> Answer {
    let source = app.client.rocket().state::<Source>().unwrap().clone();
    let client = Client::untracked(listener(source, "127.0.0.1:0".parse().unwrap())).await.unwrap();
    Answer::of(client.get(path).dispatch().await).await
}

/// Every series of `app` but the buckets.
async fn scrape(app: &TestApp) -> Scrape {
    let answer = ask(app, "/metrics").await;
    assert_eq!(answer.status, Status::Ok);
    Scrape(answer.body.lines().filter(|line| !line.contains("_bucket{")).map(str::to_owned).collect())
}

struct Scrape(Vec<String>);

impl Scrape {
    /// The value of a series, written as in the answer; `None` where it is not there.
    fn get(&self, series: &str) -> Option<f64> {
        let of = |line: &String| line.strip_prefix(series)?.strip_prefix(' ').map(|value| value.parse().unwrap());
        self.0.iter().find_map(of)
    }

    fn requests(&self, method: &str, route: &str, status: u16) -> Option<f64> {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        self.get(&format!("nightlatch_http_requests_total{{{labels}}}"))
    }
}

#[async_test]
async fn the_series_are_text_for_prometheus_and_are_on_no_other_address() {
    let app = measured().await;
    app.sign_up(ANN).await;
    assert_eq!(app.get("/metrics").await.status(), Status::NotFound);
    let answer = ask(&app, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!((answer.header("set-cookie"), answer.header("server")), (None, None));
    for path in ["/", "/signin", "/health/live", "/api/auth/session", "/metrics/x"] {
        let answer = ask(&app, path).await;
        assert_eq!((answer.status, answer.body.as_str()), (Status::NotFound, "404 Not Found\n"), "{path}");
    }
}

#[async_test]
async fn every_series_has_its_type_and_a_help_text_and_comes_once() {
    let app = measured().await;
    app.sign_up(ANN).await;
    let text = ask(&app, "/metrics").await.body;
    let mut seen = std::collections::HashSet::new();
    let mut family = String::new();
    for line in text.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["#", "HELP", name, _, ..] => {
                family = name.to_owned();
                assert!(seen.insert(line.to_owned()), "{line} comes twice");
                assert!(["nightlatch_", "process_"].iter().any(|prefix| name.starts_with(prefix)), "{line}");
            }
            ["#", "TYPE", name, kind] => {
                assert!(name == family && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            }
            [series, value] => {
                assert!(series.starts_with(&family), "{series} is not of {family}");
                assert!(value.parse::<f64>().is_ok(), "{line}");
                assert!(seen.insert(series.to_owned()), "{series} comes twice");
            }
            _ => panic!("{line}"),
        }
    }
}

#[async_test]
async fn requests_are_counted_by_the_route_as_it_is_written_and_never_by_what_was_asked() {
    let app = measured().await;
    app.sign_up(ANN).await;
    for _ in 0..3 {
        app.get("/dashboard").await;
    }
    app.client.head("/dashboard").dispatch().await;
    app.client.post("/sessions/0123456789abcdef/end").dispatch().await;
    for path in ["/nowhere/4711", "/4711/nowhere", "/api/4711"] {
        app.get(path).await;
    }
    app.client.put("/signin").dispatch().await;
    let scrape = scrape(&app).await;
    assert_eq!(scrape.requests("GET", "/dashboard", 200), Some(3.0));
    assert_eq!(scrape.requests("GET", "/dashboard", 303), Some(1.0), "HEAD is GET without a body");
    assert_eq!(scrape.requests("POST", "/sessions/<id>/end", 303), Some(1.0));
    assert_eq!(scrape.requests("any", "none", 404), Some(3.0));
    assert_eq!(scrape.requests("any", "none", 405), Some(1.0));
    assert_eq!(scrape.requests("POST", "/signup", 303), Some(1.0));
    let text = scrape.0.join("\n");
    for raw in ["4711", "0123456789abcdef", "example.com"] {
        assert!(!text.contains(raw), "{raw}");
    }
}

#[async_test]
async fn sign_ins_are_counted_by_how_they_came_out() {
    let app = measured().await;
    app.sign_up(ANN).await;
    let signin = |email: &'static str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let app = &app;
        async move { app.call("/api/auth/signin", body).await.status }
    };
    assert_eq!(signin(ANN, PASSWORD).await, Status::Ok);
    assert_eq!(signin(ANN, "not that one").await, Status::Unauthorized);
    assert_eq!(signin("bob@example.com", PASSWORD).await, Status::Unauthorized);
    assert_eq!(signin(ANN, &"x".repeat(2_000)).await, Status::UnprocessableEntity);
    let tokens = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(tokens.status, Status::Ok);
    let scrape = scrape(&app).await;
    for (result, expected) in
        [("ok", 2.0), ("refused", 2.0), ("limited", 0.0), ("invalid", 1.0), ("overloaded", 0.0), ("error", 0.0)]
    {
        let series = format!("nightlatch_signins_total{{result=\"{result}\"}}");
        assert_eq!(scrape.get(&series), Some(expected), "{result}");
    }
    app.letters().await;
}

#[async_test]
async fn sign_ins_that_nobody_has_time_for_are_counted_too() {
    let app = TestApp::with(Options {
        vars: vec![
            ("NIGHTLATCH_METRICS__ADDRESS", "127.0.0.1:0".into()),
            ("NIGHTLATCH_HASH__PERMITS", "1".into()),
            ("NIGHTLATCH_HASH__QUEUE", "1".into()),
        ],
        ..Options::default()
    })
    .await;
    app.sign_up(ANN).await;
    // A hash that takes long, so that the others come meanwhile however busy this machine is.
    let (salt, tag) = ("c2FsdHNhbHRzYWx0c2FsdA", "A".repeat(43));
    app.execute(&format!("UPDATE users SET password_hash = '$argon2id$v=19$m=65536,t=8,p=1${salt}${tag}'")).await;
    let signin = || app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD }));
    let answers = rocket::futures::future::join_all((0..20).map(|_| signin())).await;
    let refused = answers.iter().filter(|answer| answer.status == Status::ServiceUnavailable).count();
    assert!(refused > 0);
    let scrape = scrape(&app).await;
    for series in ["nightlatch_signins_total{result=\"overloaded\"}", "nightlatch_hashes_refused_total"] {
        assert_eq!(scrape.get(series), Some(refused as f64), "{series}");
    }
    for series in ["nightlatch_hashes_running", "nightlatch_hashes_waiting"] {
        assert_eq!(scrape.get(series), Some(0.0), "{series}");
    }
}

#[async_test]
async fn sessions_that_go_on_are_counted_until_they_end_or_are_not_used() {
    let app = measured().await;
    app.sign_up(ANN).await;
    for _ in 0..2 {
        app.session_elsewhere(ANN, PASSWORD).await;
        app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await;
    }
    app.letters().await;
    let live = async |browser: f64, api: f64| {
        // Figures are kept for five seconds.
        app.stall(Duration::from_secs(5));
        let scrape = scrape(&app).await;
        let of = |kind: &str| scrape.get(&format!("nightlatch_sessions_live{{kind=\"{kind}\"}}")).unwrap();
        assert_eq!((of("browser"), of("api")), (browser, api));
    };
    live(3.0, 2.0).await;
    app.post_form("/logout", &[]).await;
    live(2.0, 2.0).await;
    // Last use may be known half a minute late.
    app.advance(Duration::from_secs(10 * 60 + 29));
    live(2.0, 2.0).await;
    app.advance(Duration::from_secs(1));
    live(0.0, 2.0).await;
    app.advance(Duration::from_secs(14 * 24 * 3600));
    live(0.0, 0.0).await;
}

#[async_test]
async fn letters_that_do_not_leave_are_seen_with_the_age_of_the_oldest() {
    let app = measured().await;
    app.post_form("/signup", &[("name", "Ann"), ("email", ANN), ("password", PASSWORD)]).await;
    app.advance(Duration::from_secs(90));
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    app.advance(Duration::from_secs(30));
    let scrape = scrape(&app).await;
    assert_eq!(scrape.get("nightlatch_letters_waiting"), Some(2.0));
    assert_eq!(scrape.get("nightlatch_letters_oldest_age_seconds"), Some(120.0));
    app.letters().await;
    app.stall(Duration::from_secs(5));
    let scrape = self::scrape(&app).await;
    assert_eq!(scrape.get("nightlatch_letters_waiting"), Some(0.0));
    assert_eq!(scrape.get("nightlatch_letters_oldest_age_seconds"), Some(0.0));
}

#[async_test]
async fn an_ending_is_measured_and_a_silent_node_counted() {
    let one = measured().await;
    one.sign_up(ANN).await;
    let two = one.second_node().await;
    assert_eq!(scrape(&one).await.get("nightlatch_nodes"), Some(2.0));
    let logout = one.post_form("/logout", &[]);
    let pass = async {
        loop {
            one.stall(Duration::from_millis(700));
            rocket::tokio::task::yield_now().await;
        }
    };
    rocket::tokio::select! { _ = logout => {}, () = pass => unreachable!() }
    one.stall(Duration::from_secs(5));
    let scrape = scrape(&one).await;
    assert_eq!(scrape.get("nightlatch_nodes"), Some(1.0));
    assert_eq!(scrape.get("nightlatch_nodes_given_up_total"), Some(1.0));
    assert_eq!(scrape.get("nightlatch_revocations"), Some(1.0));
    assert_eq!(scrape.get("nightlatch_ending_settle_seconds_count"), Some(1.0));
    assert!(scrape.get("nightlatch_ending_settle_seconds_sum").unwrap() >= 2.1);
    let labels = "{method=\"POST\",route=\"/logout\"}";
    let took = scrape.get(&format!("nightlatch_http_request_duration_seconds_sum{labels}"));
    assert!(took.unwrap() >= 2.1, "the request waited for it");
    drop(two);
}

#[async_test]
async fn a_node_out_of_touch_and_a_database_that_is_gone_are_seen() {
    let app = measured().await;
    let in_touch = scrape(&app).await;
    for (series, value) in
        [("nightlatch_feed_age_seconds", 0.0), ("nightlatch_feed_trusted", 1.0), ("nightlatch_database_up", 1.0)]
    {
        assert_eq!(in_touch.get(series), Some(value), "{series}");
    }
    assert_eq!(in_touch.get("nightlatch_clock_ahead_seconds"), app.database_has_clock().then_some(0.0));
    app.stall(Duration::from_millis(6_500));
    app.client.rocket().state::<Arc<Postman>>().unwrap().db.close().await;
    let scrape = scrape(&app).await;
    for (series, value) in
        [("nightlatch_feed_age_seconds", 6.5), ("nightlatch_feed_trusted", 0.0), ("nightlatch_database_up", 0.0)]
    {
        assert_eq!(scrape.get(series), Some(value), "{series}");
    }
    for series in ["nightlatch_nodes", "nightlatch_letters_waiting", "nightlatch_sessions_live{kind=\"api\"}"] {
        assert_eq!(scrape.get(series), None, "nobody knows {series}");
    }
}

#[async_test]
async fn the_process_its_keys_and_its_connections_are_seen() {
    let app = measured().await;
    app.advance(Duration::from_secs(3_600));
    let scrape = scrape(&app).await;
    for ring in ["session", "access"] {
        assert_eq!(scrape.get(&format!("nightlatch_key_age_seconds{{ring=\"{ring}\"}}")), Some(3_600.0));
    }
    let build = format!("nightlatch_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(scrape.get(&build), Some(1.0));
    assert_eq!(scrape.get("process_start_time_seconds"), Some(crate::support::START as f64 / 1000.0));
    let connections: f64 = ["used", "idle"]
        .map(|state| scrape.get(&format!("nightlatch_database_connections{{state=\"{state}\"}}")).unwrap())
        .iter()
        .sum();
    assert!((1.0..=5.0).contains(&connections), "{connections}");
    assert!(scrape.get("process_resident_memory_bytes").unwrap() > 1e6);
    assert!(scrape.get("process_cpu_seconds_total").unwrap() > 0.0);
}

#[async_test]
async fn nothing_is_counted_by_route_where_nobody_asked_for_it() {
    let app = TestApp::new().await;
    app.get("/signin").await;
    assert_eq!(scrape(&app).await.requests("GET", "/signin", 200), None);
}
