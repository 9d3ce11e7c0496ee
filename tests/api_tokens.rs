//! Programs without cookies: access tokens, refresh tokens, and what happens when one of them is used twice.
use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nightlatch::workers::keysmith::Keysmith;
use rocket::{
    async_test,
    futures::future::{join, join_all},
    http::{ContentType, Header, Status},
    tokio::{self, select},
};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, TestApp, token_parts};

const ANN: &str = "ann@example.com";
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[async_test]
async fn a_program_signs_in_and_calls_with_its_access_token() {
    let app = signed_up().await;
    let tokens = issue(&app).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let answer = get(&app, &tokens, "/api/auth/session").await;
    assert_eq!((answer.status, answer.header("set-cookie")), (Status::Ok, None), "no cookie for a program");
    assert_eq!(get(&app, &tokens, "/api/account").await.json()["email"], ANN);
    let (header, claims) = token_parts(text(&tokens, "access_token"));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("access+jwt")));
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("http://localhost:8000"), &json!("http://localhost:8000/api"))
    );
    assert!(claims["jti"].is_string() && claims.get("email").is_none(), "{claims}");
    app.advance(600 * SECOND);
    let over = get(&app, &tokens, "/api/auth/session").await;
    assert_eq!((over.status, &over.json()["reason"]), (Status::Unauthorized, &json!("expired")));
}

#[async_test]
async fn whatever_is_wrong_with_a_sign_in_is_the_same_here() {
    let app = signed_up().await;
    for (email, password) in [(ANN, "wrong-wrong-wrong-wrong"), ("bob@example.com", PASSWORD)] {
        let answer = app.call("/api/auth/token", json!({ "email": email, "password": password })).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'session.failed'").await, 2);
}

#[async_test]
async fn a_refresh_token_is_good_for_one_use_and_a_lost_answer_costs_nothing() {
    let app = signed_up().await;
    let first = issue(&app).await;
    let second = refresh(&app, &first).await.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(get(&app, &second, "/api/auth/session").await.status, Status::Ok);
    app.advance(9 * SECOND);
    // The answer was lost: whoever asks again gets the same successor.
    let again = refresh(&app, &first).await.json();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&app, &second).await.status, Status::Ok);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE kind = 'api'").await, 1, "one row a session");
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'token.refreshed'").await, 2);
}

#[async_test]
async fn without_grace_a_request_that_began_before_the_token_was_used_is_too_late_all_the_same() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_TOKEN__GRACE", "0s")]).await;
    app.sign_up(ANN).await;
    let first = issue(&app).await;
    assert_eq!(refresh(&app, &first).await.status, Status::Ok);
    // Whoever used it read the clock later: the other one waited for its transaction, or that was on a node whose clock is ahead.
    app.execute("UPDATE sessions SET refreshed_at = refreshed_at + 50 WHERE kind = 'api'").await;
    assert_dead(&refresh(&app, &first).await);
    app.letters().await;
}

#[async_test]
async fn a_token_that_was_used_before_ends_the_session_and_its_owner_is_told() {
    let app = signed_up().await;
    let first = issue(&app).await;
    let second = refresh(&app, &first).await.json();
    app.letters().await;
    app.advance(10 * SECOND);
    assert_dead(&refresh(&app, &first).await);
    assert_dead(&get(&app, &second, "/api/auth/session").await);
    assert_dead(&get(&app, &first, "/api/auth/session").await);
    assert_dead(&refresh(&app, &second).await);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'token.reused'").await, 1);
    let letters = app.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("an old token of it was used again"), "{}", letters[0]);
}

#[async_test]
async fn however_old_a_token_is_it_is_recognised_after_a_restart_too() {
    for grace in ["10s", "0s"] {
        let app = TestApp::with_settings(&[("NIGHTLATCH_TOKEN__GRACE", grace)]).await;
        app.sign_up(ANN).await;
        let first = issue(&app).await;
        let mut last = first.clone();
        for _ in 0..4 {
            app.advance(DAY);
            last = refresh(&app, &last).await.json();
        }
        let app = app.restarted().await;
        assert_eq!(get(&app, &last, "/api/auth/session").await.status, Status::Ok);
        assert_dead(&refresh(&app, &first).await);
        assert_dead(&refresh(&app, &last).await);
        app.letters().await;
    }
}

