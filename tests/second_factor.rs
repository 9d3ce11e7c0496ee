//! The second factor of a person: turning it on, signing in with it, and what it keeps out.
use std::time::Duration;

use rocket::{async_test, futures::future::join_all, http::Status};
use serde_json::{Value, json};

use crate::support::{Answer, Authenticator, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";

/// Ann with a second factor, signed in.
async fn ann() -> (TestApp, Authenticator, Vec<String>) {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    app.sign_up(ANN).await;
    let (authenticator, codes) = app.turn_on_second_factor().await;
    (app, authenticator, codes)
}

fn credentials() -> Value {
    json!({ "email": ANN, "password": PASSWORD })
}

/// The request that the right password opens.
async fn request(app: &TestApp) -> String {
    let answer = app.call("/api/auth/signin", credentials()).await;
    assert_eq!((answer.status, answer.token()), (Status::Unauthorized, None), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["code"], "second_factor_required");
    body["request"].as_str().unwrap().to_owned()
}

async fn answer(app: &TestApp, request: &str, code: &str) -> Answer {
    app.call("/api/auth/signin/code", json!({ "request": request, "code": code })).await
}

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    Answer::of(app.post_json(path, body).await).await
}

fn code_of(answer: &Answer) -> (u16, String) {
    (answer.status.code, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(answer: &Answer) -> bool {
    code_of(answer) == (422, "invalid_code".into())
}

/// A code that the app shows neither now nor soon.
fn wrong(authenticator: &Authenticator, app: &TestApp) -> String {
    let near: Vec<String> = (0..9)
        .map(|step| authenticator.code(app.now().minus(Duration::from_secs(120)).plus(Duration::from_secs(30 * step))))
        .collect();
    ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888", "999999"]
        .into_iter()
        .find(|code| !near.iter().any(|shown| shown == code))
        .unwrap()
        .to_owned()
}

#[async_test]
async fn turning_it_on_takes_a_code_of_the_app_and_ends_every_other_session() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    let tokens = app.call("/api/auth/token", credentials()).await.json();
    app.letters().await;
    let off = json!({ "enabled": false, "enabled_at": null, "recovery_codes_left": 0 });
    assert_eq!(Answer::of(app.get("/api/account/second-factor").await).await.json(), off);

    let begun = post(&app, "/api/account/second-factor", json!({})).await;
    assert_eq!(begun.status, Status::Created);
    let begun = begun.json();
    let (secret, uri) = (begun["secret"].as_str().unwrap(), begun["uri"].as_str().unwrap());
    assert_eq!(secret.len(), 32, "160 bits in base32");
    assert!(uri.starts_with("otpauth://totp/localhost:ann"), "{uri}");
    let authenticator = Authenticator::of(uri);
    assert_eq!(app.call("/api/auth/signin", credentials()).await.status, Status::Ok, "nothing asks for it yet");
    app.letters().await;
    let refused_code = post(&app, "/api/account/second-factor/confirm", json!({ "code": wrong(&authenticator, &app) }));
    assert!(refused(&refused_code.await));

    let on = json!({ "code": authenticator.code(app.now()) });
    let on = post(&app, "/api/account/second-factor/confirm", on).await;
    assert_eq!(on.status, Status::Ok, "{on:?}");
    let codes: Vec<String> = serde_json::from_value(on.json()["recovery_codes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    let state = Answer::of(app.get("/api/account/second-factor").await).await.json();
    assert_eq!((&state["enabled"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
    assert_eq!(app.session_of(&other).await.json()["reason"], "ended_by_you");
    let refresh = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await;
    assert_eq!(refresh.json()["reason"], "ended_by_you");
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("second factor of your account was turned on"), "{letters:?}");
    let recorded = "SELECT COUNT(*) FROM events WHERE type = 'user.second_factor_enabled' AND session_id IS NOT NULL";
    assert_eq!(app.count(recorded).await, 1);
}

#[async_test]
async fn the_right_password_alone_opens_nothing() {
    let (app, authenticator, _) = ann().await;
    let request = request(&app).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 1, "the one that turned it on");
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE last_signin_at IS NOT NULL").await, 0);
    let signed_in = answer(&app, &request, &authenticator.code(app.now())).await;
    assert_eq!(signed_in.status, Status::Ok, "{signed_in:?}");
    let body = signed_in.json();
    assert_eq!((&body["user"]["email"], &body["session"]["role"]), (&json!(ANN), &json!("user")));
    assert_eq!(app.session_of(&signed_in.token().unwrap()).await.status, Status::Ok);
    assert_eq!(app.count("SELECT last_signin_at FROM users").await, app.now().millis());
    let reason = "SELECT data FROM events WHERE type = 'session.started' ORDER BY id DESC LIMIT 1";
    assert_eq!(app.ask::<String>(reason).await, r#"{"reason":"second_factor"}"#);
    app.letters().await;
}

#[async_test]
async fn a_wrong_password_is_answered_as_for_any_account() {
    let (app, ..) = ann().await;
    let known = app.call("/api/auth/signin", json!({ "email": ANN, "password": "not the password" })).await;
    let unknown = json!({ "email": "eve@example.com", "password": "not the password" });
    assert_eq!(known.outline(ANN), app.call("/api/auth/signin", unknown).await.outline("eve@example.com"));
}

#[async_test]
async fn a_program_gets_its_tokens_with_the_code() {
    let (app, authenticator, _) = ann().await;
    let asked = app.call("/api/auth/token", credentials()).await;
    assert_eq!(code_of(&asked), (401, "second_factor_required".into()));
    let body = json!({ "request": asked.json()["request"], "code": authenticator.code(app.now()) });
    let tokens = app.call("/api/auth/token/code", body.clone()).await;
    assert_eq!(tokens.status, Status::Ok, "{tokens:?}");
    let next = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens.json()["refresh_token"] })).await;
    assert_eq!(next.status, Status::Ok, "{next:?}");
    assert!(refused(&app.call("/api/auth/token/code", body).await), "a request is answered once");
    app.letters().await;
}

#[async_test]
async fn a_person_signs_in_by_two_forms_and_gets_where_it_was_wanted() {
    let (app, authenticator, _) = ann().await;
    app.post_form("/logout", &[]).await;
    let fields = [("email", ANN), ("password", PASSWORD), ("next", "/account?a=b")];
    let half = Answer::of(app.post_form("/signin", &fields).await).await;
    assert_eq!(half.status, Status::SeeOther);
    let place = half.header("location").unwrap().to_owned();
    assert_eq!(place, "/signin/code?next=%2Faccount%3Fa%3Db");
    assert_eq!(app.token(), None);
    let page = Answer::of(app.get(&place).await).await.body;
    assert!(page.contains(r#"autocomplete="one-time-code""#) && page.contains(r#"value="/account?a=b""#), "{page}");
    assert_eq!(app.get("/account").await.status(), Status::SeeOther, "half a sign-in is none");
    let again = Answer::of(app.post_form("/signin/code", &[("code", "12")]).await).await;
    assert_eq!(again.status, Status::UnprocessableEntity);
    assert!(again.body.contains("Enter the six digits"), "{}", again.body);
    let fields = [("code", &*authenticator.code(app.now())), ("next", "/account?a=b")];
    let done = Answer::of(app.post_form("/signin/code", &fields).await).await;
    assert_eq!((done.status, done.header("location")), (Status::SeeOther, Some("/account?a=b")));
    assert_eq!(app.get("/account").await.status(), Status::Ok);
    let over = Answer::of(app.get("/signin/code").await).await.body;
    assert!(over.contains("Please sign in again"), "{over}");
    app.letters().await;
}

#[async_test]
async fn a_code_is_taken_once_and_so_is_every_older_one() {
    let (app, authenticator, _) = ann().await;
    app.advance(Duration::from_secs(60));
    let (older, code) = (authenticator.code(app.now().minus(Duration::from_secs(30))), authenticator.code(app.now()));
    let requests = [request(&app).await, request(&app).await, request(&app).await, request(&app).await];
    assert_eq!(answer(&app, &requests[0], &code).await.status, Status::Ok);
    assert!(refused(&answer(&app, &requests[1], &code).await), "replayed");
    assert!(refused(&answer(&app, &requests[2], &older).await), "the one before it");
    app.advance(Duration::from_secs(30));
    assert_eq!(answer(&app, &requests[3], &authenticator.code(app.now())).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn fifty_at_once_with_one_code_open_one_session() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let (authenticator, codes) = app.turn_on_second_factor().await;
    for code in [authenticator.code(app.now()), codes[0].clone()] {
        let mut requests = Vec::new();
        for _ in 0..50 {
            requests.push(request(&app).await);
        }
        let answers = join_all(requests.iter().map(|request| answer(&app, request, &code))).await;
        let opened = answers.iter().filter(|answer| answer.status == Status::Ok).count();
        assert_eq!((opened, answers.iter().filter(|answer| refused(answer)).count()), (1, 49), "{code}");
    }
    app.letters().await;
}

#[async_test]
async fn a_recovery_code_signs_in_once_and_its_owner_hears_of_it() {
    let (app, _, codes) = ann().await;
    let typed = codes[3].to_lowercase().replace(' ', "-");
    let signed_in = answer(&app, &request(&app).await, &typed).await;
    assert_eq!(signed_in.status, Status::Ok, "{signed_in:?}");
    let letters = app.letters().await;
    assert!(letters.iter().any(|letter| letter.contains("9 recovery codes are left")), "{letters:?}");
    let reason = "SELECT data FROM events WHERE type = 'session.started' ORDER BY id DESC LIMIT 1";
    assert_eq!(app.ask::<String>(reason).await, r#"{"reason":"recovery_code"}"#);
    assert!(refused(&answer(&app, &request(&app).await, &codes[3]).await), "used up");
    assert_eq!(app.count("SELECT COUNT(*) FROM recovery_codes").await, 9);
}

#[async_test]
async fn a_sign_in_takes_five_codes_and_waits_for_ten_minutes() {
    let (app, authenticator, _) = ann().await;
    let tried = request(&app).await;
    for _ in 0..5 {
        assert!(refused(&answer(&app, &tried, &wrong(&authenticator, &app)).await));
        app.advance(Duration::from_secs(30));
    }
    assert!(refused(&answer(&app, &tried, &authenticator.code(app.now())).await), "the right one comes too late");
    let (late, in_time) = (request(&app).await, request(&app).await);
    app.advance(Duration::from_secs(599));
    assert_eq!(answer(&app, &in_time, &authenticator.code(app.now())).await.status, Status::Ok);
    app.advance(Duration::from_secs(31));
    assert!(refused(&answer(&app, &late, &authenticator.code(app.now())).await));
    app.letters().await;
}

#[async_test]
async fn wrong_codes_are_counted_over_all_sign_ins_and_the_right_password_forgives_none() {
    let (app, authenticator, _) = ann().await;
    for _ in 0..5 {
        assert!(refused(&answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await));
    }
    // The sixth begins a wait of a second, the next of two: as for passwords, and the right code has to wait too.
    assert!(refused(&answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await));
    assert!(refused(&answer(&app, &request(&app).await, &authenticator.code(app.now())).await), "too soon");
    let failed = "SELECT COUNT(*) FROM events WHERE type = 'session.failed' AND data LIKE '%second_factor%'";
    assert_eq!(app.count(failed).await, 6, "one that came too soon is a log line");
    app.advance(Duration::from_secs(60));
    assert_eq!(answer(&app, &request(&app).await, &authenticator.code(app.now())).await.status, Status::Ok);
    assert_eq!(app.count("SELECT COUNT(*) FROM guesses WHERE of_codes IS NOT NULL").await, 0, "only that forgives");
    app.letters().await;
}

#[async_test]
async fn the_owner_hears_of_somebody_who_has_the_password_and_no_code() {
    let (app, authenticator, _) = ann().await;
    // Another letter to the address left when Ann signed up.
    app.advance(Duration::from_secs(60));
    for _ in 0..3 {
        answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await;
    }
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("somebody knows your password"), "once a minute: {letters:?}");
    app.sign_in(ANN, PASSWORD).await;
    let mistyped = app.post_form("/signin/code", &[("code", &wrong(&authenticator, &app))]).await;
    assert_eq!(mistyped.status(), Status::UnprocessableEntity);
    assert!(app.letters().await.is_empty(), "a known browser mistypes");
}

#[async_test]
async fn what_is_under_way_while_it_is_turned_on_opens_nothing_that_lasts() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let begun = post(&app, "/api/account/second-factor", json!({})).await.json();
    let code = Authenticator::of(begun["uri"].as_str().unwrap()).code(app.now());
    let on = post(&app, "/api/account/second-factor/confirm", json!({ "code": code }));
    let others = join_all((0..20).map(|_| app.call("/api/auth/signin", credentials())));
    let (on, others) = rocket::tokio::join!(on, others);
    assert_eq!(on.status, Status::Ok);
    let mut opened = 0;
    for token in others.iter().filter_map(Answer::token) {
        opened += 1;
        assert_eq!(app.session_of(&token).await.json()["reason"], "ended_by_you");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 1, "{opened} had been opened");
    app.letters().await;
}

#[async_test]
async fn whoever_guesses_elsewhere_does_not_keep_a_known_browser_out() {
    let (app, authenticator, _) = ann().await;
    app.post_form("/logout", &[]).await;
    for _ in 0..7 {
        answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await;
    }
    app.sign_in(ANN, PASSWORD).await;
    let done = app.post_form("/signin/code", &[("code", &authenticator.code(app.now()))]).await;
    assert_eq!(done.status(), Status::SeeOther);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
}

#[async_test]
async fn after_a_hundred_wrong_codes_no_other_is_taken_from_a_stranger() {
    let (app, authenticator, _) = ann().await;
    answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await;
    app.execute("UPDATE guesses SET failures = 100 WHERE of_codes IS NOT NULL").await;
    app.advance(Duration::from_secs(24 * 3600));
    assert!(refused(&answer(&app, &request(&app).await, &authenticator.code(app.now())).await));
    // Whoever may read the mail gets no further.
    app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    assert_eq!(app.count("SELECT failures FROM guesses WHERE of_codes IS NOT NULL").await, 100);
    app.letters().await;
}

#[async_test]
async fn a_request_dies_with_the_password_it_was_opened_by_and_with_the_account_locked() {
    let (app, authenticator, _) = ann().await;
    let (one, other) = (request(&app).await, request(&app).await);
    app.execute("UPDATE users SET version = version + 1").await;
    assert!(refused(&answer(&app, &one, &authenticator.code(app.now())).await));
    app.execute("UPDATE users SET version = version - 1, password_hash = '$argon2id$another'").await;
    assert!(refused(&answer(&app, &other, &authenticator.code(app.now())).await));
    assert!(refused(&answer(&app, "AT2GyLhHwIv3Xp0nVtSL9w", &authenticator.code(app.now())).await));
}

#[async_test]
async fn a_reset_of_the_password_keeps_it() {
    let (app, authenticator, _) = ann().await;
    app.post_form("/logout", &[]).await;
    answer(&app, &request(&app).await, &wrong(&authenticator, &app)).await;
    app.post_form("/forgot-password", &[("email", ANN)]).await;
    let code = app.mailed_code().await;
    let new = "copper-lantern-quiet-meadow";
    let reset = app.post_form("/reset-password", &[("code", &code), ("password", new)]).await;
    assert_eq!(reset.status(), Status::SeeOther);
    app.letters().await;
    let asked = app.call("/api/auth/signin", json!({ "email": ANN, "password": new })).await;
    assert_eq!(code_of(&asked), (401, "second_factor_required".into()));
    assert_eq!(
        app.count("SELECT failures FROM guesses WHERE of_codes IS NOT NULL").await,
        1,
        "and what was guessed at it"
    );
}

#[async_test]
async fn another_address_keeps_it() {
    let (app, ..) = ann().await;
    let body = json!({ "email": "ann@new.example", "current_password": PASSWORD });
    let begun = post(&app, "/api/account/email", body).await;
    assert_eq!(begun.status, Status::Accepted, "{begun:?}");
    let letters = app.letters().await;
    let code = letters.iter().find_map(|letter| crate::support::code_in(letter)).unwrap();
    let body = json!({ "request": begun.json()["request"], "code": code });
    assert_eq!(post(&app, "/api/account/email/confirm", body).await.status, Status::Ok);
    app.letters().await;
    let asked = app.call("/api/auth/signin", json!({ "email": "ann@new.example", "password": PASSWORD })).await;
    assert_eq!(code_of(&asked), (401, "second_factor_required".into()));
}

#[async_test]
async fn a_secret_is_seen_and_proven_only_in_the_session_that_began_it() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let thief = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
    let begun = app.call_as(&thief, "/api/account/second-factor", json!({})).await.json();
    let page = Answer::of(app.get("/account/second-factor").await).await.body;
    assert!(page.contains("It is off") && !page.contains("<svg class"), "{page}");
    let code = Authenticator::of(begun["uri"].as_str().unwrap()).code(app.now());
    let refused = post(&app, "/api/account/second-factor/confirm", json!({ "code": code })).await;
    assert_eq!(code_of(&refused), (409, "conflict".into()));
    // Somebody who takes long to find an app gives the password once more, and goes on with the same secret.
    app.post_form("/account/second-factor/begin", &[]).await;
    let shown = Answer::of(app.get("/account/second-factor").await).await.body;
    let secret =
        |page: &str| page.split(r#"<p class="secret"><code>"#).nth(1).unwrap().split('<').next().unwrap().to_owned();
    app.advance(Duration::from_secs(301));
    let stale = Answer::of(app.get("/account/second-factor").await).await;
    assert_eq!(stale.header("location"), Some("/confirm?next=%2Faccount%2Fsecond-factor"));
    app.post_form("/confirm", &[("password", PASSWORD)]).await;
    let later = Answer::of(app.get("/account/second-factor").await).await.body;
    assert_eq!(secret(&later), secret(&shown));
}

#[async_test]
async fn it_is_sealed_at_rest_and_goes_with_the_account() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let begun = post(&app, "/api/account/second-factor", json!({})).await.json();
    let sealed: String = app.ask("SELECT sealed FROM second_factors").await;
    let secret = begun["secret"].as_str().unwrap();
    assert!(!sealed.contains(secret) && sealed.len() > 60, "{sealed}");
    let authenticator = Authenticator::of(begun["uri"].as_str().unwrap());
    let on = json!({ "code": authenticator.code(app.now()) });
    let codes = post(&app, "/api/account/second-factor/confirm", on).await.json();
    let rows = app.list("SELECT id FROM recovery_codes").await.join(" ");
    for code in codes["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        assert!(!rows.contains(code) && !rows.contains(&code.replace(' ', "")), "{code} in {rows}");
    }
    let export = Answer::of(app.get("/api/account/export").await).await.json();
    let factor = &export["second_factor"];
    assert_eq!((&factor["enabled"], &factor["recovery_codes_left"]), (&json!(true), &json!(10)));
    assert_eq!(factor.as_object().unwrap().len(), 3, "{factor}");
    assert_eq!(
        post(&app, "/api/account/delete", json!({ "current_password": PASSWORD })).await.status,
        Status::NoContent
    );
    for table in ["second_factors", "recovery_codes", "guesses"] {
        assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}
