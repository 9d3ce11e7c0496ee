//! Several nodes on one database: what one ends, all refuse.
use std::{sync::Arc, time::Duration};

use nightlatch::{db::Pool, revocations::feed::COMPARISON, workers::postman::Postman};
use rocket::{
    async_test,
    http::{Header, Status},
    tokio::{self, select},
};
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";

const TENTH: Duration = Duration::from_millis(100);

#[async_test]
async fn a_session_that_one_node_ended_is_refused_by_the_other_when_the_answer_is_there() {
    let (one, two) = two_nodes().await;
    for _ in 0..20 {
        let token = one.session_elsewhere(ANN, PASSWORD).await;
        assert_eq!(two.session_of(&token).await.status, Status::Ok);
        let answer = while_following(&two, one.call_as(&token, "/api/auth/logout", json!({}))).await;
        assert_eq!(answer.status, Status::NoContent);
        let refused = two.session_of(&token).await;
        assert_eq!((refused.status, &refused.json()["reason"]), (Status::Unauthorized, &json!("logged_out")));
        assert_eq!(refused.token(), None);
    }
    one.letters().await;
}

#[async_test]
async fn whoever_is_signed_in_needs_no_database_on_a_node_that_follows() {
    let (one, two) = two_nodes().await;
    let token = one.token().unwrap();
    pool(&two).close().await;
    assert_eq!(two.session_of(&token).await.status, Status::Ok);
}

#[async_test]
async fn a_node_that_has_not_read_for_two_seconds_asks_the_row() {
    let (one, two) = two_nodes().await;
    let (kept, ended) = (one.token().unwrap(), one.session_elsewhere(ANN, PASSWORD).await);
    two.stall(Duration::from_millis(1_999));
    assert_eq!(two.session_of(&ended).await.status, Status::Ok);
    two.stall(Duration::from_millis(1));
    // The node does nothing and says nothing; the other waits until it can trust its memory no more.
    let logout = one.call_as(&ended, "/api/auth/logout", json!({}));
    let answer = while_passing(&one, TENTH, logout).await;
    assert_eq!(answer.status, Status::NoContent);
    assert_eq!(two.session_of(&ended).await.json()["reason"], "logged_out");
    assert_eq!(two.session_of(&kept).await.status, Status::Ok);
    one.letters().await;
}

#[async_test]
async fn a_node_that_nobody_waits_for_any_more_registers_and_reads_everything_again() {
    let (one, two) = two_nodes().await;
    let ended = one.session_elsewhere(ANN, PASSWORD).await;
    while_passing(&one, TENTH, one.call_as(&ended, "/api/auth/logout", json!({}))).await;
    assert_eq!(one.count("SELECT COUNT(*) FROM nodes").await, 1, "the silent node was given up");
    two.follower().catch_up().await.unwrap();
    assert_eq!(one.count("SELECT COUNT(*) FROM nodes").await, 2);
    pool(&two).close().await;
    assert_eq!(two.session_of(&ended).await.json()["reason"], "logged_out");
    one.letters().await;
}

#[async_test]
async fn a_node_cut_off_from_the_database_answers_503_and_keeps_the_cookie() {
    let (one, two) = two_nodes().await;
    let token = one.token().unwrap();
    two.stall(Duration::from_secs(2));
    pool(&two).close().await;
    let answer = two.session_of(&token).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::ServiceUnavailable, &json!("overloaded")));
    assert_eq!((answer.header("retry-after"), answer.header("set-cookie")), (Some("2"), None));
    let page = two.get_as(&token, "/dashboard").await;
    assert_eq!(page.status, Status::ServiceUnavailable);
    assert_eq!(two.get_as(&token, "/signin").await.status, Status::Ok, "what needs no session is there");
    let act = two.call_as(&token, "/api/auth/signin", json!({})).await;
    assert_eq!(act.status, Status::ServiceUnavailable, "no handler waits for the database once more");
}

