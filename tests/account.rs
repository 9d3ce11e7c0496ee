//! What an account shows of itself, and its name.
use rocket::{
    async_test,
    http::{ContentType, Header, Method, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

#[async_test]
async fn a_person_sees_the_account_on_a_page_and_by_the_api() {
    let app = signed_in().await;
    let page = app.get("/account").await;
    assert_eq!(page.status(), Status::Ok);
    let page = page.into_string().await.unwrap();
    for part in [ANN, "value=\"Ann\"", "/account/name", "/account/password", "/account/email", "/account/delete"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("/account/email/confirm"), "no change of address was begun: {page}");
    let account = Answer::of(app.get("/api/account").await).await;
    assert_eq!(account.status, Status::Ok);
    let expected = json!({
        "id": app.ask::<String>("SELECT id FROM users").await, "email": ANN, "name": "Ann", "username": null,
        "role": "user", "email_verified": true, "created_at": "2026-09-21T14:13:20Z",
    });
    assert_eq!(account.json(), expected, "every key of the contract and no more");
}

#[async_test]
async fn password_managers_find_the_page_that_changes_a_password() {
    let app = signed_in().await;
    let answer = app.get("/.well-known/change-password").await;
    assert_eq!((answer.status(), answer.headers().get_one("Location")), (Status::SeeOther, Some("/account")));
}

#[async_test]
async fn nobody_sees_or_changes_an_account_without_a_session() {
    let app = TestApp::new().await;
    for (method, path) in [
        (Method::Get, "/account"),
        (Method::Get, "/confirm"),
        (Method::Get, "/stay"),
        (Method::Post, "/account/name"),
        (Method::Post, "/account/password"),
        (Method::Post, "/account/email"),
        (Method::Post, "/account/email/confirm"),
        (Method::Post, "/account/delete"),
        (Method::Post, "/confirm"),
        (Method::Post, "/stay"),
        (Method::Get, "/api/account"),
        (Method::Get, "/api/account/events"),
        (Method::Get, "/api/account/export"),
        (Method::Patch, "/api/account"),
        (Method::Post, "/api/account/password"),
        (Method::Post, "/api/account/email"),
        (Method::Post, "/api/account/email/confirm"),
        (Method::Post, "/api/account/delete"),
        (Method::Post, "/api/auth/confirm"),
    ] {
        let kind = if path.starts_with("/api") { ContentType::JSON } else { ContentType::Form };
        let mut request = app.client.req(method, path);
        if method != Method::Get {
            request.add_header(kind);
        }
        let answer = Answer::of(request.dispatch().await).await;
        let what = format!("{method} {path}: {answer:?}");
        if path.starts_with("/api") {
            assert_eq!((answer.status, answer.json()["code"].as_str()), (Status::Unauthorized, Some("not_signed_in")));
        } else {
            assert_eq!(answer.status, Status::SeeOther, "{what}");
            assert!(answer.header("location").unwrap().starts_with("/signin"), "{what}");
        }
    }
}

#[async_test]
async fn a_person_takes_another_name() {
    let app = signed_in().await;
    let answer = app.post_form("/account/name", &[("name", "  Ann Łukasz ")]).await;
    assert_eq!((answer.status(), answer.headers().get_one("Location")), (Status::SeeOther, Some("/account?done=name")));
    let page = app.get("/account?done=name").await.into_string().await.unwrap();
    assert!(page.contains("Your name is changed") && page.contains("value=\"Ann Łukasz\""), "{page}");

    let answer = rename(&app, "").await;
    assert_eq!((answer.status, answer.json()["name"].as_str()), (Status::Ok, Some("")), "a name may be missing");
    let answer = rename(&app, "Anna").await;
    assert_eq!((answer.status, answer.json()["name"].as_str()), (Status::Ok, Some("Anna")));
    assert_eq!(app.ask::<String>("SELECT name FROM users").await, "Anna");
}

#[async_test]
async fn a_name_that_is_refused_changes_nothing_and_is_kept_in_its_form_alone() {
    let app = signed_in().await;
    let bad = "x".repeat(101);
    let answer = rename(&app, &bad).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (Status::UnprocessableEntity, &json!("name")));
    let page = app.post_form("/account/name", &[("name", &bad)]).await;
    assert_eq!(page.status(), Status::UnprocessableEntity);
    let page = page.into_string().await.unwrap();
    assert!(page.contains("100 characters are the most") && page.contains(&bad), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
    assert_eq!(app.ask::<String>("SELECT name FROM users").await, "Ann");
}

#[async_test]
async fn the_name_of_one_account_is_not_that_of_another() {
    let app = signed_in().await;
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    assert_eq!(rename(&app, "Bob").await.status, Status::Ok);
    assert_eq!(app.ask::<String>(&format!("SELECT name FROM users WHERE email = '{ANN}'")).await, "Ann");
}

#[async_test]
async fn the_audit_trail_comes_in_pages_the_newest_first() {
    let app = signed_in().await;
    for _ in 0..6 {
        app.sign_in(ANN, "wrong-wrong-wrong").await;
    }
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    app.sign_in(BOB, "wrong-wrong-wrong").await;
    let anns = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;

    let all = app.get_as(&anns, "/api/account/events").await.json();
    let kinds: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    let mut expected = vec!["session.started"];
    expected.extend(["session.failed"; 6]);
    assert_eq!(kinds[..7], expected, "{all}");
    let mut first: Vec<&str> = kinds[7..].to_vec();
    first.sort_unstable();
    assert_eq!(first, ["session.started", "user.created"], "and nothing of others");
    assert_eq!(all["next_cursor"], Value::Null);

    let (mut paged, mut path) = (Vec::new(), "/api/account/events?limit=4".to_owned());
    let mut lengths = Vec::new();
    loop {
        let page = app.get_as(&anns, &path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        lengths.push(items.len());
        paged.extend(items);
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/account/events?limit=4&cursor={cursor}");
    }
    assert_eq!((&lengths[..], Value::Array(paged)), (&[4, 4, 1][..], all["items"].clone()));
}

#[async_test]
async fn a_parameter_of_the_audit_trail_is_given_once() {
    let app = signed_in().await;
    for (query, field) in [
        ("limit=1&limit=1", "limit"),
        ("limit=null&limit=null", "limit"),
        ("limit=1&cursor=a&limit=2", "limit"),
        ("cursor=a&cursor=b", "cursor"),
    ] {
        let answer = Answer::of(app.get(&format!("/api/account/events?{query}")).await).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{query}: {answer:?}");
        let problem = answer.json();
        assert_eq!(
            (&problem["errors"][0]["field"], &problem["errors"][0]["code"]),
            (&json!(field), &json!("duplicate"))
        );
    }
}

#[async_test]
async fn a_strange_page_of_the_audit_trail_is_no_fault_of_ours() {
    let app = signed_in().await;
    for query in [
        "limit=0",
        "limit=-1",
        "limit=9999999",
        "limit=x",
        "limit=99999999999999999999",
        "cursor=",
        "cursor=~",
        "cursor=%27%20OR%201=1--",
        "cursor=%F0%9F%94%91",
        "cursor=%00",
        "cursor=%ff",
    ] {
        let answer = Answer::of(app.get(&format!("/api/account/events?{query}")).await).await;
        assert!([200, 400, 422].contains(&answer.status.code), "{query}: {answer:?}");
        if answer.status == Status::Ok {
            let items = answer.json()["items"].as_array().unwrap().len();
            assert!(items <= 2, "{query}: {answer:?}");
        }
    }
}

#[async_test]
async fn the_export_holds_everything_of_the_person_and_nothing_of_others() {
    let app = TestApp::new().await;
    app.sign_up(BOB).await;
    let bob = app.ask::<String>("SELECT id FROM users").await;
    let bobs = app.ask::<String>("SELECT id FROM sessions").await;
    app.change_browser(Browser::new());
    let fields = [("name", "Ann Łukasz"), ("email", ANN), ("password", PASSWORD)];
    app.post_form("/signup", &fields).await;
    let code = app.mailed_code().await;
    app.post_form("/verify-email", &[("code", &code)]).await;
    app.sign_in(ANN, "wrong-wrong-wrong").await;
    let request = app.client.post("/api/auth/signin").header(ContentType::JSON);
    let request = request.header(Header::new("User-Agent", "curl/8")).remote("192.0.2.7:1".parse().unwrap());
    let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let token = Answer::of(request.body(body).dispatch().await).await.token().unwrap();
    app.letters().await;

    let answer = app.get_as(&token, "/api/account/export").await;
    assert_eq!(answer.status, Status::Ok);
    let export = answer.json();
    assert_eq!(export["account"], app.get_as(&token, "/api/account").await.json());
    let user = format!("FROM {{}} WHERE user_id = '{}'", export["account"]["id"].as_str().unwrap());
    for (member, table) in [("sessions", "sessions"), ("events", "events")] {
        let ids = |rows: &Value| {
            let mut ids: Vec<String> =
                rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            ids.sort_unstable();
            ids
        };
        let mut stored = app.list(&format!("SELECT id {}", user.replace("{}", table))).await;
        stored.sort_unstable();
        assert!(!stored.is_empty());
        assert_eq!(ids(&export[member]), stored, "{member}");
    }
    let sessions = export["sessions"].as_array().unwrap();
    assert!(
        sessions.iter().any(|session| session["ip"] == "192.0.2.7" && session["user_agent"] == "curl/8"),
        "{export}"
    );
    for foreign in [BOB, &bob, &bobs, "argon2", "password_hash"] {
        assert!(!answer.body.contains(foreign), "{foreign}: {}", answer.body);
    }
    for secret in app.list("SELECT password_hash FROM users UNION SELECT id FROM devices").await {
        assert!(!answer.body.contains(&secret), "{}", answer.body);
    }
    assert!(!answer.body.contains(&token), "{}", answer.body);
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

async fn rename(app: &TestApp, name: &str) -> Answer {
    let request = app.client.patch("/api/account").header(ContentType::JSON).body(json!({ "name": name }).to_string());
    let answer = Answer::of(app.send(request).await).await;
    assert!(answer.cookie(SESSION_COOKIE).is_some(), "{answer:?}");
    answer
}
