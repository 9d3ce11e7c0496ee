//! Step-up: the password once more makes the sign-in fresh.
use std::time::Duration;

use nightlatch::web::guards::FreshlyAuthenticated;
use rocket::{Build, Rocket, async_test, futures::future::join_all, get, http::Status, routes};
use serde_json::json;

use crate::support::{Answer, DEVICE_COOKIE, Options, PASSWORD, SESSION_COOKIE, TestApp, max_age, token_parts};

const ANN: &str = "ann@example.com";
const MINUTE: Duration = Duration::from_secs(60);

#[get("/fresh")]
fn fresh(_fresh: FreshlyAuthenticated<'_>) -> &'static str {
    "fresh"
}

#[async_test]
async fn the_password_once_more_opens_what_asks_for_it_for_five_minutes() {
    let app = signed_in().await;
    let old = app.token().unwrap();
    app.advance(5 * MINUTE);
    let answer = Answer::of(app.get("/test/fresh").await).await;
    let place = answer.header("location").unwrap().to_owned();
    assert_eq!((answer.status, place.as_str()), (Status::SeeOther, "/confirm?next=%2Ftest%2Ffresh"));
    let page = app.get(&place).await.into_string().await.unwrap();
    assert!(page.contains("lasts for 5 minutes") && page.contains("name=\"next\" value=\"/test/fresh\""), "{page}");
    assert!(page.contains(ANN), "password managers fill in by it: {page}");

    let answer = Answer::of(app.post_form("/confirm", &[("password", PASSWORD), ("next", "/test/fresh")]).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/test/fresh")));
    let line = answer.cookie(SESSION_COOKIE).unwrap();
    assert_eq!(max_age(line), 600, "{line}");
    assert!(answer.cookie(DEVICE_COOKIE).is_some());
    let new = app.token().unwrap();
    let ((_, before), (_, after)) = (token_parts(&old), token_parts(&new));
    assert_ne!(before["sid"], after["sid"], "a new session");
    assert_eq!((&before["sub"], after["auth_time"].as_i64()), (&after["sub"], Some(app.now().seconds())));
    assert_eq!(app.session_of(&old).await.json()["reason"], "replaced");
    for (kind, sid) in [("session.started", &after["sid"]), ("session.ended", &before["sid"])] {
        let sql =
            format!("SELECT COUNT(*) FROM events WHERE type = '{kind}' AND session_id = '{}'", sid.as_str().unwrap());
        assert_eq!(app.count(&sql).await, 1, "{kind}");
    }

    app.advance(5 * MINUTE - Duration::from_millis(1));
    assert_eq!(app.get("/test/fresh").await.status(), Status::Ok);
    app.advance(Duration::from_millis(1));
    assert_eq!(app.get("/test/fresh").await.status(), Status::SeeOther);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok, "stale is still signed in");
    assert!(app.letters().await.is_empty(), "the browser is known");
}

#[async_test]
async fn a_program_confirms_and_gets_a_fresh_session() {
    let app = signed_in().await;
    let old = app.token().unwrap();
    app.advance(6 * MINUTE);
    let answer = Answer::of(app.get("/api/test/fresh").await).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::Forbidden, &json!("fresh_sign_in_required")));
    let answer = Answer::of(app.post_json("/api/auth/confirm", json!({ "password": PASSWORD })).await).await;
    assert_eq!(answer.status, Status::Ok);
    let body = answer.json();
    assert_eq!((&body["user"]["email"], &body["session"]["user_id"]), (&json!(ANN), &body["user"]["id"]));
    assert_eq!(body["session"]["session_id"], token_parts(&answer.token().unwrap()).1["sid"]);
    assert_eq!(app.get("/api/test/fresh").await.status(), Status::Ok);
    assert_eq!(app.session_of(&old).await.json()["reason"], "replaced");
}

#[async_test]
async fn a_wrong_password_leaves_the_session_as_it_is() {
    let app = signed_in().await;
    app.advance(6 * MINUTE);
    let sid = token_parts(&app.token().unwrap()).1["sid"].clone();
    for wrong in ["wrong-wrong-wrong", ""] {
        app.execute("DELETE FROM events").await;
        let answer = Answer::of(app.post_json("/api/auth/confirm", json!({ "password": wrong })).await).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
        assert_eq!(answer.json()["errors"][0]["field"], "password");
        assert_eq!(app.list("SELECT type || data FROM events").await, ["session.failed{\"reason\":\"wrong\"}"]);
        let page = app.post_form("/confirm", &[("password", wrong), ("next", "/account?a=b")]).await;
        assert_eq!(page.status(), Status::Unauthorized);
        let page = page.into_string().await.unwrap();
        assert!(page.contains("This is not your password") && page.contains("/account?a=b"), "{page}");
        assert_eq!(token_parts(&app.token().unwrap()).1["sid"], sid, "still signed in, with the same session");
        assert_eq!(app.get("/test/fresh").await.status(), Status::SeeOther, "and as stale as before");
    }
}

