//! The session: how long it lasts, what its cookie is, and which answers prolong it.
use std::{sync::Arc, time::Duration};

use nightlatch::{clock::Timestamp, workers::postman::Postman};
use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::json;

use crate::support::{Answer, DEVICE_COOKIE, PASSWORD, SECURE_COOKIE, SESSION_COOKIE, TestApp, max_age, token_parts};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app
}

#[async_test]
async fn a_session_lasts_while_it_is_used_and_ends_after_ten_idle_minutes() {
    let app = signed_in().await;
    for _ in 0..3 {
        app.advance(9 * MINUTE);
        assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
    }
    app.advance(10 * MINUTE - SECOND);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
    app.advance(10 * MINUTE);
    let answer = app.get("/dashboard").await;
    assert_eq!(answer.status(), Status::SeeOther);
    let signin = answer.headers().get_one("Location").unwrap().to_owned();
    let page = app.get(&signin).await.into_string().await.unwrap();
    assert!(page.contains("not used for a while"), "{page}");
    assert_eq!(Answer::of(app.get("/api/auth/session").await).await.json()["reason"], "expired");
}

#[async_test]
async fn the_exact_second_of_expiry_is_too_late_and_the_millisecond_before_is_not() {
    let app = signed_in().await;
    // Tokens know whole seconds: whoever begins half-way through one loses the half.
    app.advance(Duration::from_millis(500));
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
    app.advance(10 * MINUTE - Duration::from_millis(501));
    assert_eq!(app.get("/api/auth/session?passive").await.status(), Status::Ok);
    app.advance(Duration::from_millis(1));
    assert_eq!(app.get("/api/auth/session?passive").await.status(), Status::Unauthorized);
}

#[async_test]
async fn steady_use_ends_after_twelve_hours_and_the_cookie_lives_shorter_near_the_end() {
    let app = signed_in().await;
    let (start, cap) = (app.now(), 12 * 3600);
    loop {
        app.advance(7 * MINUTE);
        let used = i64::try_from(app.now().since(start).as_secs()).unwrap();
        let answer = Answer::of(app.get("/").await).await;
        if used >= cap {
            assert_eq!(answer.cookie(SESSION_COOKIE), None);
            break;
        }
        assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 600.min(cap - used), "after {used} s");
    }
    let answer = Answer::of(app.get("/api/auth/session").await).await;
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (Status::Unauthorized, Some("absolute_limit")));
}

#[async_test]
async fn the_second_of_the_absolute_limit_is_too_late() {
    let app = signed_in().await;
    for _ in 0..80 {
        app.advance(9 * MINUTE - SECOND);
        assert_eq!(app.get("/").await.headers().get("Set-Cookie").count(), 1);
    }
    app.advance(80 * SECOND - Duration::from_millis(1));
    assert_eq!(app.get("/api/auth/session").await.status(), Status::Ok);
    app.advance(Duration::from_millis(1));
    assert_eq!(app.get("/api/auth/session").await.status(), Status::Unauthorized);
}

#[async_test]
async fn cookie_claim_and_json_tell_the_same_times() {
    let app = signed_in().await;
    let end = app.now().plus(12 * 60 * MINUTE);
    for pause in [0, 1, 599, 300] {
        app.advance(pause * SECOND);
        let answer = Answer::of(app.get("/api/auth/session").await).await;
        let (_, claims) = token_parts(&app.token().unwrap());
        let exp = claims["exp"].as_i64().unwrap();
        assert_eq!(exp, app.now().seconds() + 600);
        assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), exp - app.now().seconds());
        assert_eq!(answer.json()["expires_at"], Timestamp::from_seconds(exp).rfc3339());
        assert_eq!(answer.json()["ends_at"], end.rfc3339());
        assert_eq!(claims["cap"], end.seconds());
        assert_eq!(answer.json()["session_id"], claims["sid"]);
        assert_eq!(answer.json()["user_id"], claims["sub"]);
    }
    let row: i64 = app.ask("SELECT ends_at FROM sessions").await;
    assert_eq!(row, end.millis());
}

#[async_test]
async fn the_settings_say_how_long() {
    let app = TestApp::with_settings(&[
        ("NIGHTLATCH_SESSION__IDLE", "90s"),
        ("NIGHTLATCH_SESSION__ABSOLUTE", "2m"),
        ("NIGHTLATCH_SESSION__FRESH", "1m"),
    ])
    .await;
    app.sign_up("ann@example.com").await;
    app.advance(20 * SECOND);
    let answer = Answer::of(app.get("/dashboard").await).await;
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 90);
    app.advance(89 * SECOND);
    let answer = Answer::of(app.get("/dashboard").await).await;
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 11);
}

