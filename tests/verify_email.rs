//! Proving the address of a sign-up with the mailed code.
use std::time::Duration;

use rocket::{async_test, futures::future::join_all, http::Status};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp, code_in, max_age, other_than};

const FLOW_COOKIE: &str = "nightlatch-8000-flow";
const MINUTE: Duration = Duration::from_secs(60);

#[async_test]
async fn a_program_proves_the_address_and_gets_account_session_and_cookie() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    app.advance(Duration::from_millis(1500));
    let answer = prove(&app, &request, &code).await;
    assert_eq!(answer.status, Status::Created);
    let body = answer.json();
    let (user, session) = (&body["user"], &body["session"]);
    let expected = json!({
        "user": {
            "id": user["id"], "email": "ann@example.com", "name": "Ann", "username": null, "role": "user",
            "email_verified": true, "created_at": "2026-09-21T14:13:21Z",
        },
        "session": {
            "user_id": user["id"], "session_id": session["session_id"], "role": "user",
            "expires_at": "2026-09-21T14:23:21Z", "ends_at": "2026-09-22T02:13:21Z",
        },
    });
    assert_eq!(body, expected, "every key of the contract and no more");
    assert!(user["id"].is_string() && session["session_id"].is_string() && user["id"] != session["session_id"]);

    let cookie = answer.cookie(SESSION_COOKIE).unwrap();
    let token = cookie.strip_prefix("nightlatch-8000=").unwrap().split(';').next().unwrap();
    assert_eq!(app.session_of(token).await.json(), *session);
}

#[async_test]
async fn the_flow_cookie_lasts_a_quarter_of_an_hour_and_goes_when_the_code_was_right() {
    let app = TestApp::new().await;
    let answer = app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    let answer = Answer::of(answer).await;
    let cookie = answer.cookie(FLOW_COOKIE).unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair.len(), FLOW_COOKIE.len() + 1 + 22, "128 bits in base64url");
    let mut attributes: Vec<_> = attributes.split("; ").collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax"]);

    let code = app.mailed_code().await;
    let wrong = Answer::of(app.post_form("/verify-email", &[("code", &other_than(&code))]).await).await;
    assert_eq!(wrong.cookie(FLOW_COOKIE), None, "a wrong code leaves it");
    let right = Answer::of(app.post_form("/verify-email", &[("code", &code)]).await).await;
    assert_eq!(right.status, Status::SeeOther);
    let gone = right.cookie(FLOW_COOKIE).unwrap();
    assert!(gone.starts_with("nightlatch-8000-flow=;") && gone.contains("Max-Age=0"), "{gone}");
}

#[async_test]
async fn another_browser_is_told_to_go_on_in_the_first() {
    let app = TestApp::new().await;
    app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    let code = app.mailed_code().await;
    let first = app.change_browser(Browser::new());

    let page = app.get("/verify-email").await.into_string().await.unwrap();
    assert!(page.contains("only in the browser where you signed up") && page.contains("/signup"), "{page}");
    assert!(!page.contains("ann@example.com") && !page.contains("name=\"code\""), "{page}");
    let answer = app.post_form("/verify-email", &[("code", &code)]).await;
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    assert_eq!(app.token(), None);

    app.change_browser(first);
    assert_eq!(app.post_form("/verify-email", &[("code", &code)]).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_code_is_taken_with_spaces_and_dashes() {
    for written in ["1234 5678", "12345678", " 12-34-56-78 ", "1234\u{a0}5678"] {
        let app = TestApp::new().await;
        let (request, code) = begin(&app, "ann@example.com").await;
        let digits = code.replace(' ', "");
        let mut digits = digits.chars();
        let written: String =
            written.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap() } else { c }).collect();
        assert_eq!(prove(&app, &request, &written).await.status, Status::Created, "{written:?}");
    }
}

#[async_test]
async fn a_wrong_code_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    let answer = prove(&app, &request, &other_than(&code)).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    let problem = answer.json();
    assert_eq!((&problem["code"], &problem["errors"][0]["field"]), (&json!("invalid_code"), &json!("code")));
    assert_eq!(answer.headers.get("set-cookie"), None);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await + app.count("SELECT COUNT(*) FROM sessions").await, 0);
}