#[async_test]
async fn of_fifty_uses_at_once_on_two_nodes_all_get_the_one_successor() {
    let one = signed_up().await;
    let two = one.second_node().await;
    let first = issue(&one).await;
    let nodes = [&one, &two];
    let answers = join_all((0..50).map(|number| refresh(nodes[number % 2], &first))).await;
    let successors: Vec<Value> = answers.iter().map(|answer| answer.json()["refresh_token"].clone()).collect();
    assert!(answers.iter().all(|answer| answer.status == Status::Ok), "{answers:?}");
    assert!(successors.iter().all(|successor| *successor == successors[0]), "{successors:?}");
    assert_eq!(get(&two, &answers[49].json(), "/api/auth/session").await.status, Status::Ok);
    assert_eq!(one.count("SELECT COUNT(*) FROM events WHERE type = 'token.refreshed'").await, 1);
}

#[async_test]
async fn without_grace_one_of_fifty_wins_and_the_session_is_over() {
    let one = TestApp::with_settings(&[("NIGHTLATCH_TOKEN__GRACE", "0s")]).await;
    one.sign_up(ANN).await;
    let first = issue(&one).await;
    let answers = join_all((0..50).map(|_| refresh(&one, &first))).await;
    let won: Vec<&Answer> = answers.iter().filter(|answer| answer.status == Status::Ok).collect();
    assert_eq!(won.len(), 1);
    assert_dead(&get(&one, &won[0].json(), "/api/auth/session").await);
    assert_dead(&refresh(&one, &won[0].json()).await);
    assert_eq!(one.count("SELECT COUNT(*) FROM events WHERE type = 'token.reused'").await, 1);
    one.letters().await;
}

#[async_test]
async fn programs_that_refresh_at_once_each_get_their_own_tokens_and_whoever_is_refused_costs_the_others_nothing() {
    let one = signed_up().await;
    let two = one.second_node().await;
    let mut programs = Vec::new();
    for _ in 0..24 {
        programs.push(issue(&one).await);
    }
    let stale = programs.pop().unwrap();
    assert_eq!(refresh(&one, &stale).await.status, Status::Ok);
    one.letters().await;
    one.advance(11 * SECOND);
    for _ in 0..3 {
        let all = join_all((0..23).map(|number| refresh([&one, &two][number % 2], &programs[number])));
        let (answers, refused) = followed(&[&one, &two], join(all, refresh(&one, &stale))).await;
        assert_dead(&refused);
        for (program, answer) in programs.iter_mut().zip(answers) {
            assert_eq!(answer.status, Status::Ok, "{answer:?}");
            let next = answer.json();
            let [before, after] = [&*program, &next].map(|tokens| get(&two, tokens, "/api/auth/session"));
            assert_eq!(before.await.json()["session_id"], after.await.json()["session_id"]);
            *program = next;
        }
    }
    assert_eq!(one.count("SELECT COUNT(*) FROM events WHERE type = 'token.refreshed'").await, 1 + 3 * 23);
    let wrong = "SELECT COUNT(*) FROM events JOIN sessions ON sessions.id = session_id
        WHERE type = 'token.refreshed' AND (events.user_id <> sessions.user_id OR actor_id <> sessions.user_id)";
    assert_eq!(one.count(wrong).await, 0);
    one.letters().await;
}

#[async_test]
async fn a_sign_out_everywhere_meets_the_refreshes_of_all_its_sessions_and_ends_them() {
    let one = signed_up().await;
    let two = one.second_node().await;
    for _ in 0..5 {
        let mut programs = Vec::new();
        for _ in 0..12 {
            programs.push(issue(&one).await);
        }
        let ends = post(&two, &programs[0], "/api/auth/logout-all", Some(json!({})));
        let all = join_all(programs.iter().map(|program| refresh(&one, program)));
        let (answers, end) = followed(&[&one, &two], join(all, ends)).await;
        assert_eq!(end.status, Status::NoContent, "{end:?}");
        for (program, answer) in programs.iter().zip(answers) {
            assert!([Status::Ok, Status::Unauthorized].contains(&answer.status), "{answer:?}");
            let last = if answer.status == Status::Ok { answer.json() } else { program.clone() };
            assert_eq!(get(&one, &last, "/api/auth/session").await.status, Status::Unauthorized);
            assert_eq!(refresh(&one, &last).await.status, Status::Unauthorized);
        }
    }
    one.letters().await;
}

