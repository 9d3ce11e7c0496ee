//! Passwords as they are chosen, hashed and compared.
use std::sync::Arc;

use nightlatch::{
    hasher::Hasher,
    model::password::Password,
    settings::{self, Hash},
};
use prometheus_client::metrics::counter::Counter;
use rocket::{async_test, futures::future::join_all, http::Status};
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";

#[async_test]
async fn whoever_finds_the_queue_of_hashes_full_is_told_to_come_back() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_HASH__PERMITS", "1"), ("NIGHTLATCH_HASH__QUEUE", "1")]).await;
    app.sign_up(ANN).await;
    // Long enough for all the others to come while it is under way.
    keep_hash_of(&app, 65_536, 6).await;
    let answers = join_all((0..6).map(|_| sign_in(&app, "wrong-wrong-wrong"))).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == Status::Unauthorized);
    // On a slow machine the one that waits is told to come back as well, after two seconds.
    assert!([1, 2].contains(&served.len()), "one at work and one waiting: {answers:?}");
    for answer in refused {
        assert_eq!((answer.status, &answer.json()["code"]), (Status::ServiceUnavailable, &json!("overloaded")));
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok, "a moment later there is room again");
}

#[async_test]
async fn an_overloaded_sign_up_or_reset_leaves_nothing_and_costs_no_try() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_HASH__PERMITS", "1"), ("NIGHTLATCH_HASH__QUEUE", "0")]).await;
    app.sign_up(ANN).await;
    let begun = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let code = app.mailed_code().await;
    keep_hash_of(&app, 65_536, 6).await;
    let reset = json!({ "request": begun.json()["request"], "code": code, "password": "gravel-teapot-orbit-lantern" });
    let signup = json!({ "email": "bob@example.com", "password": PASSWORD });
    let unknown = json!({ "email": "nil@example.com", "password": PASSWORD });
    let slow = async {
        loop {
            let answer = sign_in(&app, "wrong-wrong-wrong").await;
            if answer.status != Status::ServiceUnavailable {
                break answer;
            }
        }
    };
    let late = async {
        while app.call("/api/auth/signin", unknown.clone()).await.status != Status::ServiceUnavailable {}
        // Now the slow one is at work.
        let page = app.post_form("/signup", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
        let page = Answer::of(page).await;
        [page, app.call("/api/auth/signup", signup).await, app.call("/api/auth/reset-password", reset.clone()).await]
    };
    let (slow, late) = rocket::futures::future::join(slow, late).await;
    assert_eq!(slow.status, Status::Unauthorized);
    for answer in &late {
        assert_eq!(answer.status, Status::ServiceUnavailable, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    assert!(late[0].body.contains("Please try again in a few seconds"), "{}", late[0].body);
    assert_eq!(app.count("SELECT COUNT(*) FROM requests WHERE email = 'bob@example.com'").await, 0);
    assert_eq!(app.call("/api/auth/reset-password", reset).await.status, Status::NoContent);
    assert_eq!(app.letters().await.len(), 1);
}

#[async_test]
async fn a_hash_of_other_cost_is_made_anew_at_the_next_sign_in() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    keep_hash_of(&app, 64, 3).await;
    let older = hash(&app).await;
    assert!(older.starts_with("$argon2id$v=19$m=64,t=3,p=1$"), "{older}");
    assert_eq!(sign_in(&app, "wrong-wrong-wrong").await.status, Status::Unauthorized);
    assert_eq!(hash(&app).await, older, "only the right password can be hashed anew");

    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok);
    let newer = hash(&app).await;
    assert!(newer.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{newer}");
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok);
    assert_eq!(hash(&app).await, newer, "and then it stays");
}

#[async_test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let app = TestApp::new().await;
    let (composed, decomposed) = ("gr\u{fc}n plum \u{e9}toile lantern", "gru\u{308}n plum e\u{301}toile lantern");
    app.post_form("/signup", &[("email", ANN), ("password", decomposed)]).await;
    let code = app.mailed_code().await;
    app.post_form("/verify-email", &[("code", &code)]).await;
    for password in [composed, decomposed] {
        assert_eq!(sign_in(&app, password).await.status, Status::Ok, "{password:?}");
    }
}

#[async_test]
async fn nothing_of_a_password_is_trimmed_folded_or_cut() {
    let app = TestApp::new().await;
    let long = format!(" {} ", "plum Harbor-velvet ".repeat(13));
    assert_eq!(long.chars().count(), 249);
    app.post_form("/signup", &[("email", ANN), ("password", &long)]).await;
    let code = app.mailed_code().await;
    app.post_form("/verify-email", &[("code", &code)]).await;
    assert_eq!(sign_in(&app, &long).await.status, Status::Ok);
    for other in [long.trim(), &long.to_lowercase(), &long[..248], &long[..72]] {
        assert_eq!(sign_in(&app, other).await.status, Status::Unauthorized, "{other:?}");
    }
}

#[async_test]
async fn the_passphrase_that_the_page_suggests_is_taken_and_differs_each_time() {
    let app = TestApp::new().await;
    let mut suggestions = Vec::new();
    for email in [ANN, "bob@example.com"] {
        let page = app.get("/signup").await.into_string().await.unwrap();
        let suggestion = page.split("<code>").nth(1).unwrap().split("</code>").next().unwrap().to_owned();
        let answer = app.call("/api/auth/signup", json!({ "email": email, "password": suggestion })).await;
        assert_eq!(answer.status, Status::Accepted, "{suggestion}");
        suggestions.push(suggestion);
    }
    assert_ne!(suggestions[0], suggestions[1]);
    assert_eq!(app.letters().await.len(), 2);
}

/// Stores the hash of [`PASSWORD`] at another cost, as an older or dearer setting would have left it.
async fn keep_hash_of(app: &TestApp, memory_kib: u32, iterations: u32) {
    let password = settings::Password { memory_kib, iterations, ..settings::Password::default() };
    let hasher = Hasher::start(&password, &Hash { permits: 1, queue: 1 }, Counter::default()).unwrap();
    let hash = hasher.hash(Arc::new(Password::given(PASSWORD).unwrap())).await.unwrap();
    app.execute(&format!("UPDATE users SET password_hash = '{hash}'")).await;
}

async fn hash(app: &TestApp) -> String {
    app.ask("SELECT password_hash FROM users").await
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    app.call("/api/auth/signin", json!({ "email": ANN, "password": password })).await
}

#[async_test]
async fn a_damaged_hash_lets_nobody_in() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let whole = hash(&app).await;
    let (head, tag) = whole.rsplit_once('$').unwrap();
    for damaged in [
        "",
        "x",
        head,
        &format!("{head}$"),
        &format!("{head}${}", &tag[..tag.len() - 2]),
        &whole.replace("argon2id", "argon2d"),
        &whole.replace("argon2id", "md5"),
        &whole.replace("t=", "t=0"),
        &whole.replace("m=", "m=99999999"),
    ] {
        app.execute(&format!("UPDATE users SET password_hash = '{damaged}'")).await;
        for password in [PASSWORD, "", "x"] {
            let answer = sign_in(&app, password).await;
            assert!(matches!(answer.status.code, 401 | 422 | 500), "{damaged}: {answer:?}");
            assert_eq!(
                (answer.token(), answer.body.contains(damaged) && !damaged.is_empty()),
                (None, false),
                "{damaged}"
            );
        }
    }
    app.execute(&format!("UPDATE users SET password_hash = '{whole}'")).await;
    assert_eq!(sign_in(&app, PASSWORD).await.status, Status::Ok);
    app.letters().await;
}