#[async_test]
async fn on_this_machine_the_cookie_names_the_port_and_works_without_https() {
    let app = signed_in().await;
    for path in ["/dashboard", "/api/auth/session"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_attributes(
            answer.cookie(SESSION_COOKIE).unwrap(),
            &["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"],
        );
    }
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    let answer = app.call("/api/auth/signin", body).await;
    assert_attributes(answer.cookie(SESSION_COOKIE).unwrap(), &["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"]);
    assert!(answer.cookie(DEVICE_COOKIE).is_some());
    assert_eq!(answer.headers["set-cookie"].len(), 2, "the sign-in speaks, the fairing is silent");
}

#[async_test]
async fn behind_https_the_cookie_is_secure_and_bound_to_the_host() {
    let app = TestApp::https().await;
    app.sign_up("ann@example.com").await;
    let wanted = ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"];
    for path in ["/dashboard", "/api/auth/session"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        assert_attributes(answer.cookie(SECURE_COOKIE).unwrap(), &wanted);
    }
    let body = json!({ "email": "ann@example.com", "password": PASSWORD });
    let answer = Answer::of(app.post_json("/api/auth/signin", body).await).await;
    assert_attributes(answer.cookie(SECURE_COOKIE).unwrap(), &wanted);
}

/// Exactly these, so that no Domain and no Expires slips in.
fn assert_attributes(line: &str, wanted: &[&str]) {
    let mut attributes: Vec<&str> = line.split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, wanted, "{line}");
}

#[async_test]
async fn the_token_is_small_and_names_nobody() {
    let app = signed_in().await;
    let token = app.token().unwrap();
    assert!(token.len() < 1024, "{}", token.len());
    let (header, claims) = token_parts(&token);
    let kid: String = app.ask("SELECT kid FROM keys").await;
    assert_eq!(header, json!({ "alg": "HS256", "typ": "session+jwt", "kid": kid }));
    let (user, session): (String, String) =
        (app.ask("SELECT id FROM users").await, app.ask("SELECT id FROM sessions").await);
    let now = app.now().seconds();
    let site = "http://localhost:8000";
    assert_eq!(
        claims,
        json!({
            "iss": site, "aud": site, "sub": user, "sid": session, "ver": app.count("SELECT version FROM users").await,
            "role": "user", "iat": now, "exp": now + 600, "auth_time": now, "cap": now + 12 * 3600,
        })
    );
}

#[async_test]
async fn use_moves_the_expiry_but_not_the_sign_in() {
    let app = signed_in().await;
    let (_, before) = token_parts(&app.token().unwrap());
    app.advance(5 * MINUTE);
    app.get("/dashboard").await;
    let (_, after) = token_parts(&app.token().unwrap());
    for claim in ["sid", "sub", "auth_time", "cap", "ver", "role"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    for claim in ["iat", "exp"] {
        assert_eq!(after[claim].as_i64(), before[claim].as_i64().map(|at| at + 300), "{claim}");
    }
}

#[async_test]
async fn every_answer_of_a_route_prolongs_the_session() {
    let app = signed_in().await;
    let form = |path: &'static str| app.client.post(path).header(ContentType::Form);
    let requests = [
        ("a page for members", app.client.get("/dashboard"), Status::Ok),
        ("a page for everybody", app.client.get("/"), Status::Ok),
        ("a redirect of a guard", app.client.get("/signin"), Status::TemporaryRedirect),
        ("the API", app.client.get("/api/auth/session"), Status::Ok),
        ("a trailing slash", app.client.get("/dashboard/"), Status::Ok),
        ("a form with a fault", form("/signup").body("email=x&password=y"), Status::UnprocessableEntity),
        ("a form that lacks a field", form("/signup").body("name=x"), Status::UnprocessableEntity),
        (
            "a body with a fault",
            app.client.post("/api/auth/signin").header(ContentType::JSON).body("{}"),
            Status::UnprocessableEntity,
        ),
        ("a body that is too large", form("/signup").body("x".repeat(17 * 1024)), Status::PayloadTooLarge),
        ("a redirect of a handler", app.client.post("/verify-email/resend"), Status::SeeOther),
        ("another purpose", app.client.get("/dashboard").header(Header::new("Sec-Purpose", "other")), Status::Ok),
        ("another query", app.client.get("/api/auth/session?active"), Status::Ok),
    ];
    for (what, request, status) in requests {
        app.advance(SECOND);
        let before = app.token();
        let answer = Answer::of(app.send(request).await).await;
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.cookie(SESSION_COOKIE).map(max_age), Some(600), "{what}");
        assert_eq!(answer.headers["set-cookie"].len(), 1, "{what}");
        assert_ne!(app.token(), before, "{what}");
    }
    app.letters().await;
}

