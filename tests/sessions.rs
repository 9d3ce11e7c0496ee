//! The list of sessions: people see where they are signed in, and end what they do not want.
use std::time::Duration;

use rocket::{
    async_test,
    futures::future::join_all,
    http::{Header, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const MINUTE: Duration = Duration::from_secs(60);

#[async_test]
async fn a_person_sees_each_session_with_its_device_and_times() {
    let app = signed_in().await;
    app.advance(MINUTE);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let request = app.client.post("/api/auth/signin").header(rocket::http::ContentType::JSON);
    let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let other = Answer::of(request.header(Header::new("User-Agent", agent)).body(body).dispatch().await).await;
    app.advance(Duration::from_millis(1));
    issue(&app).await;
    app.advance(MINUTE);
    let items = list(&app, &app.token().unwrap()).await;
    let shown = |item: &Value| (item["kind"].clone(), item["device"].clone(), item["current"].clone());
    assert_eq!(
        items.iter().map(shown).collect::<Vec<_>>(),
        [
            (json!("api"), json!("Unknown program"), json!(false)),
            (json!("browser"), json!("Firefox on Linux"), json!(false)),
            (json!("browser"), json!("Unknown program"), json!(true)),
        ]
    );
    assert_eq!(items[1]["id"], other.json()["session"]["session_id"]);
    assert_eq!(items[2]["created_at"], "2026-09-21T14:13:20Z");
    let page = app.get("/sessions").await.into_string().await.unwrap();
    assert!(page.contains("Firefox on Linux") && page.contains("This session"), "{page}");
    app.letters().await;
}

#[async_test]
async fn last_use_is_known_at_once_here_and_elsewhere_when_it_was_written_down() {
    let app = signed_in().await;
    let elsewhere = app.second_node().await;
    app.advance(5 * MINUTE);
    app.get("/dashboard").await;
    let token = app.token().unwrap();
    let seen = |items: Vec<Value>| items[0]["last_seen_at"].as_str().unwrap().to_owned();
    assert_eq!(seen(list(&app, &token).await), "2026-09-21T14:18:20Z");
    app.accounts().write_seen().await.unwrap();
    assert_eq!(elsewhere.list("SELECT id FROM sessions WHERE last_seen_at > created_at").await.len(), 1);
    // Looking is not use.
    app.advance(MINUTE);
    app.get("/api/auth/session?passive").await;
    app.accounts().write_seen().await.unwrap();
    assert_eq!(app.count("SELECT last_seen_at - created_at FROM sessions").await, 300_000);
}

#[async_test]
async fn a_session_that_closed_by_itself_is_not_in_the_list() {
    let app = signed_in().await;
    app.session_elsewhere(ANN, PASSWORD).await;
    app.advance(9 * MINUTE);
    app.get("/dashboard").await;
    assert_eq!(list(&app, &app.token().unwrap()).await.len(), 2);
    app.advance(2 * MINUTE);
    assert_eq!(list(&app, &app.token().unwrap()).await.len(), 1);
    app.letters().await;
}

#[async_test]
async fn one_session_is_ended_and_its_holder_is_told() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    let kept = app.session_elsewhere(ANN, PASSWORD).await;
    let id = id_of(&app, &other).await;
    let answer = app.post_form(&format!("/sessions/{id}/end"), &[]).await;
    assert_eq!((answer.status(), answer.headers().get_one("Location")), (Status::SeeOther, Some("/sessions?done=one")));
    assert_refused(&app, &other, "ended_by_you").await;
    assert_eq!(app.session_of(&kept).await.status, Status::Ok);
    let again = app.client.delete(format!("/api/account/sessions/{id}"));
    assert_eq!(as_ann(&app, again).await.status, Status::NotFound, "it is over already");
    app.letters().await;
}

#[async_test]
async fn nobody_ends_the_session_of_another_person() {
    let app = signed_in().await;
    let anns = app.token().unwrap();
    let id = id_of(&app, &anns).await;
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    assert_eq!(app.post_form(&format!("/sessions/{id}/end"), &[]).await.status(), Status::NotFound);
    for name in ["x", "", "..", "%00", "' OR '1'='1"] {
        let status = app.post_form(&format!("/sessions/{}/end", name.replace(' ', "%20")), &[]).await.status();
        assert!([Status::NotFound, Status::BadRequest].contains(&status), "{name}: {status}");
    }
    assert_eq!(app.session_of(&anns).await.status, Status::Ok);
    assert!(!app.get("/sessions").await.into_string().await.unwrap().contains(&id));
}

#[async_test]
async fn all_others_end_and_this_one_goes_on() {
    let app = signed_in().await;
    let others = [app.session_elsewhere(ANN, PASSWORD).await, app.session_elsewhere(ANN, PASSWORD).await];
    let tokens = issue(&app).await;
    let answer = app.post_json("/api/account/sessions/end-others", json!({})).await;
    assert_eq!(answer.status(), Status::NoContent);
    for other in &others {
        assert_refused(&app, other, "ended_by_you").await;
    }
    let refresh = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await;
    assert_eq!(refresh.json()["reason"], "ended_by_you");
    assert_eq!(list(&app, &app.token().unwrap()).await.len(), 1);
    app.letters().await;
}

#[async_test]
async fn ending_sessions_asks_for_a_recent_password_and_leads_back() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    app.advance(5 * MINUTE);
    let page = app.get("/sessions").await.into_string().await.unwrap();
    assert!(page.contains("/confirm?next=/sessions") && !page.contains("/end\""), "{page}");
    let request = app.client.post("/sessions/end-others").header(rocket::http::ContentType::Form);
    let answer = app.send(request.header(Header::new("Referer", "http://localhost:8000/sessions"))).await;
    assert_eq!(answer.headers().get_one("Location"), Some("/confirm?next=%2Fsessions"));
    let json = app.post_json("/api/account/sessions/end-others", json!({})).await;
    assert_eq!(json.status(), Status::Forbidden);
    assert_eq!(app.session_of(&other).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn signing_out_everywhere_ends_this_session_too() {
    for api in [true, false] {
        let app = signed_in().await;
        let (here, other) = (app.token().unwrap(), app.session_elsewhere(ANN, PASSWORD).await);
        app.advance(6 * MINUTE);
        let answer = if api {
            app.post_json("/api/auth/logout-all", json!({})).await.status()
        } else {
            app.post_form("/logout-all", &[]).await.status()
        };
        assert_eq!(answer, if api { Status::NoContent } else { Status::SeeOther });
        assert_eq!(app.token(), None);
        for token in [&here, &other] {
            assert_refused(&app, token, "logged_out_everywhere").await;
        }
        app.letters().await;
    }
}

#[async_test]
async fn where_an_account_may_have_one_session_a_new_sign_in_ends_the_older() {
    let app = one_session().await;
    let first = app.token().unwrap();
    let tokens = issue(&app).await;
    assert_refused(&app, &first, "replaced").await;
    let cookie = Header::new("Cookie", format!("{SESSION_COOKIE}={first}"));
    let page = Answer::of(app.client.get("/signin").header(cookie).dispatch().await).await.body;
    assert!(page.contains("You signed in again, which ended your earlier session."), "{page}");
    let second = app.session_elsewhere(ANN, PASSWORD).await;
    let refresh = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await;
    assert_eq!(refresh.json()["reason"], "replaced");
    assert_eq!(app.session_of(&second).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn of_a_hundred_sign_ins_at_once_on_two_nodes_one_session_is_left() {
    let one = one_session().await;
    let two = one.second_node_with(&[("NIGHTLATCH_SESSION__PER_USER", "1")]).await;
    let sign_in = |number: usize| {
        let node = if number.is_multiple_of(2) { &one } else { &two };
        async move { node.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await }
    };
    let answers = join_all((0..100).map(sign_in)).await;
    let tokens: Vec<String> = answers.iter().filter_map(Answer::token).collect();
    assert!(tokens.len() > 50, "{} signed in", tokens.len());
    assert_eq!(one.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 1);
    one.follower().catch_up().await.unwrap();
    two.follower().catch_up().await.unwrap();
    for node in [&one, &two] {
        let answers = join_all(tokens.iter().map(|token| node.session_of(token))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == Status::Ok).count(), 1);
    }
    one.letters().await;
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

async fn one_session() -> TestApp {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SESSION__PER_USER", "1")]).await;
    app.sign_up(ANN).await;
    app
}

async fn issue(app: &TestApp) -> Value {
    let tokens = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    tokens
}

async fn list(app: &TestApp, token: &str) -> Vec<Value> {
    app.get_as(token, "/api/account/sessions").await.json()["items"].as_array().unwrap().clone()
}

async fn id_of(app: &TestApp, token: &str) -> String {
    app.session_of(token).await.json()["session_id"].as_str().unwrap().to_owned()
}

async fn as_ann<'c>(app: &'c TestApp, request: rocket::local::asynchronous::LocalRequest<'c>) -> Answer {
    Answer::of(app.send(request).await).await
}

async fn assert_refused(app: &TestApp, token: &str, reason: &str) {
    let answer = app.session_of(token).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!(reason)));
}
