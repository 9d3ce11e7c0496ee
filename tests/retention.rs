//! What is old is deleted, in small parts, and what is live never.
use std::{sync::Arc, time::Duration};

use nightlatch::workers::{crew::Crew, sweeper::Sweeper};
use rocket::{
    async_test,
    http::Status,
    tokio::{self, select, task::yield_now},
};
use serde_json::json;

use crate::{
    audit::{MOMENTS, add, audit, audit_of, pool, seal, sealer},
    support::{PASSWORD, TestApp, dies_after},
};

const ANN: &str = "ann@example.com";
const DAY: Duration = Duration::from_secs(24 * 3600);
const INSTANT: Duration = Duration::from_millis(1);

#[async_test]
async fn a_session_is_kept_until_it_has_been_over_for_long_enough() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_RETENTION__SESSIONS", "1d")]).await;
    let sessions = "SELECT COUNT(*) FROM sessions";
    app.sign_up(ANN).await;
    let answer = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let ended = app.session_elsewhere(ANN, PASSWORD).await;
    app.call_as(&ended, "/api/auth/logout", json!({})).await;
    app.letters().await;
    assert_eq!(app.count(sessions).await, 3);

    app.advance(DAY);
    sweep(&app).await;
    assert_eq!(app.count(sessions).await, 3);
    app.advance(INSTANT);
    sweep(&app).await;
    assert_eq!(app.count(sessions).await, 2, "the one that was ended a day ago");
    app.advance(DAY / 2);
    sweep(&app).await;
    assert_eq!(app.count(sessions).await, 1, "the one in the browser closed by itself after half a day");

    // A program's goes on for as long as its tokens are used.
    app.advance(12 * DAY);
    sweep(&app).await;
    let refreshed = app.call("/api/auth/token/refresh", json!({ "refresh_token": answer["refresh_token"] })).await;
    assert_eq!(refreshed.status, Status::Ok);
    app.advance(15 * DAY);
    sweep(&app).await;
    assert_eq!(app.count(sessions).await, 1, "its last token was good until a day ago");
    app.advance(INSTANT);
    let last = json!({ "refresh_token": refreshed.json()["refresh_token"] });
    assert_eq!(app.call("/api/auth/token/refresh", last.clone()).await.json()["reason"], "expired");
    sweep(&app).await;
    assert_eq!(app.count(sessions).await, 0);
    let forgotten = app.call("/api/auth/token/refresh", last).await;
    assert_eq!((forgotten.status, forgotten.json().get("reason")), (Status::Unauthorized, None), "nobody knows why");
}

#[async_test]
async fn a_letter_is_kept_until_it_left_long_enough_ago() {
    let app = TestApp::new().await;
    let letters = "SELECT COUNT(*) FROM letters";
    app.sign_up(ANN).await;
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    app.advance(7 * DAY);
    sweep(&app).await;
    assert_eq!(app.count(letters).await, 2);
    app.advance(INSTANT);
    sweep(&app).await;
    assert_eq!(app.count(letters).await, 1, "one left; the other waits, however old it is");
    // The postman finds that its code is worthless by now.
    assert!(app.letters().await.is_empty());
    app.advance(7 * DAY + INSTANT);
    sweep(&app).await;
    assert_eq!(app.count(letters).await, 0);
}

#[async_test]
async fn a_node_follows_on_when_old_endings_were_deleted() {
    let one = TestApp::new().await;
    one.sign_up(ANN).await;
    let two = one.second_node().await;
    let ended = one.session_elsewhere(ANN, PASSWORD).await;
    let logout = one.call_as(&ended, "/api/auth/logout", json!({}));
    assert_eq!(while_following(&two, logout).await.status, Status::NoContent);
    let endings = "SELECT COUNT(*) FROM endings";

    // Ten minutes of tokens, ten of margin, and two days.
    one.advance(2 * DAY + Duration::from_secs(20 * 60));
    sweep(&one).await;
    assert_eq!(one.count(endings).await, 1);
    one.advance(INSTANT);
    sweep(&one).await;
    assert_eq!(one.count(endings).await, 0);

    two.follower().catch_up().await.unwrap();
    assert_eq!(one.count("SELECT COUNT(*) FROM nodes").await, 2);
    let (kept, ended_now) = (one.session_elsewhere(ANN, PASSWORD).await, one.session_elsewhere(ANN, PASSWORD).await);
    let logout = one.call_as(&ended_now, "/api/auth/logout", json!({}));
    assert_eq!(while_following(&two, logout).await.status, Status::NoContent);
    let three = one.second_node().await;
    for node in [&two, &three] {
        pool(node).close().await;
        assert_eq!(node.session_of(&kept).await.status, Status::Ok, "it knows without asking");
        assert_eq!(node.session_of(&ended_now).await.json()["reason"], "logged_out");
        assert_eq!(node.session_of(&ended).await.status, Status::Unauthorized);
    }
    one.letters().await;
}

