//! What a probe is told: whether this node should get requests, and why not.
use std::{sync::Arc, time::Duration};

use nightlatch::workers::postman::Postman;
use rocket::{async_test, http::Status};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";

async fn ready(app: &TestApp) -> (Status, Value) {
    let answer = Answer::of(app.client.get("/health/ready").dispatch().await).await;
    assert_eq!((answer.header("content-type"), answer.header("set-cookie")), (Some("application/json"), None));
    (answer.status, answer.json())
}

/// Looks at the words of a 503.
async fn refusal(app: &TestApp) -> String {
    let (status, answer) = ready(app).await;
    assert_eq!(status, Status::ServiceUnavailable, "{answer}");
    answer["status"].as_str().unwrap().to_owned()
}

#[async_test]
async fn a_node_tells_how_it_keeps_up_with_the_others() {
    let one = TestApp::new().await;
    let fresh = json!({ "status": "ok", "nodes": 1, "feed_age_ms": 0, "last_settle_ms": null });
    assert_eq!(ready(&one).await, (Status::Ok, fresh));
    let two = one.second_node().await;
    one.sign_up(ANN).await;
    let ended = one.session_elsewhere(ANN, PASSWORD).await;
    // The other node says nothing until it is waited for no more; the clock of the one that waits is moved meanwhile.
    let logout = one.call_as(&ended, "/api/auth/logout", json!({}));
    let pass = async {
        loop {
            one.stall(Duration::from_millis(700));
            rocket::tokio::task::yield_now().await;
        }
    };
    rocket::tokio::select! { _ = logout => {}, () = pass => unreachable!() }
    one.follower().catch_up().await.unwrap();
    one.stall(Duration::from_millis(43));
    let (status, answer) = ready(&one).await;
    assert_eq!((status, &answer["nodes"], &answer["feed_age_ms"]), (Status::Ok, &json!(1), &json!(43)));
    assert!(answer["last_settle_ms"].as_u64().unwrap() >= 2_100, "{answer}");
    assert_eq!(ready(&two).await.1["last_settle_ms"], Value::Null, "it has ended nothing itself");
    one.letters().await;
}

#[async_test]
async fn a_node_that_does_not_read_the_endings_of_others_is_not_ready() {
    let app = TestApp::new().await;
    app.stall(Duration::from_millis(1_999));
    assert_eq!(ready(&app).await.0, Status::Ok);
    app.stall(Duration::from_millis(1));
    assert_eq!(refusal(&app).await, "this node has lost touch with the others");
    assert_eq!(ready(&app).await.1["feed_age_ms"], 2_000);
    app.follower().catch_up().await.unwrap();
    assert_eq!(ready(&app).await.0, Status::Ok);
}

#[async_test]
async fn a_node_whose_database_does_not_answer_is_not_ready() {
    let app = TestApp::new().await;
    app.client.rocket().state::<Arc<Postman>>().unwrap().db.close().await;
    assert_eq!(refusal(&app).await, "the database does not answer");
    assert_eq!(ready(&app).await.1["nodes"], Value::Null);
    assert_eq!(Answer::of(app.client.get("/health/live").dispatch().await).await.json(), json!({ "status": "ok" }));
}

#[async_test]
async fn a_node_that_was_told_to_stop_is_not_ready_while_it_still_answers() {
    let app = TestApp::new().await;
    app.client.rocket().shutdown().notify();
    assert_eq!(refusal(&app).await, "this node is stopping");
    assert_eq!(app.get("/signin").await.status(), Status::Ok);
}

#[async_test]
async fn who_asks_from_elsewhere_is_told_no_more_than_whether_it_is_ready() {
    let app = TestApp::new().await;
    let ask = async |address: &str| {
        let request = app.client.get("/health/ready").remote(format!("{address}:4000").parse().unwrap());
        Answer::of(request.dispatch().await).await.json()
    };
    let nothing = |status| json!({ "status": status, "nodes": null, "feed_age_ms": null, "last_settle_ms": null });
    assert_eq!(ask("192.0.2.1").await, nothing("ok"));
    assert_eq!(ask("127.0.0.1").await["nodes"], 1);
    app.client.rocket().shutdown().notify();
    assert_eq!(ask("192.0.2.1").await, nothing("this node is stopping"));
}
