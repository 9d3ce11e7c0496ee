//! Signing up and proving the address.
use rocket::{async_test, http::Status};

use crate::support::{PASSWORD, TestApp};

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