#[async_test]
async fn a_request_is_kept_for_a_day_after_it_could_be_answered() {
    let app = TestApp::new().await;
    app.post_form("/signup", &[("email", ANN), ("password", PASSWORD)]).await;
    app.mailed_code().await;
    app.advance(DAY + Duration::from_secs(15 * 60));
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM requests").await, 1);
    app.advance(INSTANT);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM requests").await, 0);
}

#[async_test]
async fn a_browser_is_remembered_for_a_year_after_its_last_sign_in() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app.advance(200 * DAY);
    app.forget_cookies();
    app.sign_in(ANN, PASSWORD).await;
    app.advance(365 * DAY);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 1);
    app.advance(INSTANT);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 0);
}

#[async_test]
async fn a_node_whose_clock_is_wrong_deletes_nothing() {
    let app = TestApp::new().await;
    let (right, wrong) = (app.second_node().await, app.second_node_ahead(400 * DAY).await);
    app.sign_up(ANN).await;
    let crew = Crew::new(Duration::ZERO);
    sweeper(&wrong).round(&crew.stop()).await;
    // SQLite has no clock to compare with, and one server only.
    let left = if app.database_has_clock() { 1 } else { 0 };
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, left);
    app.advance(31 * DAY);
    app.set_database_clock(app.now()).await;
    sweeper(&right).round(&crew.stop()).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 0);
}

#[async_test]
async fn two_nodes_sweep_at_once_a_few_rows_at_a_time_and_leave_what_is_live() {
    let app = TestApp::new().await;
    let (one, two) = (app.second_node().await, app.second_node().await);
    let rows = "INSERT INTO endings (session_id, reason, until, number)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2600)
        SELECT 'session' || i, 'logged_out', CASE WHEN i <= 2500 THEN 1 ELSE 1900000000000 END, i FROM n";
    app.execute(rows).await;
    let endings = "SELECT COUNT(*) FROM endings";
    assert!(sweeper(&one).sweep().await.unwrap());
    assert_eq!(app.count(endings).await, 2100);
    for moment in 0..MOMENTS {
        dies_after(moment, sweeper(&one).sweep()).await;
    }
    app.execute(&rows.replace("'session'", "'another'")).await;
    tokio::join!(sweep(&one), sweep(&two));
    assert_eq!(app.count(endings).await, 200);
}

#[async_test]
async fn old_events_are_deleted_from_the_beginning_of_the_chain_and_the_rest_is_still_proven() {
    let app = TestApp::new().await;
    add(&app, 5).await;
    seal(&app).await;
    app.advance(200 * DAY);
    add(&app, 4).await;
    seal(&app).await;
    app.advance(165 * DAY);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 9);
    app.advance(INSTANT);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM seals").await, 4);
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    for words in ["up to seal number 9", "5 rows up to 2026-09-21T14:13:20Z deleted by retention", "4 rows as sealed"] {
        assert!(said.contains(words), "{words} in: {said}");
    }

    // The beginning of the rest is as well guarded as the first beginning was.
    let first = app.list("SELECT event_id FROM seals ORDER BY number").await.remove(0);
    app.execute(&format!("DELETE FROM events WHERE id = '{first}'")).await;
    app.execute(&format!("DELETE FROM seals WHERE event_id = '{first}'")).await;
    let (code, said) = audit(&app);
    assert!(code == 1 && said.contains("1 row removed from its beginning"), "{said}");
    app.execute("UPDATE chain SET deleted_number = deleted_number + 1").await;
    let (code, said) = audit(&app);
    assert!(code == 1 && said.contains("the note of where its seals begin and end"), "{said}");
}

#[async_test]
async fn all_of_a_trail_may_be_deleted_and_it_goes_on() {
    let app = TestApp::new().await;
    add(&app, 3).await;
    seal(&app).await;
    app.advance(366 * DAY);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 0);
    add(&app, 2).await;
    seal(&app).await;
    let (code, said) = audit(&app);
    assert!(code == 0 && said.contains("3 rows up to") && said.contains("2 rows as sealed"), "{said}");
}

