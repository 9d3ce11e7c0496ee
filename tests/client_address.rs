//! Whose address a request came from, as far as the network tells.
use std::net::SocketAddr;

use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

/// The address that a sign-in from `peer` with these headers leaves in its session and on the dashboard.
async fn seen(app: &TestApp, peer: &str, headers: &[(&'static str, &'static str)]) -> String {
    app.forget_cookies();
    for table in ["sessions", "events"] {
        app.execute(&format!("DELETE FROM {table}")).await;
    }
    let body = json!({ "email": "ann@example.com", "password": PASSWORD }).to_string();
    let mut request = app.client.post("/api/auth/signin").header(ContentType::JSON).body(body);
    request = request.remote(peer.parse::<SocketAddr>().unwrap());
    for (name, value) in headers {
        request.add_header(Header::new(*name, *value));
    }
    assert_eq!(app.send(request).await.status(), Status::Ok);
    let stored: String = app.ask("SELECT ip FROM sessions").await;
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    assert!(page.contains(&format!("<span>{stored}</span>")), "{stored} is not in {page}");
    let event: String = app.ask("SELECT ip FROM events WHERE type = 'session.started'").await;
    assert_eq!(event, stored);
    stored
}

async fn behind(trusted: &str) -> TestApp {
    let app = TestApp::with_settings(&[("NIGHTLATCH_PROXY__TRUSTED", trusted)]).await;
    app.sign_up("ann@example.com").await;
    app
}

#[async_test]
async fn without_a_trusted_proxy_the_peer_is_the_client_whatever_it_claims() {
    let headers = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Client-IP", "203.0.113.9"),
        ("True-Client-IP", "203.0.113.9"),
        ("X-Forwarded", "203.0.113.9"),
        ("X-Forwarded-Host", "203.0.113.9"),
        ("X_Forwarded_For", "203.0.113.9"),
        ("X_Real_IP", "203.0.113.9"),
    ];
    for app in [TestApp::new().await, TestApp::with_settings(&[("NIGHTLATCH_PROXY__TRUSTED", "none")]).await] {
        app.sign_up("ann@example.com").await;
        for peer in ["198.51.100.7:40000", "127.0.0.1:40000", "10.0.0.1:40000"] {
            assert_eq!(seen(&app, peer, &headers).await, peer.split(':').next().unwrap());
        }
        assert_eq!(seen(&app, "[2001:db8::7]:40000", &headers).await, "2001:db8::7");
        assert_eq!(seen(&app, "[::ffff:198.51.100.7]:40000", &headers).await, "198.51.100.7");
    }
}

#[async_test]
async fn a_trusted_proxy_is_believed_about_the_last_hop_that_is_none() {
    let app = behind("10.0.0.0/8, fd00::/8,192.0.2.1").await;
    for (forwarded, client) in [
        ("203.0.113.9", "203.0.113.9"),
        // What stands further left was written by the client itself.
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("1.1.1.1,203.0.113.9,10.0.0.2, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9, fd00::1", "203.0.113.9"),
        ("203.0.113.9, 192.0.2.1", "203.0.113.9"),
        ("203.0.113.9, 192.0.2.2", "192.0.2.2"),
        ("2001:db8::9, 10.0.0.2", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        // Nobody but proxies: the first of them.
        ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
    ] {
        assert_eq!(seen(&app, "10.0.0.1:1", &[("X-Forwarded-For", forwarded)]).await, client, "{forwarded}");
    }
    assert_eq!(seen(&app, "[fd00::1]:1", &[("X-Forwarded-For", "203.0.113.9")]).await, "203.0.113.9");
    assert_eq!(seen(&app, "[::ffff:10.0.0.1]:1", &[("X-Forwarded-For", "203.0.113.9")]).await, "203.0.113.9");
    // A proxy that adds a line instead of a word.
    let lines = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "203.0.113.9, 10.0.0.2")];
    assert_eq!(seen(&app, "10.0.0.1:1", &lines).await, "203.0.113.9");
}

#[async_test]
async fn a_trusted_proxy_that_says_nothing_readable_is_the_client_itself() {
    let app = behind("10.0.0.0/8").await;
    assert_eq!(seen(&app, "10.0.0.1:1", &[]).await, "10.0.0.1");
    for garbage in [
        "",
        " ",
        ",",
        "unknown",
        "_hidden",
        "203.0.113.9:4711",
        "<svg onload=x>",
        "203.0.113",
        "0xcb.0.113.9",
        "203.0.113.9,",
    ] {
        assert_eq!(seen(&app, "10.0.0.1:1", &[("X-Forwarded-For", garbage)]).await, "10.0.0.1", "{garbage:?}");
    }
    // Garbage further left is not reached; garbage further right ends what can be believed.
    assert_eq!(seen(&app, "10.0.0.1:1", &[("X-Forwarded-For", "x, 203.0.113.9")]).await, "203.0.113.9");
    assert_eq!(seen(&app, "10.0.0.1:1", &[("X-Forwarded-For", "203.0.113.9, x, 10.0.0.2")]).await, "10.0.0.2");
    let others = [("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("X-Forwarded", "203.0.113.9")];
    let underscored =
        [("X_Forwarded_For", "203.0.113.9"), ("X_Real_IP", "203.0.113.9"), ("X-Forwarded_For", "203.0.113.9")];
    assert_eq!(seen(&app, "10.0.0.1:1", &underscored).await, "10.0.0.1", "another name is another header");
    assert_eq!(seen(&app, "10.0.0.1:1", &others).await, "10.0.0.1");
}

#[async_test]
async fn a_stranger_cannot_pose_as_a_proxy() {
    let app = behind("10.0.0.0/8").await;
    for peer in ["198.51.100.7:1", "11.0.0.1:1", "127.0.0.1:1"] {
        let seen = seen(&app, peer, &[("X-Forwarded-For", "203.0.113.9, 10.0.0.1")]).await;
        assert_eq!(seen, peer.split(':').next().unwrap());
    }
}

#[async_test]
async fn the_device_is_kept_as_it_says_and_told_in_our_words() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let long = format!("<svg onload=x>{{{{ 7*7 }}}}{}", "é".repeat(400));
    let body = json!({ "email": "ann@example.com", "password": PASSWORD }).to_string();
    let request = app.client.post("/api/auth/signin").header(ContentType::JSON).body(body);
    assert_eq!(app.send(request.header(Header::new("User-Agent", long.clone()))).await.status(), Status::Ok);
    let stored: String = app.ask("SELECT user_agent FROM sessions WHERE ended_at IS NULL").await;
    assert_eq!(stored, long.chars().take(256).collect::<String>());
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    assert!(page.contains("Unknown program") && !page.contains("onload"), "{page}");
    let letters = app.letters().await;
    assert!(letters.is_empty(), "the browser of the sign-up is known: {letters:?}");
}
