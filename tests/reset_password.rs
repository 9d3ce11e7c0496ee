//! Setting a new password with the mailed code.
use std::time::Duration;

use rocket::{
    async_test,
    futures::future::{join, join_all},
    http::Status,
};
use serde_json::json;

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp, other_than};

const ANN: &str = "ann@example.com";
const NEW: &str = "gravel-teapot-orbit-lantern";

#[async_test]
async fn a_forgetful_person_sets_a_new_password_and_signs_in_with_it() {
    let app = with_ann().await;
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    let code = app.mailed_code().await;
    let answer = Answer::of(app.post_form("/reset-password", &[("code", &code), ("password", NEW)]).await).await;
    assert_eq!(answer.status, Status::SeeOther);
    let gone = answer.cookie("nightlatch-8000-flow").unwrap();
    assert!(gone.contains("Max-Age=0"), "{gone}");
    assert_eq!(answer.cookie(SESSION_COOKIE), None, "a reset opens no session");
    assert_eq!(app.token(), None);
    let page = app.get(answer.header("location").unwrap()).await;
    assert_eq!(page.status(), Status::Ok);
    assert!(page.into_string().await.unwrap().contains("Your new password is set"));
    assert_eq!(notices(&app).await, 1);

    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::Unauthorized);
    assert_eq!(app.sign_in(ANN, NEW).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_program_resets_a_password_and_gets_no_session() {
    let app = with_ann().await;
    let (request, code) = begin(&app).await;
    let answer = reset(&app, &request, &code, NEW).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::NoContent, ""));
    assert_eq!(answer.headers.get("set-cookie"), None);
    assert_eq!(notices(&app).await, 1);
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Unauthorized);
    assert_eq!(sign_in(&app, NEW).await.status, Status::Ok);
}

#[async_test]
async fn a_reset_ends_every_session_at_once() {
    let app = with_ann().await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        app.change_browser(Browser::new());
        app.sign_in(ANN, PASSWORD).await;
        tokens.push(app.token().unwrap());
    }
    assert_eq!(app.letters().await.len(), 3, "each browser was new");
    app.forget_cookies();
    app.sign_up("bob@example.com").await;
    let bobs = app.token().unwrap();
    let (request, code) = begin(&app).await;
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    for token in &tokens {
        let answer = app.session_of(token).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("password_reset")));
    }
    assert_eq!(app.session_of(&bobs).await.status, Status::Ok, "nobody else is signed out");
    // The first was begun and left behind by the sign-up.
    let ended = "SELECT COUNT(*) FROM events WHERE type = 'session.ended' AND data = '{\"reason\":\"password_reset\"}'";
    assert_eq!(app.count(ended).await, 4);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.password_reset' AND data = '{}'").await, 1);
    assert_eq!(notices(&app).await, 1);

    let elsewhere = app.restarted().await;
    assert_eq!(elsewhere.session_of(&tokens[0]).await.json()["reason"], "password_reset", "after a restart too");
}

#[async_test]
async fn a_reset_voids_every_other_request_of_the_account() {
    let app = with_ann().await;
    let (older, older_code) = begin(&app).await;
    let (request, code) = begin(&app).await;
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    assert_eq!(notices(&app).await, 1);
    assert_refused(&reset(&app, &older, &older_code, "walnut-ferry-copper-quilt").await);
    assert_refused(&reset(&app, &request, &code, "walnut-ferry-copper-quilt").await);
    assert_eq!(sign_in(&app, NEW).await.status, Status::Ok);
}

#[async_test]
async fn a_wrong_code_costs_a_try_and_five_are_the_end() {
    let app = with_ann().await;
    let (request, code) = begin(&app).await;
    for tries in 1..=5 {
        assert_refused(&reset(&app, &request, &other_than(&code), NEW).await);
        assert_eq!(app.count("SELECT attempts FROM requests WHERE purpose = 'reset'").await, tries);
    }
    assert_refused(&reset(&app, &request, &code, NEW).await);
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok);
}

#[async_test]
async fn a_password_that_the_policy_refuses_costs_no_try() {
    let app = with_ann().await;
    let (request, code) = begin(&app).await;
    for password in ["short", "passwordpassword", "ann@example.com!", "aaaaaaaaaaaaaaaa", "nightlatch-nightlatch"] {
        for code in [code.clone(), other_than(&code)] {
            let answer = reset(&app, &request, &code, password).await;
            assert_eq!((answer.status, &answer.json()["code"]), (Status::UnprocessableEntity, &json!("invalid_input")));
            assert_eq!(answer.json()["errors"][0]["field"], "password", "{password}");
        }
    }
    assert_eq!(app.count("SELECT attempts FROM requests WHERE purpose = 'reset'").await, 0);
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    assert_eq!(notices(&app).await, 1);
}

#[async_test]
async fn the_page_of_a_refused_reset_keeps_the_code_but_not_the_password() {
    let app = with_ann().await;
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    let code = app.mailed_code().await;
    let page = app.post_form("/reset-password", &[("code", &code), ("password", "too-short-pw")]).await;
    assert_eq!(page.status(), Status::UnprocessableEntity);
    let page = page.into_string().await.unwrap();
    assert!(page.contains(&code) && page.contains("3 more characters needed"), "{page}");
    assert!(!page.contains("too-short-pw"), "{page}");
}

#[async_test]
async fn a_code_is_good_up_to_ten_minutes_and_no_longer() {
    let app = with_ann().await;
    let (late, late_code) = begin(&app).await;
    app.advance(Duration::from_secs(600));
    assert_refused(&reset(&app, &late, &late_code, NEW).await);
    let (request, code) = begin(&app).await;
    app.advance(Duration::from_millis(599_999));
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    assert_eq!(notices(&app).await, 1);
}