#[async_test]
async fn a_session_of_a_program_lasts_fourteen_idle_days_and_thirty_in_all() {
    let app = signed_up().await;
    let first = issue(&app).await;
    app.advance(14 * DAY);
    let idle = refresh(&app, &first).await;
    assert_eq!((idle.status, &idle.json()["reason"]), (Status::Unauthorized, &json!("expired")));
    let mut last = issue(&app).await;
    for _ in 0..2 {
        app.advance(14 * DAY - SECOND);
        last = refresh(&app, &last).await.json();
    }
    app.advance(2 * DAY - 60 * SECOND);
    last = refresh(&app, &last).await.json();
    assert_eq!(last["expires_in"], 62, "no access token outlives the session");
    app.advance(62 * SECOND);
    let over = refresh(&app, &last).await;
    assert_eq!((over.status, &over.json()["reason"]), (Status::Unauthorized, &json!("absolute_limit")));
    app.letters().await;
}

#[async_test]
async fn neither_kind_of_token_passes_for_the_other() {
    let app = signed_up().await;
    let (cookie, tokens) = (app.token().unwrap(), issue(&app).await);
    let bearer = json!({ "access_token": cookie });
    assert_eq!(get(&app, &bearer, "/api/auth/session").await.status, Status::Unauthorized);
    let access = text(&tokens, "access_token").to_owned();
    assert_eq!(app.session_of(&access).await.status, Status::Unauthorized);
    assert_eq!(
        app.call("/api/auth/token/refresh", json!({ "refresh_token": access })).await.status,
        Status::Unauthorized
    );
    // With an `Authorization` header the cookie counts for nothing, whatever is wrong with the header.
    for value in ["Bearer", "Bearer x", "Basic YTpi", "", &format!("Bearer {access} x")] {
        let request = app.client.get("/api/auth/session").header(Header::new("Authorization", value.to_owned()));
        let request = request.header(Header::new("Cookie", format!("{SESSION_COOKIE}={cookie}")));
        assert_eq!(request.dispatch().await.status(), Status::Unauthorized, "{value}");
    }
}

#[async_test]
async fn a_program_signs_out_by_either_token() {
    let app = signed_up().await;
    for by_refresh in [true, false] {
        let tokens = issue(&app).await;
        let answer = if by_refresh {
            app.call("/api/auth/logout", json!({ "refresh_token": tokens["refresh_token"] })).await
        } else {
            post(&app, &tokens, "/api/auth/logout", None).await
        };
        assert_eq!(answer.status, Status::NoContent);
        for refused in [get(&app, &tokens, "/api/auth/session").await, refresh(&app, &tokens).await] {
            assert_eq!((refused.status, &refused.json()["reason"]), (Status::Unauthorized, &json!("logged_out")));
        }
    }
    let garbage = app.call("/api/auth/logout", json!({ "refresh_token": "nlr_x" })).await;
    assert_eq!(garbage.status, Status::Unauthorized);
    assert_eq!(app.get("/api/auth/session").await.status(), Status::Ok, "the person's own session goes on");
    app.letters().await;
}

#[async_test]
async fn a_new_password_ends_the_sessions_of_programs() {
    let app = signed_up().await;
    let tokens = issue(&app).await;
    let body = json!({ "current_password": PASSWORD, "password": "gravel-teapot-orbit-lantern" });
    assert_eq!(app.post_json("/api/account/password", body).await.status(), Status::NoContent);
    for refused in [get(&app, &tokens, "/api/auth/session").await, refresh(&app, &tokens).await] {
        assert_eq!((refused.status, &refused.json()["reason"]), (Status::Unauthorized, &json!("password_changed")));
    }
    app.letters().await;
}

#[async_test]
async fn a_program_that_confirms_the_password_gets_new_tokens() {
    let app = signed_up().await;
    let tokens = issue(&app).await;
    let answer = post(&app, &tokens, "/api/auth/confirm", Some(json!({ "password": PASSWORD }))).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (Status::Ok, None));
    assert_eq!(get(&app, &answer.json(), "/api/auth/session").await.status, Status::Ok);
    assert_eq!(get(&app, &tokens, "/api/auth/session").await.json()["reason"], "replaced");
    app.letters().await;
}

