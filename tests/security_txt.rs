//! `security.txt`: where people who found a weakness may write.
use rocket::{async_test, http::Status};

use crate::support::{Answer, TestApp};

const PATH: &str = "/.well-known/security.txt";

#[async_test]
async fn it_says_where_to_write_and_never_expires_for_its_reader() {
    let app = TestApp::with_settings(&[
        ("NIGHTLATCH_PUBLIC_URL", "https://id.example.test"),
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://mail.example.test"),
        ("NIGHTLATCH_PROXY__TRUSTED", "none"),
        ("NIGHTLATCH_SECURITY__CONTACT", "mailto:security@example.test"),
    ])
    .await;
    let answer = Answer::of(app.get(PATH).await).await;
    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let expected = "Contact: mailto:security@example.test\nExpires: 2026-12-20T14:13:20Z\n\
        Canonical: https://id.example.test/.well-known/security.txt\nPreferred-Languages: en\n";
    assert_eq!(answer.body, expected);

    app.advance(std::time::Duration::from_secs(1_000 * 24 * 3600));
    let later = Answer::of(app.get(PATH).await).await;
    assert!(later.body.contains("\nExpires: 2029-09-15T14:13:20Z\n"), "{}", later.body);
}

#[async_test]
async fn on_this_machine_it_leaves_out_its_own_address_which_must_be_https() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SECURITY__CONTACT", "https://example.test/security")]).await;
    let answer = Answer::of(app.get(PATH).await).await;
    assert_eq!(answer.body.lines().next(), Some("Contact: https://example.test/security"));
    assert!(!answer.body.contains("Canonical"), "{}", answer.body);
}

#[async_test]
async fn without_a_contact_it_is_not_there() {
    let app = TestApp::new().await;
    assert_eq!(app.get(PATH).await.status(), Status::NotFound);
}
