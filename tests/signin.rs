//! Signing in.
use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp};

const ANN: &str = "ann@example.com";

#[async_test]
async fn somebody_signs_in_and_sees_the_dashboard() {
    let app = with_ann().await;
    let answer = Answer::of(app.sign_in(ANN, PASSWORD).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/dashboard")));
    let mut attributes: Vec<_> = answer.cookie(SESSION_COOKIE).unwrap().split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"]);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
}

#[async_test]
async fn a_program_signs_in_and_gets_account_session_and_cookie() {
    let app = with_ann().await;
    let answer = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Ok);
    let body = answer.json();
    let (user, session) = (&body["user"], &body["session"]);
    let expected = json!({
        "user": {
            "id": app.ask::<String>("SELECT id FROM users").await, "email": ANN, "name": "Ann", "username": null,
            "role": "user", "email_verified": true, "created_at": "2026-09-21T14:13:20Z",
        },
        "session": {
            "user_id": user["id"], "session_id": session["session_id"], "role": "user",
            "expires_at": "2026-09-21T14:23:20Z", "ends_at": "2026-09-22T02:13:20Z",
        },
    });
    assert_eq!(body, expected, "every key of the contract and no more");
    assert_eq!(app.session_of(&token(&answer)).await.json(), *session);
}

#[async_test]
async fn an_address_is_known_in_any_case() {
    let app = with_ann().await;
    for email in ["ANN@EXAMPLE.COM", " ann@example.com ", "Ann@Example.com"] {
        app.forget_cookies();
        assert_eq!(app.sign_in(email, PASSWORD).await.status(), Status::SeeOther, "{email:?}");
        let call = app.call("/api/auth/signin", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(call.status, Status::Ok, "{email:?}");
    }
}

#[async_test]
async fn programs_may_say_username_for_email_but_not_both() {
    let app = with_ann().await;
    let answer = app.call("/api/auth/signin", json!({ "username": ANN, "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Ok);
    let both = json!({ "username": ANN, "email": ANN, "password": PASSWORD });
    let answer = app.call("/api/auth/signin", both).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert_eq!(answer.json()["errors"][0]["code"], "duplicate");
    assert_eq!(answer.json()["errors"][0]["field"], "email");
}

#[async_test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let app = with_ann().await;
    for email in ["bob@example.com", "cid@example.com"] {
        app.sign_up(email).await;
        app.forget_cookies();
    }
    app.execute("UPDATE users SET locked_at = 1 WHERE email = 'bob@example.com'").await;
    app.execute("UPDATE users SET password_hash = NULL WHERE email = 'cid@example.com'").await;
    app.post_form("/signup", &[("email", "eva@example.com"), ("password", PASSWORD)]).await;
    app.letters().await;
    app.forget_cookies();

    let wrong = "plum-harbor-velvet-signam";
    let cases = [
        (ANN, wrong),
        (ANN, ""),
        ("bob@example.com", PASSWORD),
        ("bob@example.com", wrong),
        ("cid@example.com", PASSWORD),
        ("eva@example.com", PASSWORD),
        ("nil@example.com", PASSWORD),
        ("not-an-address.", PASSWORD),
        ("a' OR '1'='1'--", PASSWORD),
    ];
    let mut outlines = Vec::new();
    for (email, password) in cases {
        let page = Answer::of(app.sign_in(email, password).await).await;
        let call = app.call("/api/auth/signin", json!({ "email": email, "password": password })).await;
        assert_eq!((page.status, call.status), (Status::Unauthorized, Status::Unauthorized), "{email}");
        // Tera writes an apostrophe as an entity.
        let typed = email.replace('\'', "&#39;");
        outlines.push((page.outline(&typed).replace(&email.replace('\'', "&#x27;"), "(typed)"), call.outline(email)));
    }
    assert!(outlines.iter().all(|outline| *outline == outlines[0]), "{outlines:#?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE created_at > 0").await, 3, "the three of the sign-ups");
}

#[async_test]
async fn a_refused_sign_in_offers_ways_out_and_keeps_the_address() {
    let app = with_ann().await;
    let fields = [("email", ANN), ("password", "wrong-wrong-wrong"), ("next", "/sessions?a=b&c=d")];
    let page = app.post_form("/signin", &fields).await;
    assert_eq!(page.status(), Status::Unauthorized);
    let page = page.into_string().await.unwrap();
    for part in ["/verify-email", "/forgot-password", "value=\"ann@example.com\"", "name=\"next\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("Address or password is wrong") && !page.contains("wrong-wrong-wrong"), "{page}");
}

#[async_test]
async fn after_the_sign_in_only_own_paths_are_followed() {
    let app = with_ann().await;
    for (next, place) in [
        ("/sessions?a=b", "/sessions?a=b"),
        ("/", "/"),
        ("", "/dashboard"),
        ("//evil.test", "/dashboard"),
        ("/\\evil.test", "/dashboard"),
        ("https://evil.test/", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
        ("/x\r\nSet-Cookie: a=b", "/dashboard"),
        ("/%0d%0aSet-Cookie:a=b", "/%0d%0aSet-Cookie:a=b"),
    ] {
        app.forget_cookies();
        let answer = app.post_form("/signin", &[("email", ANN), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.status(), Status::SeeOther, "{next:?}");
        assert_eq!(answer.headers().get_one("Location"), Some(place), "{next:?}");
    }
}

#[async_test]
async fn whoever_is_sent_to_sign_in_comes_back_to_the_page() {
    let app = with_ann().await;
    let answer = app.get("/dashboard?a=b&c=d").await;
    assert_eq!(answer.status(), Status::SeeOther);
    let place = answer.headers().get_one("Location").unwrap();
    assert!(place.starts_with("/signin?next="), "{place}");
    let page = app.get(place).await.into_string().await.unwrap();
    let (_, rest) = page.split_once("name=\"next\" value=\"").unwrap();
    let next = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2F;", "/");
    assert_eq!(next, "/dashboard?a=b&c=d");
    let answer = app.post_form("/signin", &[("email", ANN), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!(answer.headers().get_one("Location"), Some("/dashboard?a=b&c=d"));
}

#[async_test]
async fn signing_in_again_in_the_same_browser_ends_the_session_before() {
    let app = with_ann().await;
    app.sign_in(ANN, PASSWORD).await;
    let first = app.token().unwrap();
    app.sign_in(ANN, PASSWORD).await;
    let second = app.token().unwrap();
    let answer = app.session_of(&first).await;
    assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("replaced")));

    let body = json!({ "email": ANN, "password": PASSWORD });
    let third = Answer::of(app.post_json("/api/auth/signin", body).await).await;
    assert_eq!(app.session_of(&second).await.json()["reason"], "replaced");
    assert_eq!(app.session_of(&token(&third)).await.status, Status::Ok);
    let replaced = "SELECT COUNT(*) FROM events WHERE type = 'session.ended' AND data = '{\"reason\":\"replaced\"}'";
    assert_eq!(app.count(replaced).await, 2);
}

#[async_test]
async fn signing_in_in_another_browser_leaves_the_first_alone() {
    let app = with_ann().await;
    app.sign_in(ANN, PASSWORD).await;
    let first = app.token().unwrap();
    app.change_browser(Browser::new());
    app.sign_in(ANN, PASSWORD).await;
    assert_eq!(app.session_of(&first).await.status, Status::Ok);
    assert_ne!(app.token().unwrap(), first);
}

#[async_test]
async fn a_refused_sign_in_leaves_the_session_of_the_browser_alone() {
    let app = with_ann().await;
    app.sign_in(ANN, PASSWORD).await;
    let token = app.token().unwrap();
    assert_eq!(app.sign_in(ANN, "wrong-wrong-wrong").await.status(), Status::Unauthorized);
    assert_eq!(app.session_of(&token).await.status, Status::Ok);
}

#[async_test]
async fn the_audit_trail_tells_who_signed_in_from_where_and_who_did_not() {
    let app = with_ann().await;
    let ann = app.ask::<String>("SELECT id FROM users").await;
    app.execute("DELETE FROM events").await;
    let agent = "Mozilla/5.0 (X11; Linux)";
    let attempt = |email: &'static str, password: &'static str| {
        let body = json!({ "email": email, "password": password }).to_string();
        let request = app.client.post("/api/auth/signin").header(ContentType::JSON).body(body);
        request.header(Header::new("User-Agent", agent)).remote("192.0.2.7:4711".parse().unwrap()).dispatch()
    };
    let started = Answer::of(attempt(ANN, PASSWORD).await).await.json()["session"]["session_id"].clone();
    attempt(ANN, "wrong-secret-password").await;
    attempt("nobody@example.com", "wrong-secret-password").await;
    app.execute("UPDATE users SET locked_at = 1").await;
    attempt(ANN, PASSWORD).await;

    let row = |kind: &str, user: &str, actor: &str, session: &str, data: Value| {
        [kind, user, actor, session, "192.0.2.7", agent, &data.to_string()].map(str::to_owned)
    };
    let expected = [
        row("session.started", &ann, &ann, started.as_str().unwrap(), json!({})),
        row("session.failed", &ann, "-", "-", json!({ "reason": "wrong" })),
        row("session.failed", "-", "-", "-", json!({ "reason": "unknown" })),
        row("session.failed", &ann, "-", "-", json!({ "reason": "locked" })),
    ];
    assert_eq!(events(&app).await, expected);
}

async fn with_ann() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app.forget_cookies();
    app
}

fn token(answer: &Answer) -> String {
    let pair = answer.cookie(SESSION_COOKIE).unwrap().split(';').next().unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

/// Each event's type, user, actor, session, address, program and data, in no order but that of the list it is compared with.
async fn events(app: &TestApp) -> Vec<[String; 7]> {
    let mut rows = Vec::new();
    for (kind, reason) in [
        ("session.started", "{}"),
        ("session.failed", "%wrong%"),
        ("session.failed", "%unknown%"),
        ("session.failed", "%locked%"),
    ] {
        let mut row = Vec::new();
        for column in ["type", "user_id", "actor_id", "session_id", "ip", "user_agent", "data"] {
            let sql =
                format!("SELECT COALESCE({column}, '-') FROM events WHERE type = '{kind}' AND data LIKE '{reason}'");
            row.push(app.ask::<String>(&sql).await);
        }
        rows.push(row.try_into().unwrap());
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 4);
    rows
}