#[async_test]
async fn after_five_wrong_codes_the_right_one_is_refused_too() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    for _ in 0..5 {
        assert_refused(&prove(&app, &request, &other_than(&code)).await);
    }
    assert_refused(&prove(&app, &request, &code).await);

    let (request, code) = begin(&app, "ann@example.com").await;
    for _ in 0..4 {
        assert_refused(&prove(&app, &request, &other_than(&code)).await);
    }
    assert_eq!(prove(&app, &request, &code).await.status, Status::Created, "the fifth try may be right");
}

#[async_test]
async fn what_is_not_eight_digits_costs_no_try() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    for typed in ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８"] {
        let answer = prove(&app, &request, typed).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::UnprocessableEntity, &json!("invalid_input")));
        assert_eq!(answer.json()["errors"][0]["field"], "code");
    }
    assert_eq!(app.count("SELECT attempts FROM requests").await, 0);
    assert_eq!(prove(&app, &request, &code).await.status, Status::Created);
}

#[async_test]
async fn a_code_is_good_up_to_ten_minutes_and_no_longer() {
    let app = TestApp::new().await;
    let (in_time, first) = begin(&app, "ann@example.com").await;
    let (too_late, second) = begin(&app, "bob@example.com").await;
    app.advance(10 * MINUTE - Duration::from_millis(1));
    assert_eq!(prove(&app, &in_time, &first).await.status, Status::Created);
    app.advance(Duration::from_millis(1));
    assert_refused(&prove(&app, &too_late, &second).await);
}

#[async_test]
async fn a_code_works_once() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    assert_eq!(prove(&app, &request, &code).await.status, Status::Created);
    let again = prove(&app, &request, &code).await;
    assert_refused(&again);
    assert_eq!(again.headers.get("set-cookie"), None);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[async_test]
async fn a_code_answers_only_the_request_it_was_mailed_for() {
    let app = TestApp::new().await;
    let (first, first_code) = begin(&app, "ann@example.com").await;
    let (second, second_code) = begin(&app, "ann@example.com").await;
    assert_refused(&prove(&app, &first, &second_code).await);
    assert_refused(&prove(&app, &second, &first_code).await);
    assert_refused(&prove(&app, "AAAAAAAAAAAAAAAAAAAAAA", &first_code).await);
    assert_eq!(prove(&app, &first, &first_code).await.status, Status::Created);
}

#[async_test]
async fn a_code_serves_only_the_purpose_it_was_mailed_for() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let (signup, signup_code) = begin(&app, "bob@example.com").await;
    let begun = app.call("/api/auth/forgot-password", json!({ "email": "ann@example.com" })).await;
    let (reset, reset_code) = (begun.json()["request"].as_str().unwrap().to_owned(), app.mailed_code().await);
    for request in [&signup, &reset] {
        assert_refused(&prove(&app, request, &reset_code).await);
        let body = json!({ "request": request, "code": signup_code, "password": "another-velvet-harbor-plum" });
        assert_refused(&app.call("/api/auth/reset-password", body).await);
    }
    assert_eq!(prove(&app, &signup, &signup_code).await.status, Status::Created);
}

