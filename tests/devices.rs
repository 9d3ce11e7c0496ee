//! Browsers that signed in before, and the letters about those that did not.
use std::time::Duration;

use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::json;

use crate::support::{Answer, Browser, DEVICE_COOKIE, PASSWORD, SECURE_COOKIE, SESSION_COOKIE, TestApp, max_age};

const ANN: &str = "ann@example.com";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

#[async_test]
async fn a_browser_is_recognised_for_a_year_by_a_cookie_that_no_script_reads() {
    let app = TestApp::new().await;
    let answer = begin(&app, ANN).await;
    let line = answer.cookie(DEVICE_COOKIE).unwrap();
    let mut attributes: Vec<_> = line.split("; ").skip(1).collect();
    attributes.sort_unstable();
    assert_eq!(attributes, ["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=Lax"]);
    let value = device(&app).unwrap();
    assert_eq!(value.len(), 22, "128 bits in base64url");
    let stored = app.ask::<String>("SELECT id FROM devices").await;
    assert!(!stored.contains(&value), "the table alone opens nothing: {stored}");

    let app = TestApp::https().await;
    let answer = begin(&app, ANN).await;
    let line = answer.cookie(&format!("{SECURE_COOKIE}-device")).unwrap();
    assert!(line.contains("; Secure") && !line.contains("Domain"), "{line}");
    assert_eq!(max_age(line), 365 * 24 * 3600);
}

#[async_test]
async fn a_known_browser_signs_in_without_a_letter_and_is_known_for_longer() {
    let app = signed_up().await;
    let known = device(&app);
    for how in 0..3 {
        app.advance(Duration::from_secs(364 * 24 * 3600));
        app.forget_cookies();
        let answer = match how {
            0 => Answer::of(app.sign_in(ANN, PASSWORD).await).await,
            1 => {
                Answer::of(app.post_json("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await).await
            }
            _ => {
                // Signing out takes the session only.
                app.sign_in(ANN, PASSWORD).await;
                app.post_form("/logout", &[]).await;
                Answer::of(app.sign_in(ANN, PASSWORD).await).await
            }
        };
        assert_eq!(max_age(answer.cookie(DEVICE_COOKIE).unwrap()), 365 * 24 * 3600);
        assert_eq!(device(&app), known);
        assert_eq!(app.letters().await, [""; 0]);
        assert_eq!(app.count("SELECT used_at FROM devices").await, app.now().millis());
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 1);
}

#[async_test]
async fn an_unknown_browser_brings_a_letter_with_the_device_in_words() {
    let app = signed_up().await;
    let first = app.change_browser(Browser::new());
    let body = json!({ "email": ANN, "password": PASSWORD }).to_string();
    let request = app.client.post("/api/auth/signin").header(ContentType::JSON).body(body);
    let request = request.header(Header::new("User-Agent", FIREFOX)).remote("192.0.2.7:4711".parse().unwrap());
    assert_eq!(app.send(request).await.status(), Status::Ok);
    let mail = app.mail().await;
    assert_eq!((mail.len(), mail[0].0.as_str()), (1, ANN), "{mail:?}");
    let letter = &mail[0].1;
    for part in
        ["192.0.2.7", "Firefox on Windows 10", "21 Sep 2026, 14:13 UTC", "If this was not you", "/forgot-password"]
    {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    assert!(!letter.contains("Mozilla") && !letter.contains(&device(&app).unwrap()), "{letter}");

    // Both are known from now on, each by its own value.
    assert_ne!(device(&app), first.iter().find(|(name, _)| name == DEVICE_COOKIE).map(|(_, value)| value.clone()));
    app.sign_in(ANN, PASSWORD).await;
    app.change_browser(first);
    app.sign_in(ANN, PASSWORD).await;
    assert_eq!(app.letters().await, [""; 0]);
}

#[async_test]
async fn a_refused_sign_in_brings_no_letter_and_no_cookie() {
    let app = signed_up().await;
    app.change_browser(Browser::new());
    for email in [ANN, "nobody@example.com"] {
        let answer = Answer::of(app.sign_in(email, "wrong-wrong-wrong").await).await;
        assert_eq!(answer.headers.get("set-cookie"), None, "{email}");
    }
    assert_eq!(app.letters().await, [""; 0]);
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 1);
}

#[async_test]
async fn a_made_up_value_is_replaced_by_one_of_ours() {
    let app = signed_up().await;
    let long = "a".repeat(4000);
    for made_up in ["AAAAAAAAAAAAAAAAAAAAAA", "", "x", "'; DROP TABLE devices; --", "%00", long.as_str()] {
        app.change_browser(vec![(DEVICE_COOKIE.to_owned(), made_up.to_owned())]);
        let answer = app.sign_in(ANN, PASSWORD).await;
        assert_eq!(answer.status(), Status::SeeOther, "{made_up:?}");
        let given = device(&app).unwrap();
        assert!(given != made_up && given.len() == 22, "{made_up:?} became {given:?}");
        let letters = app.letters().await;
        assert_eq!(letters.len(), 1, "{made_up:?}");
        app.sign_in(ANN, PASSWORD).await;
        assert_eq!(device(&app), Some(given), "{made_up:?}");
        assert_eq!(app.letters().await, [""; 0], "{made_up:?}");
    }
}

#[async_test]
async fn two_people_at_one_browser_are_each_told_once() {
    let app = signed_up().await;
    let value = device(&app);
    app.forget_cookies();
    app.sign_up("bob@example.com").await;
    assert_eq!(device(&app), value, "one browser has one value");
    app.change_browser(Browser::new());
    app.sign_in("bob@example.com", PASSWORD).await;
    let bobs = device(&app);
    let told = app.mail().await;
    assert_eq!((told.len(), told[0].0.as_str()), (1, "bob@example.com"), "{told:?}");

    // Ann has not been at this one, though it is known for Bob.
    app.forget_cookies();
    app.sign_in(ANN, PASSWORD).await;
    let told = app.mail().await;
    assert_eq!((told.len(), told[0].0.as_str()), (1, ANN), "{told:?}");
    assert_eq!(device(&app), bobs);
    for email in [ANN, "bob@example.com", ANN] {
        app.forget_cookies();
        assert_eq!(app.sign_in(email, PASSWORD).await.status(), Status::SeeOther);
    }
    assert_eq!(app.letters().await, [""; 0]);
}

async fn signed_up() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

/// Signs `email` up; answers what the proof of the address was answered with.
async fn begin(app: &TestApp, email: &str) -> Answer {
    app.post_form("/signup", &[("email", email), ("password", PASSWORD)]).await;
    let code = app.mailed_code().await;
    let answer = Answer::of(app.post_form("/verify-email", &[("code", &code)]).await).await;
    assert_eq!(answer.status, Status::SeeOther);
    answer
}

/// What this visitor's browser is recognised by.
fn device(app: &TestApp) -> Option<String> {
    let header = app.cookie_header()?;
    let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(name, _)| *name == DEVICE_COOKIE && *name != SESSION_COOKIE);
    found.next().map(|(_, value)| value.to_owned())
}