#[async_test]
async fn a_sign_in_with_an_access_token_at_hand_ends_nothing() {
    let app = signed_up().await;
    let tokens = issue(&app).await;
    let body = json!({ "email": ANN, "password": PASSWORD });
    assert_eq!(post(&app, &tokens, "/api/auth/signin", Some(body)).await.status, Status::Ok);
    assert_eq!(get(&app, &tokens, "/api/auth/session").await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn a_reuse_that_one_node_sees_is_refused_by_the_other() {
    let one = TestApp::with_settings(&[("NIGHTLATCH_TOKEN__GRACE", "0s")]).await;
    one.sign_up(ANN).await;
    let two = one.second_node().await;
    let first = issue(&one).await;
    let second = refresh(&one, &first).await.json();
    assert_dead(&followed(&[&two], refresh(&one, &first)).await);
    assert_dead(&get(&two, &second, "/api/auth/session").await);
    one.letters().await;
}

#[async_test]
async fn a_new_key_is_published_before_it_signs_and_signs_nobody_out() {
    let app = signed_up().await;
    let (cookie, before) = (app.token().unwrap(), issue(&app).await);
    let old = kids(&app).await;
    assert_eq!(old.len(), 1);
    // Sessions that were used all along; only the ring has become old.
    app.execute(&format!("UPDATE keys SET created_at = created_at - {}", (30 * DAY).as_millis())).await;
    keysmith(&app).renew().await;
    let both = kids(&app).await;
    assert_eq!((both.len(), &both[1]), (2, &old[0]));
    assert_eq!(kid(&issue(&app).await), old[0], "nobody else may know the new key yet");
    app.advance(599 * SECOND);
    assert_eq!(get(&app, &before, "/api/auth/session").await.status, Status::Ok);
    assert_eq!(app.session_of(&cookie).await.status, Status::Ok);
    let renewed = app.session_of(&cookie).await.token().unwrap();
    app.advance(SECOND);
    assert_eq!(kid(&issue(&app).await), both[0]);
    let late = app.session_of(&renewed).await;
    assert_eq!(late.status, Status::Ok, "a token of the old key verifies");
    assert_ne!(token_parts(&late.token().unwrap()).0["kid"], token_parts(&renewed).0["kid"]);
    // A day later nothing of the old key is alive.
    app.advance(DAY);
    keysmith(&app).renew().await;
    assert_eq!(kids(&app).await, [both[0].clone()]);
    app.letters().await;
}

#[async_test]
async fn nodes_that_rotate_at_once_agree_on_one_key() {
    let one = signed_up().await;
    let two = one.second_node().await;
    one.execute(&format!("UPDATE keys SET created_at = created_at - {}", (30 * DAY).as_millis())).await;
    join(keysmith(&one).renew(), keysmith(&two).renew()).await;
    join(keysmith(&one).renew(), keysmith(&two).renew()).await;
    assert_eq!(kids(&one).await.len(), 2);
    assert_eq!(kids(&one).await, kids(&two).await);
}

async fn signed_up() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

/// What `act` gives, while these nodes read of every ending.
async fn followed<T>(nodes: &[&TestApp], act: impl Future<Output = T>) -> T {
    let follow = async {
        loop {
            for node in nodes {
                node.follower().catch_up().await.unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    select! {
        outcome = act => outcome,
        () = follow => unreachable!("it goes on for ever"),
    }
}

async fn issue(app: &TestApp) -> Value {
    let answer = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Ok, "{answer:?}");
    app.letters().await;
    answer.json()
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await
}

async fn get(app: &TestApp, tokens: &Value, path: &str) -> Answer {
    Answer::of(app.client.get(path.to_owned()).header(bearer(tokens)).dispatch().await).await
}

async fn post(app: &TestApp, tokens: &Value, path: &str, body: Option<Value>) -> Answer {
    let mut request = app.client.post(path.to_owned()).header(bearer(tokens));
    if let Some(body) = body {
        request = request.header(ContentType::JSON).body(body.to_string());
    }
    Answer::of(request.dispatch().await).await
}

fn bearer(tokens: &Value) -> Header<'static> {
    Header::new("Authorization", format!("Bearer {}", text(tokens, "access_token")))
}

fn text<'v>(tokens: &'v Value, member: &str) -> &'v str {
    tokens[member].as_str().unwrap_or_else(|| panic!("no {member} in {tokens}"))
}

fn kid(tokens: &Value) -> String {
    token_parts(text(tokens, "access_token")).0["kid"].as_str().unwrap().to_owned()
}

/// The names of the published keys, the newest first.
async fn kids(app: &TestApp) -> Vec<String> {
    let answer = Answer::of(app.client.get("/.well-known/jwks.json").dispatch().await).await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    for key in &keys {
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
        assert_eq!(URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap().len(), 32);
        assert_eq!(key.get("d"), None, "the private part");
    }
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn keysmith(app: &TestApp) -> &Keysmith {
    app.client.rocket().state::<Arc<Keysmith>>().unwrap()
}

fn assert_dead(answer: &Answer) {
    assert_eq!(
        (answer.status, &answer.json()["reason"]),
        (Status::Unauthorized, &json!("refresh_reused")),
        "{answer:?}"
    );
}
