//! Deleting an account: everything of the person goes at once.
use rocket::{
    async_test,
    futures::future::{join, join_all},
    http::Status,
};
use serde_json::json;

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp, max_age};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

/// Every column that may hold something of a person.
const COLUMNS: [(&str, &str); 12] = [
    ("users", "id || email || name"),
    ("sessions", "user_id"),
    ("sessions", "COALESCE(ip, '') || COALESCE(user_agent, '')"),
    ("devices", "user_id"),
    ("requests", "email"),
    ("requests", "COALESCE(user_id, '')"),
    ("requests", "COALESCE(name, '')"),
    ("requests", "COALESCE(password_hash, '')"),
    ("letters", "recipient"),
    ("letters", "sealed"),
    ("events", "data"),
    ("endings", "session_id || reason"),
];

#[async_test]
async fn everything_of_the_person_goes_at_once_and_the_trail_keeps_the_number() {
    let app = signed_in().await;
    let id: String = app.ask("SELECT id FROM users").await;
    let hash: String = app.ask("SELECT password_hash FROM users").await;
    let here = app.token().unwrap();
    let others = [app.session_elsewhere(ANN, PASSWORD).await, app.session_elsewhere(ANN, PASSWORD).await];
    app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD, "name": "Ann" })).await;
    let events = app.count("SELECT COUNT(*) FROM events").await;

    // Some of the letters have not left yet.
    let answer = Answer::of(app.post_json("/api/account/delete", json!({ "current_password": PASSWORD })).await).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::NoContent, ""));
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 0);
    assert_eq!(answer.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(app.letters().await, [""; 0]);
    for (table, column) in COLUMNS {
        for row in app.list(&format!("SELECT {column} FROM {table}")).await {
            for personal in [ANN, "Ann", &id, &hash] {
                assert!(!row.contains(personal), "{table} still holds {row}");
            }
        }
    }
    for table in ["users", "sessions", "devices", "requests", "letters"] {
        assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, events + 4, "three endings and the deletion");
    let deleted = "SELECT user_id || actor_id || data FROM events WHERE type = 'user.deleted'";
    assert_eq!(app.list(deleted).await, [format!("{id}{id}{{}}")]);

    let elsewhere = app.restarted().await;
    for token in [&here, &others[0], &others[1]] {
        for app in [&app, &elsewhere] {
            let answer = app.session_of(token).await;
            assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("deleted")));
            assert_eq!(answer.headers.get("set-cookie"), None);
            assert_eq!(app.get_as(token, "/account").await.status, Status::SeeOther);
        }
    }
    let answer = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(answer.status, Status::Unauthorized);
}

#[async_test]
async fn a_page_deletes_the_account_and_says_so() {
    let app = signed_in().await;
    let answer = Answer::of(app.post_form("/account/delete", &[("current_password", PASSWORD)]).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/signin?notice=deleted")));
    assert_eq!(answer.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(app.token(), None);
    let page = app.get("/signin?notice=deleted").await.into_string().await.unwrap();
    assert!(page.contains("Your account is deleted"), "{page}");
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

#[async_test]
async fn the_address_can_sign_up_again_as_somebody_new() {
    let app = signed_in().await;
    let old: String = app.ask("SELECT id FROM users").await;
    let token = app.token().unwrap();
    app.post_form("/account/delete", &[("current_password", PASSWORD)]).await;
    app.sign_up(ANN).await;
    let new = Answer::of(app.get("/api/account").await).await.json();
    assert_ne!(new["id"], json!(old));
    assert_eq!(app.session_of(&token).await.json()["reason"], "deleted");
    let events = Answer::of(app.get("/api/account/events").await).await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "nothing of the old account: {events}");
}

#[async_test]
async fn a_wrong_current_password_deletes_nothing() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
    for wrong in ["wrong-wrong-wrong", ""] {
        app.execute("DELETE FROM events").await;
        let answer = Answer::of(app.post_json("/api/account/delete", json!({ "current_password": wrong })).await).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
        assert_eq!(answer.json()["errors"][0]["field"], "current_password");
        assert_eq!(app.list("SELECT type || data FROM events").await, ["session.failed{\"reason\":\"wrong\"}"]);
        let page = app.post_form("/account/delete", &[("current_password", wrong)]).await;
        assert_eq!(page.status(), Status::Unauthorized);
        let page = page.into_string().await.unwrap();
        assert!(page.contains("This is not your password. Nothing was changed."), "{page}");
    }
    assert_eq!(app.session_of(&other).await.status, Status::Ok);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok, "who mistypes stays signed in");
}