#[async_test]
async fn what_is_no_use_of_the_session_does_not_prolong_it() {
    let app = signed_in().await;
    let get = |path: &'static str| app.client.get(path);
    let with = |path: &'static str, name: &'static str, value: &'static str| get(path).header(Header::new(name, value));
    let requests = [
        ("a static file", get("/static/app.css"), 200),
        ("a static file that is not there", get("/static/no.css"), 404),
        ("a probe", get("/health/live"), 200),
        ("another probe", get("/health/ready"), 200),
        ("HEAD of a page", app.client.head("/dashboard"), 200),
        ("HEAD of the API", app.client.head("/api/auth/session"), 200),
        ("no such page", get("/nowhere"), 404),
        ("no such call", get("/api/nowhere"), 404),
        ("the wrong method", get("/logout"), 405),
        ("the wrong method of the API", app.client.delete("/api/auth/session"), 405),
        ("the wrong content type", app.client.post("/api/auth/signin").header(ContentType::Form).body("a=b"), 415),
        ("a token of its own", with("/api/auth/session", "Authorization", "Bearer x"), 401),
        ("a password of its own", with("/api/auth/session", "Authorization", "Basic YTpi"), 401),
        ("a token of its own on a page", with("/dashboard", "Authorization", "Bearer x"), 303),
        ("a token of its own on a page for everybody", with("/", "Authorization", "Bearer x"), 200),
        ("a prefetch", with("/dashboard", "Sec-Purpose", "prefetch"), 200),
        ("a prerender", with("/dashboard", "Sec-Purpose", "prefetch;prerender"), 200),
        ("a look", get("/api/auth/session?passive"), 200),
        ("a look with a slash", get("/api/auth/session/?passive"), 200),
        ("a look with more slashes", get("//api//auth/session?passive"), 200),
        ("a look in disguise", get("/api/auth/%73ession?passive"), 200),
        ("a look with a value", get("/api/auth/session?passive=true"), 200),
        ("a look with more", get("/api/auth/session?a=b&passive"), 200),
    ];
    for (what, request, status) in requests {
        let answer = Answer::of(app.send(request).await).await;
        assert_eq!(answer.status.code, status, "{what}");
        assert_eq!(answer.headers.get("set-cookie"), None, "{what}");
    }
}

#[async_test]
async fn a_look_tells_when_the_session_ends_without_moving_that() {
    let app = signed_in().await;
    let end = app.now().plus(10 * MINUTE).rfc3339();
    for path in ["/api/auth/session?passive", "/api/auth/session/?passive"] {
        app.advance(4 * MINUTE);
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!((answer.status, answer.json()["expires_at"].as_str()), (Status::Ok, Some(end.as_str())), "{path}");
    }
    app.advance(2 * MINUTE);
    assert_eq!(app.get("/api/auth/session?passive").await.status(), Status::Unauthorized);
}

#[async_test]
async fn the_dashboard_says_when_the_session_ends_after_this_answer() {
    let app = signed_in().await;
    app.advance(7 * MINUTE);
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    let (idle, cap) = (app.now().plus(10 * MINUTE), app.now().plus(713 * MINUTE));
    for at in [idle, cap] {
        assert!(page.contains(&format!("datetime=\"{}\"", at.rfc3339())), "{at} is not in {page}");
    }
}

#[async_test]
async fn whoever_is_signed_in_needs_no_database() {
    let app = signed_in().await;
    app.client.rocket().state::<Arc<Postman>>().unwrap().db.close().await;
    assert_eq!(app.get("/dashboard").await.status(), Status::ServiceUnavailable, "the database is gone");
    for path in ["/api/auth/session", "/", "/forgot-password"] {
        app.advance(MINUTE);
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        assert_eq!(answer.cookie(SESSION_COOKIE).map(max_age), Some(600), "{path}");
    }
}
