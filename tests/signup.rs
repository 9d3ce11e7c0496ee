//! Signing up.
use rocket::{async_test, futures::future::join_all, http::Status};
use serde_json::json;

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, TestApp, code_in};

#[async_test]
async fn a_visitor_signs_up_proves_the_address_and_sees_the_dashboard() {
    let app = TestApp::new().await;
    let answer =
        app.post_form("/signup", &[("name", "Ann"), ("email", "Ann@Example.com"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(answer.headers().get_one("Location"), Some("/verify-email"));
    assert!(app.get("/verify-email").await.into_string().await.unwrap().contains("ann@example.com"));

    let code = app.mailed_code().await;
    let answer = app.post_form("/verify-email", &[("code", &code)]).await;
    assert_eq!(answer.headers().get_one("Location"), Some("/dashboard"));

    let page = app.get("/dashboard").await;
    assert_eq!(page.status(), Status::Ok);
    let page = page.into_string().await.unwrap();
    assert!(page.contains("Ann") && page.contains("ann@example.com"), "{page}");
}

#[async_test]
async fn a_program_signs_up_and_is_told_only_which_request_the_code_answers() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ann@example.com", "password": PASSWORD, "name": "Ann" });
    let answer = app.call("/api/auth/signup", body).await;
    assert_eq!(answer.status, Status::Accepted, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.headers.get("set-cookie"), None, "a program answers with the request, not with a cookie");
    let request = answer.json()["request"].as_str().unwrap().to_owned();
    assert_eq!(request.len(), 22, "128 bits in base64url");
    assert_eq!(answer.json(), json!({ "request": request }), "and nothing more");
    assert!(!app.mailed_code().await.is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

#[async_test]
async fn a_trailing_slash_is_accepted() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    assert_eq!(app.call("/api/auth/signup/", body).await.status, Status::Accepted);
    let answer = app.post_form("/signup/", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(app.letters().await.len(), 2);
}

#[async_test]
async fn the_name_may_be_left_out() {
    let app = TestApp::new().await;
    let answer = app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    let code = app.mailed_code().await;
    app.post_form("/verify-email", &[("code", &code)]).await;
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);

    let begun = app.call("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    let code = app.mailed_code().await;
    let body = json!({ "request": begun.json()["request"], "code": code });
    assert_eq!(app.call("/api/auth/verify-email", body).await.json()["user"]["name"], "");
}

#[async_test]
async fn a_name_is_shown_as_it_was_typed_and_never_as_markup() {
    let app = TestApp::new().await;
    let name = "<b>{{ 7*7 }}</b> Łukasz O’Neill";
    app.post_form("/signup", &[("name", name), ("email", "ann@example.com"), ("password", PASSWORD)]).await;
    let code = app.mailed_code().await;
    app.post_form("/verify-email", &[("code", &code)]).await;
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    assert!(page.contains("{{ 7*7 }}") && page.contains("Łukasz O’Neill"), "{page}");
    assert!(!page.contains("<b>{{"), "{page}");
}

#[async_test]
async fn one_mailbox_has_one_account_however_it_is_written() {
    let app = TestApp::new().await;
    app.sign_up("Ann@BÜCHER.Example").await;
    assert_eq!(app.ask::<String>("SELECT email FROM users").await, "ann@xn--bcher-kva.example");
    for written in ["ann@bücher.example", " ANN@xn--bcher-kva.example ", "ann@bücher。example"] {
        let answer = app.call("/api/auth/signup", json!({ "email": written, "password": PASSWORD })).await;
        assert_eq!(answer.status, Status::Accepted, "{written}");
        let letters = app.letters().await;
        assert!(letters[0].contains("It has an account already"), "{written}: {letters:?}");
        app.forget_cookies();
        assert_eq!(app.sign_in(written, PASSWORD).await.status(), Status::SeeOther, "{written}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
}

#[async_test]
async fn a_taken_address_gets_the_same_answer_and_a_letter_without_a_code() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app.forget_cookies();
    let mut pages = Vec::new();
    let mut calls = Vec::new();
    for email in ["ann@example.com", "bob@example.com"] {
        let answer = app.post_form("/signup", &[("email", email), ("password", PASSWORD)]).await;
        let shown = app.get("/verify-email").await;
        pages.push([Answer::of(answer).await.outline(email), Answer::of(shown).await.outline(email)]);
        app.forget_cookies();
        calls.push(app.call("/api/auth/signup", json!({ "email": email, "password": PASSWORD })).await.outline(email));

        let letters = app.letters().await;
        assert_eq!(letters.len(), 2);
        for letter in letters {
            let taken = email.starts_with("ann");
            assert_eq!(letter.contains("It has an account already"), taken, "{letter}");
            assert_eq!(code_in(&letter).is_none(), taken, "{letter}");
            assert_eq!(letter.contains("/forgot-password"), taken, "{letter}");
        }
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(calls[0], calls[1]);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
}

#[async_test]
async fn a_pending_sign_up_is_no_account() {
    let app = TestApp::new().await;
    app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await;
    assert!(!app.mailed_code().await.is_empty());
    app.forget_cookies();
    let mut outlines = Vec::new();
    for email in ["ann@example.com", "bob@example.com"] {
        let page = Answer::of(app.sign_in(email, PASSWORD).await).await;
        assert_eq!(page.status, Status::Unauthorized);
        let call = app.call("/api/auth/signin", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!((call.status, &call.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
        outlines.push((page.outline(email), call.outline(email)));
    }
    assert_eq!(outlines[0], outlines[1]);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

#[async_test]
async fn a_refused_sign_up_shows_the_form_again_without_the_password() {
    let app = TestApp::new().await;
    let fields = [("name", "\"><script>"), ("email", "ann@"), ("password", "short-secret")];
    let answer = Answer::of(app.post_form("/signup", &fields).await).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.body.contains("Enter an email address") && answer.body.contains("3 more characters needed"));
    assert!(answer.body.contains("value=\"ann@\""), "what was typed stays: {}", answer.body);
    assert!(!answer.body.contains("short-secret") && !answer.body.contains("<script>"), "{}", answer.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM requests").await, 0);
}

#[async_test]
async fn every_fault_of_a_sign_up_is_told_at_once() {
    let app = TestApp::new().await;
    let body = json!({ "email": "ann", "password": "x", "name": "a\r\nb" });
    let answer = app.call("/api/auth/signup", body).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    let told =
        |key: &str| problem["errors"].as_array().unwrap().iter().map(|error| error[key].clone()).collect::<Vec<_>>();
    assert_eq!(told("field"), ["email", "password", "name"]);
    assert_eq!(told("code"), ["email", "too_short", "characters"]);
    assert_eq!(problem["errors"][1]["message"], "14 more characters needed. Four random words are easy to remember.");
    let keys: Vec<_> = problem.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "detail", "errors", "status", "title", "type"]);
    assert_eq!((&problem["status"], &problem["code"]), (&json!(422), &json!("invalid_input")));
}

#[async_test]
async fn a_password_that_is_the_address_the_name_or_the_site_is_refused() {
    let app = TestApp::new().await;
    for password in ["ann.kowalczewska", "Annamaria Kowalska", "nightlatch-nightlatch", "localhost-localhost"] {
        let body =
            json!({ "email": "ann.kowalczewska@example.com", "password": password, "name": "Annamaria Kowalska" });
        let answer = app.call("/api/auth/signup", body).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{password}");
        assert_eq!(answer.json()["errors"][0]["field"], "password", "{password}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM letters").await, 0);
}

#[async_test]
async fn where_addresses_need_no_proof_signing_up_signs_in_at_once() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false")]).await;
    let answer =
        app.post_form("/signup", &[("name", "Ann"), ("email", "ann@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(answer.headers().get_one("Location"), Some("/dashboard"));
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);

    let answer = app.call("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Created);
    assert_eq!(answer.json()["user"]["email_verified"], false);
    assert_eq!(answer.json()["session"]["user_id"], answer.json()["user"]["id"]);
    assert!(answer.cookie(SESSION_COOKIE).is_some());
    assert_eq!(app.count("SELECT COUNT(*) FROM letters").await, 0);
}

#[async_test]
async fn where_addresses_need_no_proof_one_of_many_sign_ups_at_once_makes_the_account() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false")]).await;
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    let answers = join_all((0..6).map(|_| app.call("/api/auth/signup", body.clone()))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.code).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}

#[async_test]
async fn where_addresses_need_no_proof_a_taken_one_is_told() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false")]).await;
    app.call("/api/auth/signup", json!({ "email": "ann@example.com", "password": PASSWORD })).await;
    let answer = app.call("/api/auth/signup", json!({ "email": "Ann@example.com", "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Conflict);
    assert_eq!((&answer.json()["code"], &answer.json()["errors"][0]["field"]), (&json!("conflict"), &json!("email")));
    assert_eq!(answer.headers.get("set-cookie"), None);

    let page =
        Answer::of(app.post_form("/signup", &[("email", "ann@example.com"), ("password", PASSWORD)]).await).await;
    assert_eq!(page.status, Status::Conflict);
    assert!(page.body.contains("has an account already"), "{}", page.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 1);
}
