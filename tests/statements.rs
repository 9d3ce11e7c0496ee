//! How many statements a request runs: none, where nothing that is stored is shown.
use rocket::{
    async_test,
    http::{ContentType, Status},
};
use serde_json::json;

use crate::{
    recorder::statements_of,
    support::{PASSWORD, TestApp},
};

/// How many `GET path` runs for somebody who is signed in.
async fn statements_of_page(app: &TestApp, path: &str) -> usize {
    let (statements, answer) = statements_of(app.get(path)).await;
    assert_eq!(answer.status(), Status::Ok, "{path}");
    statements.len()
}

#[async_test]
async fn who_is_signed_in_and_a_page_without_stored_data_ask_the_database_nothing() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in ["/api/auth/session", "/stay", "/static/app.css"] {
        assert_eq!(statements_of_page(&app, path).await, 0, "{path}");
    }
    for (path, number) in [("/api/account", 1), ("/dashboard", 1)] {
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
    statements.len()
}