#[async_test]
async fn another_browser_is_told_to_go_on_in_the_first() {
    let app = with_ann().await;
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    let code = app.mailed_code().await;
    app.forget_cookies();
    let page = app.get("/reset-password").await.into_string().await.unwrap();
    assert!(page.contains("only in the browser where you asked for it") && !page.contains(ANN), "{page}");
    let answer = app.post_form("/reset-password", &[("code", &code), ("password", NEW)]).await;
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok);
}

#[async_test]
async fn a_locked_account_gets_a_new_password_and_stays_locked() {
    let app = with_ann().await;
    app.execute("UPDATE users SET locked_at = 1").await;
    let (request, code) = begin(&app).await;
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    assert_eq!(notices(&app).await, 1);
    assert_eq!(sign_in(&app, NEW).await.status, Status::Unauthorized);
    app.execute("UPDATE users SET locked_at = NULL").await;
    assert_eq!(sign_in(&app, NEW).await.status, Status::Ok);
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Unauthorized);
}

#[async_test]
async fn a_reset_proves_an_address_that_was_never_proven() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false")]).await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    let (request, code) = begin(&app).await;
    assert_eq!(reset(&app, &request, &code, NEW).await.status, Status::NoContent);
    assert_eq!(notices(&app).await, 1);
    assert_eq!(sign_in(&app, NEW).await.json()["user"]["email_verified"], true);
}

#[async_test]
async fn of_many_right_codes_at_once_one_sets_the_password() {
    let app = with_ann().await;
    let (request, code) = begin(&app).await;
    let answers = join_all((0..16).map(|_| reset(&app, &request, &code, NEW))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == Status::NoContent).count(), 1);
    answers.iter().filter(|answer| answer.status != Status::NoContent).for_each(assert_refused);
    assert_eq!(notices(&app).await, 1);
}

#[async_test]
async fn of_several_requests_answered_at_once_one_sets_the_password() {
    let app = with_ann().await;
    let mut requests = Vec::new();
    for number in 0..6 {
        let (request, code) = begin(&app).await;
        requests.push((request, code, format!("{NEW}-{number}")));
    }
    let answers = join_all(requests.iter().map(|(request, code, password)| reset(&app, request, code, password))).await;
    let mut set = 0;
    for (answer, (.., password)) in answers.iter().zip(&requests) {
        let signed_in = sign_in(&app, password).await.status == Status::Ok;
        assert_eq!(signed_in, answer.status == Status::NoContent, "{answer:?}");
        if signed_in {
            set += 1;
        } else {
            assert_refused(answer);
        }
    }
    assert_eq!((set, notices(&app).await), (1, 1));
}

#[async_test]
async fn many_wrong_codes_at_once_are_counted_one_by_one() {
    let app = with_ann().await;
    let (request, code) = begin(&app).await;
    let wrong = other_than(&code);
    join_all((0..50).map(|_| reset(&app, &request, &wrong, NEW))).await.iter().for_each(assert_refused);
    assert_eq!(app.count("SELECT attempts FROM requests WHERE purpose = 'reset'").await, 5);
    assert_refused(&reset(&app, &request, &code, NEW).await);
}

#[async_test]
async fn no_session_of_the_old_password_survives_a_reset_it_races_with() {
    let app = with_ann().await;
    let (mut old, mut new) = (PASSWORD.to_owned(), NEW.to_owned());
    let mut before_the_reset = 0;
    for round in 0..20 {
        let (request, code) = begin(&app).await;
        // The sign-ins begin at different moments of the reset.
        let signins = join_all((0..=round % 4).map(|_| sign_in(&app, &old)));
        let (answer, signins) = join(reset(&app, &request, &code, &new), signins).await;
        assert_eq!(answer.status, Status::NoContent, "{answer:?}");
        for signin in signins {
            let Some(cookie) = signin.cookie(SESSION_COOKIE) else {
                assert_eq!(signin.status, Status::Unauthorized, "{signin:?}");
                continue;
            };
            before_the_reset += 1;
            let token = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
            let session = app.session_of(token).await;
            assert_eq!(session.status, Status::Unauthorized, "round {round}: {session:?}");
            assert_eq!(session.json()["reason"], "password_reset", "round {round}");
        }
        assert_eq!(notices(&app).await, 1);
        (old, new) = (new, format!("{NEW}-{round}-walnut"));
    }
    assert!(before_the_reset > 0, "the race was never won by a sign-in: this test saw nothing");
}

async fn with_ann() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app.forget_cookies();
    app
}

async fn begin(app: &TestApp) -> (String, String) {
    let answer = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    assert_eq!(answer.status, Status::Accepted, "{answer:?}");
    (answer.json()["request"].as_str().unwrap().to_owned(), app.mailed_code().await)
}

async fn reset(app: &TestApp, request: &str, code: &str, password: &str) -> Answer {
    let body = json!({ "request": request, "code": code, "password": password });
    app.call("/api/auth/reset-password", body).await
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    app.call("/api/auth/signin", json!({ "email": ANN, "password": password })).await
}

/// How many letters say that the password was changed; there are no others but those about programs that signed in.
async fn notices(app: &TestApp) -> usize {
    let mut letters = app.letters().await;
    letters.retain(|letter| !letter.contains("with a browser that had not done so before"));
    assert!(letters.iter().all(|letter| letter.contains("A new password was set for your account")), "{letters:?}");
    letters.len()
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, Status::UnprocessableEntity, "{answer:?}");
    assert_eq!(answer.json()["code"], "invalid_code", "{answer:?}");
}