#[async_test]
async fn of_two_sign_ups_for_one_address_the_first_that_is_proven_makes_the_account() {
    let app = TestApp::new().await;
    const OTHERS: &str = "gravel-teapot-orbit-lantern";
    app.post_form("/signup", &[("name", "Eve"), ("email", "ann@example.com"), ("password", OTHERS)]).await;
    let others_code = app.mailed_code().await;
    let other = app.change_browser(Browser::new());
    app.sign_up("ann@example.com").await;
    app.change_browser(other);

    let page = Answer::of(app.post_form("/verify-email", &[("code", &others_code)]).await).await;
    assert_eq!(page.status, Status::Conflict);
    assert!(page.body.contains("This address has an account already"), "{}", page.body);
    assert_eq!(app.token(), None);
    assert_eq!(app.ask::<String>("SELECT name FROM users").await, "Ann");
    assert_eq!(app.sign_in("ann@example.com", OTHERS).await.status(), Status::Unauthorized);
    assert_eq!(app.sign_in("ann@example.com", PASSWORD).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_program_that_comes_second_is_told_of_the_conflict() {
    let app = TestApp::new().await;
    let (first, first_code) = begin(&app, "ann@example.com").await;
    let (second, second_code) = begin(&app, "ann@example.com").await;
    assert_eq!(prove(&app, &second, &second_code).await.status, Status::Created);
    let answer = prove(&app, &first, &first_code).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::Conflict, &json!("conflict")));
    assert_eq!(answer.headers.get("set-cookie"), None);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[async_test]
async fn a_new_code_works_and_the_old_one_does_not() {
    let app = TestApp::new().await;
    app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    let old = app.mailed_code().await;
    app.advance(MINUTE);
    let answer = app.post_form("/verify-email/resend", &[]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    let page = app.get(answer.headers().get_one("Location").unwrap()).await.into_string().await.unwrap();
    assert!(page.contains("a new code is on its way") && page.contains("ann@example.com"), "{page}");
    let new = app.mailed_code().await;
    assert_eq!(app.post_form("/verify-email", &[("code", &old)]).await.status(), Status::UnprocessableEntity);
    assert_eq!(app.post_form("/verify-email", &[("code", &new)]).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_new_code_brings_no_new_tries() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    for _ in 0..3 {
        assert_refused(&prove(&app, &request, &other_than(&code)).await);
    }
    app.advance(MINUTE);
    resend(&app, &request).await;
    let code = app.mailed_code().await;
    for _ in 0..2 {
        assert_refused(&prove(&app, &request, &other_than(&code)).await);
    }
    assert_refused(&prove(&app, &request, &code).await);
    app.advance(MINUTE);
    resend(&app, &request).await;
    assert!(app.letters().await.is_empty(), "a code that nobody can use is not mailed");
}

#[async_test]
async fn a_new_code_is_mailed_once_a_minute_and_five_times() {
    let app = TestApp::new().await;
    let (request, mut code) = begin(&app, "ann@example.com").await;
    for _ in 0..5 {
        app.advance(MINUTE - Duration::from_millis(1));
        resend(&app, &request).await;
        assert!(app.letters().await.is_empty(), "too soon");
        app.advance(Duration::from_millis(1));
        resend(&app, &request).await;
        code = app.mailed_code().await;
    }
    app.advance(2 * MINUTE);
    resend(&app, &request).await;
    assert!(app.letters().await.is_empty(), "too often");
    assert_eq!(prove(&app, &request, &code).await.status, Status::Created, "the last one works on");
}

#[async_test]
async fn a_request_is_over_after_a_quarter_of_an_hour() {
    let app = TestApp::new().await;
    let (request, _) = begin(&app, "ann@example.com").await;
    app.advance(15 * MINUTE);
    resend(&app, &request).await;
    assert!(app.letters().await.is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NULL").await, 0, "nor is one on its way");
    assert_eq!(app.count("SELECT resends FROM requests").await, 0);
}

#[async_test]
async fn a_new_code_is_good_for_as_long_as_its_letter_says() {
    let app = TestApp::new().await;
    app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    app.letters().await;
    app.advance(14 * MINUTE);
    let answer = Answer::of(app.post_form("/verify-email/resend", &[]).await).await;
    assert_eq!(answer.cookie(FLOW_COOKIE).map(max_age), Some(900), "the browser keeps the request as long");
    let letter = app.letters().await.remove(0);
    assert!(letter.contains("10 minutes"), "{letter}");
    app.advance(10 * MINUTE - Duration::from_millis(1));
    let answer = app.post_form("/verify-email", &[("code", &code_in(&letter).unwrap())]).await;
    assert_eq!(answer.headers().get_one("Location"), Some("/dashboard"));
}

#[async_test]
async fn asking_for_a_new_code_answers_the_same_whatever_is_behind_it() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let taken = app.call("/api/auth/signup", json!({ "email": "ann@example.com", "password": PASSWORD })).await;
    let taken = taken.json()["request"].as_str().unwrap().to_owned();
    app.letters().await;
    let (open, _) = begin(&app, "bob@example.com").await;
    let (used, code) = begin(&app, "cid@example.com").await;
    prove(&app, &used, &code).await;
    let begun = app.call("/api/auth/forgot-password", json!({ "email": "ann@example.com" })).await;
    let reset = begun.json()["request"].as_str().unwrap().to_owned();
    app.letters().await;
    app.advance(MINUTE);

    let mut calls = Vec::new();
    let mut pages = Vec::new();
    for request in [&taken, &open, &used, &reset, "unknown", ""] {
        calls.push(app.call("/api/auth/verify-email/resend", json!({ "request": request })).await.outline(request));
        app.advance(MINUTE);
        // What the browser held is given back to it, so that it must be as long as one of ours.
        let request = if request.len() < 22 { "made-up-request-000000" } else { request };
        app.change_browser(vec![(FLOW_COOKIE.to_owned(), request.to_owned())]);
        pages.push(Answer::of(app.post_form("/verify-email/resend", &[]).await).await.outline(request));
    }
    assert!(calls[0].starts_with("202"), "{}", calls[0]);
    assert!(pages[0].starts_with("303"), "{}", pages[0]);
    assert!(calls.iter().all(|outline| *outline == calls[0]), "{calls:#?}");
    assert!(pages.iter().all(|outline| *outline == pages[0]), "{pages:#?}");
    let letters = app.letters().await;
    let codes = letters.iter().filter(|letter| code_in(letter).is_some()).count();
    assert_eq!((letters.len(), codes), (4, 2), "two with a code, two that say the address is taken: {letters:?}");
}

#[async_test]
async fn of_many_right_codes_at_once_one_makes_an_account() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    let answers = join_all((0..16).map(|_| prove(&app, &request, &code))).await;
    let made = answers.iter().filter(|answer| answer.status == Status::Created).count();
    assert_eq!(made, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    answers.iter().filter(|answer| answer.status != Status::Created).for_each(assert_refused);
    for table in ["users", "sessions", "events WHERE type = 'user.created'", "events WHERE type = 'session.started'"] {
        assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
}

#[async_test]
async fn of_several_sign_ups_for_one_address_proven_at_once_one_makes_an_account() {
    let app = TestApp::new().await;
    let mut requests = Vec::new();
    for _ in 0..6 {
        requests.push(begin(&app, "ann@example.com").await);
    }
    let answers = join_all(requests.iter().map(|(request, code)| prove(&app, request, code))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.code).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[async_test]
async fn many_wrong_codes_at_once_are_counted_one_by_one() {
    let app = TestApp::new().await;
    let (request, code) = begin(&app, "ann@example.com").await;
    let wrong = other_than(&code);
    let answers = join_all((0..50).map(|_| prove(&app, &request, &wrong))).await;
    answers.iter().for_each(assert_refused);
    assert_eq!(app.count("SELECT attempts FROM requests").await, 5);
    assert_refused(&prove(&app, &request, &code).await);
}

#[async_test]
async fn proving_an_address_ends_the_session_that_the_browser_had() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let anns = app.token().unwrap();
    app.sign_up("bob@example.com").await;
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    assert!(page.contains("bob@example.com"), "{page}");
    let answer = app.session_of(&anns).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("replaced")));
}

async fn begin(app: &TestApp, email: &str) -> (String, String) {
    let body = json!({ "email": email, "password": PASSWORD, "name": "Ann" });
    let answer = app.call("/api/auth/signup", body).await;
    assert_eq!(answer.status, Status::Accepted, "{answer:?}");
    (answer.json()["request"].as_str().unwrap().to_owned(), app.mailed_code().await)
}

async fn prove(app: &TestApp, request: &str, code: &str) -> Answer {
    app.call("/api/auth/verify-email", json!({ "request": request, "code": code })).await
}

async fn resend(app: &TestApp, request: &str) {
    let answer = app.call("/api/auth/verify-email/resend", json!({ "request": request })).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::Accepted, ""));
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, Status::UnprocessableEntity, "{answer:?}");
    assert_eq!(answer.json()["code"], Value::from("invalid_code"), "{answer:?}");
}