#[async_test]
async fn an_event_without_a_seal_is_not_deleted_and_one_that_is_not_old_keeps_those_after_it() {
    let app = TestApp::new().await;
    add(&app, 2).await;
    app.advance(400 * DAY);
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 2, "neither is sealed");
    seal(&app).await;
    add(&app, 1).await;
    seal(&app).await;
    app.execute("INSERT INTO events (id, type, data, created_at) VALUES ('late', 'session.ended', '{}', 1)").await;
    seal(&app).await;
    sweep(&app).await;
    assert_eq!(
        app.list("SELECT event_id FROM seals ORDER BY number DESC").await.len(),
        2,
        "the new one keeps the late one"
    );
    assert_eq!(audit(&app).0, 0);
}

#[async_test]
async fn an_event_that_is_made_out_to_be_old_is_not_deleted() {
    for forgery in ["UPDATE events SET created_at = 1", "DELETE FROM events WHERE id = (SELECT MIN(id) FROM events)"] {
        let app = TestApp::new().await;
        add(&app, 4).await;
        seal(&app).await;
        app.execute(forgery).await;
        let before = app.count("SELECT COUNT(*) FROM events").await;
        assert!(sweeper(&app).cut_trail().await.is_err(), "{forgery}");
        app.advance(400 * DAY);
        let error = sweeper(&app).cut_trail().await.unwrap_err().to_string();
        assert!(error.contains("nightlatch check --audit"), "{error}");
        assert_eq!(app.count("SELECT COUNT(*) FROM events").await, before);
        assert_eq!(audit(&app).0, 1);
    }
}

#[async_test]
async fn a_node_that_dies_while_it_deletes_leaves_a_trail_that_is_proven() {
    let app = TestApp::new().await;
    let mut finished = 0;
    for moment in 0..MOMENTS {
        add(&app, 2).await;
        seal(&app).await;
        app.advance(366 * DAY);
        finished += usize::from(dies_after(moment, sweeper(&app).cut_trail()).await);
        // One statement: a commit that was under way may still come.
        let whole = "SELECT COUNT(*) FROM chain WHERE number - deleted_number = (SELECT COUNT(*) FROM seals)
            AND number - deleted_number = (SELECT COUNT(*) FROM events)";
        assert_eq!(app.count(whole).await, 1, "moment {moment}");
    }
    assert!((1..MOMENTS).contains(&finished), "{finished} of {MOMENTS} came to their end");
    sweep(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 0);
    assert_eq!(audit(&app).0, 0);
}

#[async_test]
async fn nodes_that_write_seal_and_delete_at_once_leave_a_trail_that_is_proven_at_any_time() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_RETENTION__EVENTS", "1d")]).await;
    let two = app.second_node_with(&[("NIGHTLATCH_RETENTION__EVENTS", "1d")]).await;
    add(&app, 1000).await;
    seal(&app).await;
    let going_on = async {
        loop {
            app.advance(DAY / 4);
            add(&app, 1).await;
            let (one, other) = (sealer(&app), sealer(&two));
            let (sealed, too) = tokio::join!(one.seal(), other.seal());
            let (deleted, also) = tokio::join!(sweeper(&app).cut_trail(), sweeper(&two).cut_trail());
            for outcome in [sealed, too, deleted, also] {
                outcome.unwrap();
            }
        }
    };
    let checking = async {
        for _ in 0..20 {
            let url = app.database_url.clone();
            let (code, said) = tokio::task::spawn_blocking(move || audit_of(&url)).await.unwrap();
            assert_eq!(code, 0, "{said}");
        }
    };
    select! {
        () = going_on => unreachable!(),
        () = checking => {}
    }
    assert!(app.count("SELECT deleted_number FROM chain").await > 0);
}

/// Deletes everything that is old.
async fn sweep(app: &TestApp) {
    while sweeper(app).sweep().await.unwrap() {}
    while sweeper(app).cut_trail().await.unwrap() {}
}

fn sweeper(app: &TestApp) -> &Sweeper {
    app.client.rocket().state::<Arc<Sweeper>>().unwrap()
}

/// Lets `node` read the endings over and over until `act` is done.
async fn while_following<T>(node: &TestApp, act: impl Future<Output = T>) -> T {
    let follow = async {
        loop {
            node.follower().catch_up().await.unwrap();
            yield_now().await;
        }
    };
    select! {
        done = act => done,
        () = follow => unreachable!(),
    }
}