#[async_test]
async fn after_it_only_own_paths_are_followed() {
    let app = signed_in().await;
    for (next, place) in [
        ("/sessions?a=b", "/sessions?a=b"),
        ("/", "/"),
        ("", "/dashboard"),
        ("//evil.test", "/dashboard"),
        ("/\\evil.test", "/dashboard"),
        ("https://evil.test/", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
        ("/x\r\nSet-Cookie: a=b", "/dashboard"),
    ] {
        let answer = app.post_form("/confirm", &[("password", PASSWORD), ("next", next)]).await;
        assert_eq!(
            (answer.status(), answer.headers().get_one("Location")),
            (Status::SeeOther, Some(place)),
            "{next:?}"
        );
        let query = url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        let page = app.get(&format!("/confirm?next={query}")).await.into_string().await.unwrap();
        assert!(!page.contains("evil") && !page.contains("alert(1)"), "{page}");
    }
    let answer = app.post_form("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.headers().get_one("Location"), Some("/dashboard"));
}

#[async_test]
async fn other_sessions_are_left_alone() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
    app.post_form("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(app.session_of(&other).await.status, Status::Ok);
}

#[async_test]
async fn open_tabs_go_on_with_the_new_cookie() {
    let app = signed_in().await;
    app.post_form("/confirm", &[("password", PASSWORD)]).await;
    for path in ["/dashboard", "/account", "/api/auth/session"] {
        assert_eq!(app.get(path).await.status(), Status::Ok, "{path}");
    }
}

#[async_test]
async fn of_many_at_once_each_success_leaves_one_live_session() {
    let app = signed_in().await;
    for round in 0..20 {
        let token = app.session_elsewhere(ANN, PASSWORD).await;
        let live = app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await;
        let confirm = |_| app.call_as(&token, "/api/auth/confirm", json!({ "password": PASSWORD }));
        let answers = join_all((0..5).map(confirm)).await;
        let mut won = 0;
        for answer in &answers {
            match answer.status.code {
                200 => {
                    won += 1;
                    assert_eq!(app.session_of(&answer.token().unwrap()).await.status, Status::Ok, "round {round}");
                }
                401 => {
                    assert_eq!(answer.json()["code"], "not_signed_in", "round {round}: {answer:?}");
                    assert_eq!(answer.token(), None, "round {round}");
                }
                _ => panic!("round {round}: {answer:?}"),
            }
        }
        // The first success ends the session that the others came with.
        assert_eq!(won, 1, "round {round}");
        assert_eq!(app.session_of(&token).await.json()["reason"], "replaced", "round {round}");
        assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, live, "round {round}");
    }
    app.letters().await;
}

async fn signed_in() -> TestApp {
    let mount = |rocket: Rocket<Build>| rocket.mount("/test", routes![fresh]).mount("/api/test", routes![fresh]);
    let app = TestApp::with(Options { mount: Some(mount), ..Options::default() }).await;
    app.sign_up(ANN).await;
    app
}

#[async_test]
async fn a_refreshed_token_is_as_old_as_the_password_behind_it() {
    let app = signed_in().await;
    let credentials = json!({ "email": ANN, "password": PASSWORD });
    let mut pair = app.call("/api/auth/token", credentials).await.json();
    let fresh = async |pair: &serde_json::Value| {
        let bearer =
            rocket::http::Header::new("Authorization", format!("Bearer {}", pair["access_token"].as_str().unwrap()));
        Answer::of(app.client.get("/api/test/fresh").header(bearer).dispatch().await).await.status
    };
    assert_eq!(fresh(&pair).await, Status::Ok);
    app.advance(4 * MINUTE);
    pair = app.call("/api/auth/token/refresh", json!({ "refresh_token": pair["refresh_token"] })).await.json();
    assert_eq!(fresh(&pair).await, Status::Ok, "four minutes after the password");
    app.advance(MINUTE);
    pair = app.call("/api/auth/token/refresh", json!({ "refresh_token": pair["refresh_token"] })).await.json();
    assert_eq!(fresh(&pair).await, Status::Forbidden, "a new token, and an old password");
    app.letters().await;
}