#[async_test]
async fn nothing_of_others_goes() {
    let app = signed_in().await;
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    let bobs = app.token().unwrap();
    let reset = app.call("/api/auth/forgot-password", json!({ "email": BOB })).await;
    let anns = app.session_elsewhere(ANN, PASSWORD).await;
    // Ann would like to have the address of Bob.
    let body = json!({ "email": BOB, "current_password": PASSWORD });
    app.call_as(&anns, "/api/account/email", body).await;
    let mine = format!("{BOB}' AND purpose = 'reset");
    assert_eq!(delete(&app, &anns).await.status, Status::NoContent);
    assert_eq!(app.session_of(&bobs).await.status, Status::Ok);
    assert_eq!(app.list("SELECT email FROM users").await, [BOB]);
    assert_eq!(app.count(&format!("SELECT COUNT(*) FROM requests WHERE email = '{mine}'")).await, 1);
    let mail = app.mail().await;
    assert!(mail.iter().all(|(to, _)| to == BOB), "{mail:?}");
    let code = mail.iter().find_map(|(_, letter)| crate::support::code_in(letter)).expect("Bob's own code still came");
    let body = json!({ "request": reset.json()["request"], "code": code, "password": "gravel-teapot-orbit-lantern" });
    assert_eq!(app.call("/api/auth/reset-password", body).await.status, Status::NoContent);
    app.letters().await;
}

#[async_test]
async fn of_many_deletions_at_once_one_deletes_and_the_others_are_signed_out() {
    for _ in 0..10 {
        let app = signed_in().await;
        let token = app.token().unwrap();
        let answers = join_all((0..6).map(|_| delete(&app, &token))).await;
        let done = answers.iter().filter(|answer| answer.status == Status::NoContent).count();
        assert_eq!(done, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != Status::NoContent) {
            assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("not_signed_in")));
            assert_eq!(answer.token(), None, "{answer:?}");
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.deleted'").await, 1);
    }
}

#[async_test]
async fn a_second_press_on_the_page_leads_to_the_sign_in() {
    for _ in 0..10 {
        let app = signed_in().await;
        let press =
            || async { Answer::of(app.post_form("/account/delete", &[("current_password", PASSWORD)]).await).await };
        let (one, two) = join(press(), press()).await;
        for answer in [one, two] {
            assert_eq!(answer.status, Status::SeeOther, "{answer:?}");
            assert!(answer.header("location").unwrap().starts_with("/signin"), "{answer:?}");
            assert_eq!(answer.token(), None, "{answer:?}");
        }
    }
}

#[async_test]
async fn a_sign_in_that_races_with_the_deletion_leaves_no_live_session() {
    let app = TestApp::new().await;
    let (mut in_time, mut too_late) = (0, 0);
    for round in 0..25 {
        app.change_browser(Browser::new());
        app.sign_up(ANN).await;
        let here = app.token().unwrap();
        let signin = |number: usize| {
            let app = &app;
            async move {
                // They come in at different moments of the deletion.
                for _ in 0..number * 3 * (round % 5) {
                    rocket::tokio::task::yield_now().await;
                }
                app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await
            }
        };
        let (deleted, signins) = join(delete(&app, &here), join_all((0..6).map(signin))).await;
        assert_eq!(deleted.status, Status::NoContent, "round {round}: {deleted:?}");
        for answer in signins {
            match answer.token() {
                Some(token) => {
                    in_time += 1;
                    let session = app.session_of(&token).await;
                    assert_eq!(session.status, Status::Unauthorized, "round {round}: {session:?}");
                    assert_eq!(session.json()["reason"], "deleted", "round {round}");
                }
                None => {
                    too_late += 1;
                    assert_eq!(answer.json()["code"], "invalid_credentials", "round {round}: {answer:?}");
                }
            }
        }
        for table in ["users", "sessions", "devices", "letters"] {
            assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "round {round}: {table}");
        }
    }
    assert!(in_time > 0 && too_late > 0, "{in_time} in time, {too_late} too late");
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

async fn delete(app: &TestApp, token: &str) -> Answer {
    app.call_as(token, "/api/account/delete", json!({ "current_password": PASSWORD })).await
}