#[async_test]
async fn a_database_that_went_back_in_time_is_read_from_its_beginning() {
    let (one, two) = two_nodes().await;
    let lost = one.session_elsewhere(ANN, PASSWORD).await;
    while_following(&two, one.call_as(&lost, "/api/auth/logout", json!({}))).await;
    let later = one.session_elsewhere(ANN, PASSWORD).await;
    // A replica took over that had not heard of the last ending, and another took its number since.
    one.execute("UPDATE feed SET number = 0").await;
    one.execute("DELETE FROM endings").await;
    // The first may only note what it had read before.
    two.follower().catch_up().await.unwrap();
    two.follower().catch_up().await.unwrap();
    while_following(&two, one.call_as(&later, "/api/auth/logout", json!({}))).await;
    for token in [&lost, &later] {
        let answer = two.session_of(token).await;
        assert_eq!(answer.json()["reason"], "logged_out", "{answer:?}");
    }
    one.letters().await;
}

#[async_test]
async fn a_node_that_stops_is_waited_for_by_nobody() {
    let (one, two) = two_nodes().await;
    let token = one.token().unwrap();
    two.follower().leave().await;
    assert_eq!(two.session_of(&token).await.status, Status::Ok, "its last requests ask the row");
    assert_eq!(one.call_as(&token, "/api/auth/logout", json!({})).await.status, Status::NoContent);
    assert_eq!(two.session_of(&token).await.json()["reason"], "logged_out");
    two.follower().catch_up().await.unwrap();
    assert_eq!(one.count("SELECT COUNT(*) FROM nodes").await, 1, "it does not come back");
}

#[async_test]
async fn of_many_endings_on_both_nodes_at_once_each_holds_on_both_when_it_is_answered() {
    let (one, two) = two_nodes().await;
    let mut tokens = Vec::new();
    for _ in 0..24 {
        tokens.push(one.session_elsewhere(ANN, PASSWORD).await);
    }
    let end = |number: usize| {
        let (here, there) = if number.is_multiple_of(2) { (&one, &two) } else { (&two, &one) };
        let token = &tokens[number];
        async move {
            assert_eq!(here.call_as(token, "/api/auth/logout", json!({})).await.status, Status::NoContent);
            let refused: Answer = there.session_of(token).await;
            assert_eq!(refused.status, Status::Unauthorized, "{refused:?}");
        }
    };
    let endings = rocket::futures::future::join_all((0..tokens.len()).map(end));
    while_following(&one, while_following(&two, endings)).await;
    one.letters().await;
}

#[async_test]
async fn whoever_ends_what_another_request_has_just_ended_waits_as_long() {
    for path in ["/api/auth/logout-all", "/api/account/sessions/end-others"] {
        let (one, two) = two_nodes().await;
        let (first, second) = (one.session_elsewhere(ANN, PASSWORD).await, one.session_elsewhere(ANN, PASSWORD).await);
        let lost = one.token().unwrap();
        let answer = select! {
            _ = one.call_as(&first, path, json!({})) => panic!("it did not wait for the other node, which reads nothing"),
            answer = async {
                while one.count("SELECT COUNT(*) FROM endings").await == 0 {
                    tokio::task::yield_now().await;
                }
                while_following(&one, two.call_as(&second, path, json!({}))).await
            } => answer,
        };
        assert_eq!(answer.status, Status::NoContent, "{path}");
        assert_eq!(two.session_of(&lost).await.status, Status::Unauthorized, "{path}");
        one.letters().await;
    }
}

