//! Asking for a code to set a new password.
use rocket::{async_test, http::Status};
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp};

#[async_test]
async fn a_forgetful_person_is_mailed_a_code() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app.forget_cookies();
    let answer = Answer::of(app.post_form("/forgot-password", &[("email", "Ann@Example.com")]).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/reset-password")));
    let cookie = answer.cookie("nightlatch-8000-flow").unwrap();
    assert!(cookie.contains("Max-Age=900") && cookie.contains("HttpOnly"), "{cookie}");
    let page = app.get("/reset-password").await.into_string().await.unwrap();
    assert!(page.contains("ann@example.com") && page.contains("name=\"code\""), "{page}");
    assert!(!app.mailed_code().await.is_empty());
}

#[async_test]
async fn a_program_is_told_only_which_request_the_code_answers() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let answer = app.call("/api/auth/forgot-password", json!({ "email": "ann@example.com" })).await;
    assert_eq!(answer.status, Status::Accepted);
    let request = answer.json()["request"].clone();
    assert_eq!(answer.json(), json!({ "request": request }), "and nothing more");
    assert_eq!(request.as_str().unwrap().len(), 22, "128 bits in base64url");
    assert!(!app.mailed_code().await.is_empty());
}

#[async_test]
async fn an_unknown_address_gets_the_same_answer_and_no_letter() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app.post_form("/signup", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
    app.mailed_code().await;
    let mut outlines = Vec::new();
    for (email, letters) in [("ann@example.com", 2), ("bob@example.com", 0), ("nil@example.com", 0)] {
        app.forget_cookies();
        let page = Answer::of(app.post_form("/forgot-password", &[("email", email)]).await).await;
        let shown = Answer::of(app.get("/reset-password").await).await;
        let fields = [("code", "1234 5678"), ("password", "another-velvet-harbor-plum")];
        let tried = Answer::of(app.post_form("/reset-password", &fields).await).await;
        let call = app.call("/api/auth/forgot-password", json!({ "email": email })).await;
        outlines.push([page, shown, tried, call].map(|answer| answer.outline(email)));
        assert_eq!(app.letters().await.len(), letters, "{email}");
    }
    assert_eq!(outlines[0], outlines[1], "a pending sign-up is no account");
    assert_eq!(outlines[0], outlines[2]);
}

#[async_test]
async fn nothing_changes_before_the_code_is_given() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let token = app.token().unwrap();
    app.call("/api/auth/forgot-password", json!({ "email": "ann@example.com" })).await;
    app.mailed_code().await;
    assert_eq!(app.session_of(&token).await.status, Status::Ok);
    app.forget_cookies();
    assert_eq!(app.sign_in("ann@example.com", PASSWORD).await.status(), Status::SeeOther);
}

#[async_test]
async fn the_audit_trail_tells_who_asked_but_no_address() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for email in ["ann@example.com", "nil@example.com"] {
        app.call("/api/auth/forgot-password", json!({ "email": email })).await;
    }
    app.mailed_code().await;
    let asked =
        "SELECT COUNT(*) FROM events WHERE type = 'user.password_reset_requested' AND actor_id IS NULL AND data = '{}'";
    assert_eq!(app.count(&format!("{asked} AND user_id = (SELECT id FROM users)")).await, 1);
    assert_eq!(app.count(&format!("{asked} AND user_id IS NULL")).await, 1);
}
