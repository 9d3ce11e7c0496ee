//! Keeping a session with one press.
use std::time::Duration;

use rocket::{async_test, http::Status};

use crate::support::{Answer, SESSION_COOKIE, TestApp, max_age, token_parts};

const MINUTE: Duration = Duration::from_secs(60);

#[async_test]
async fn looking_at_the_choice_keeps_nothing_open() {
    let app = signed_in().await;
    let end = app.now().plus(10 * MINUTE).rfc3339();
    for path in ["/stay", "/stay/", "//stay", "/%73tay", "/stay?next=/account", "/stay?next=/stay"] {
        app.advance(MINUTE);
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!((answer.status, answer.headers.get("set-cookie")), (Status::Ok, None), "{path}");
        assert!(answer.body.contains(&end), "{path} does not say when it ends: {}", answer.body);
        assert!(answer.body.contains("action=\"/stay\""), "{}", answer.body);
    }
    app.advance(4 * MINUTE);
    assert_eq!(app.get("/stay").await.status(), Status::SeeOther, "it has ended meanwhile");
}

#[async_test]
async fn pressing_keeps_the_session_and_leads_back() {
    let app = signed_in().await;
    app.advance(9 * MINUTE);
    let page = app.get("/stay?next=/account%3Fa=b").await.into_string().await.unwrap();
    assert!(page.contains("name=\"next\" value=\"/account?a=b\""), "{page}");
    let sid = token_parts(&app.token().unwrap()).1["sid"].clone();
    let answer = Answer::of(app.post_form("/stay", &[("next", "/account?a=b")]).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/account?a=b")));
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 600);
    app.advance(9 * MINUTE);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
    assert_eq!(token_parts(&app.token().unwrap()).1["sid"], sid, "the same session");
}

#[async_test]
async fn only_own_paths_are_followed() {
    let app = signed_in().await;
    for (next, place) in [
        (Some("/"), "/"),
        (Some("/sessions?a=b"), "/sessions?a=b"),
        (None, "/dashboard"),
        (Some(""), "/dashboard"),
        (Some("//evil.test"), "/dashboard"),
        (Some("/\\evil.test"), "/dashboard"),
        (Some("https://evil.test/"), "/dashboard"),
        (Some("javascript:alert(1)"), "/dashboard"),
    ] {
        let fields: Vec<_> = next.map(|next| ("next", next)).into_iter().collect();
        let answer = app.post_form("/stay", &fields).await;
        assert_eq!(
            (answer.status(), answer.headers().get_one("Location")),
            (Status::SeeOther, Some(place)),
            "{next:?}"
        );
        let query: String = url::form_urlencoded::byte_serialize(next.unwrap_or_default().as_bytes()).collect();
        let page = app.get(&format!("/stay?next={query}")).await.into_string().await.unwrap();
        assert!(!page.contains("evil") && !page.contains("alert(1)"), "{page}");
    }
}

#[async_test]
async fn near_the_absolute_end_no_press_is_offered_and_none_helps() {
    let app = signed_in().await;
    for _ in 0..79 {
        app.advance(9 * MINUTE);
        app.get("/dashboard").await;
    }
    app.advance(8 * MINUTE);
    let answer = Answer::of(app.post_form("/stay", &[]).await).await;
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 60);
    let page = app.get("/stay").await.into_string().await.unwrap();
    assert!(page.contains("cannot be prolonged") && !page.contains("Stay signed in"), "{page}");
    app.advance(MINUTE);
    assert_eq!(app.post_form("/stay", &[]).await.headers().get_one("Location"), Some("/signin"));
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app
}