#[async_test]
async fn whoever_signs_out_by_a_refresh_token_what_another_request_has_just_ended_waits_too() {
    let (one, two) = two_nodes().await;
    let tokens = one.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let logout = || json!({ "refresh_token": tokens["refresh_token"] });
    let bearer = Header::new("Authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()));
    let answer = select! {
        _ = one.call("/api/auth/logout", logout()) => panic!("it did not wait for the other node, which reads nothing"),
        answer = async {
            while one.count("SELECT COUNT(*) FROM endings").await == 0 {
                tokio::task::yield_now().await;
            }
            while_following(&one, two.call("/api/auth/logout", logout())).await
        } => answer,
    };
    assert_eq!(answer.status, Status::NoContent);
    let refused = Answer::of(two.client.get("/api/auth/session").header(bearer).dispatch().await).await;
    assert_eq!(refused.json()["reason"], "logged_out");
    one.letters().await;
}

#[async_test]
async fn a_node_whose_clock_goes_wrong_asks_the_row_until_it_is_right_again() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let start = app.now();
    app.advance(Duration::from_millis(5_001));
    assert_eq!(trusted(&app).await, "ok", "it has not looked yet");
    app.stall(COMPARISON);
    app.follower().catch_up().await.unwrap();
    if !app.database_has_clock() {
        assert_eq!(trusted(&app).await, "ok", "SQLite has no clock to compare with");
        return;
    }
    assert_eq!(trusted(&app).await, "the clock of this machine is 5.0 s ahead of the database's");
    for _ in 0..3 {
        app.follower().catch_up().await.unwrap();
        assert_ne!(trusted(&app).await, "ok", "reading what others end makes the clock no better");
    }
    app.set_database_clock(app.now().plus(Duration::from_secs(3_600))).await;
    app.stall(COMPARISON);
    app.follower().catch_up().await.unwrap();
    assert_eq!(trusted(&app).await, "the clock of this machine is 3600.0 s behind the database's");
    app.set_database_clock(start.plus(Duration::from_millis(1))).await;
    app.stall(COMPARISON);
    app.follower().catch_up().await.unwrap();
    assert_eq!(trusted(&app).await, "ok", "five seconds are within bounds");
}

#[async_test]
async fn a_node_that_starts_with_a_wrong_clock_trusts_nothing() {
    let one = TestApp::new().await;
    one.sign_up(ANN).await;
    let two = one.second_node_ahead(Duration::from_secs(6)).await;
    let expected = "the clock of this machine is 6.0 s ahead of the database's";
    assert_eq!(trusted(&two).await, if one.database_has_clock() { expected } else { "ok" });
}

/// What readiness says of a node; and sees that its requests with a session need the database when it is not trusted, and only then.
async fn trusted(node: &TestApp) -> String {
    let answer = Answer::of(node.client.get("/health/ready").dispatch().await).await.json();
    let status = answer["status"].as_str().unwrap().to_owned();
    let token = node.token().unwrap();
    node.execute("ALTER TABLE sessions RENAME TO sessions_away").await;
    let without_rows = node.session_of(&token).await.status;
    node.execute("ALTER TABLE sessions_away RENAME TO sessions").await;
    assert_eq!(without_rows == Status::Ok, status == "ok", "{without_rows} {status}");
    assert_eq!(node.session_of(&token).await.status, Status::Ok);
    status
}

/// Two nodes and Ann, signed in.
async fn two_nodes() -> (TestApp, TestApp) {
    let one = TestApp::new().await;
    one.sign_up(ANN).await;
    let two = one.second_node().await;
    (one, two)
}

fn pool(app: &TestApp) -> &Pool {
    &app.client.rocket().state::<Arc<Postman>>().unwrap().db
}

/// Lets `node` read the endings over and over until `act` is done.
async fn while_following<T>(node: &TestApp, act: impl Future<Output = T>) -> T {
    while_passing(node, Duration::ZERO, act).await
}

/// Lets time pass for `node`, which reads the endings, until `act` is done.
async fn while_passing<T>(node: &TestApp, at_a_time: Duration, act: impl Future<Output = T>) -> T {
    let pass = async {
        loop {
            node.stall(at_a_time);
            node.follower().catch_up().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    select! {
        done = act => done,
        () = pass => unreachable!(),
    }
}
