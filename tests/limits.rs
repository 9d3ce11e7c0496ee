//! Guesses are slowed down, networks that ask too often wait, and nobody's letterbox is filled; owners get in all the same.
use std::time::Duration;

use rocket::{
    async_test,
    http::{ContentType, Header, Status},
    local::asynchronous::{LocalRequest, LocalResponse},
    tokio::{join, task::yield_now},
};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const ANN: &str = "ann@example.com";
const WRONG: &str = "plum-harbor-velvet-signam";
const NEW: &str = "copper-lantern-quiet-meadow";
const HERE: &str = "198.51.100.7";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[async_test]
async fn after_five_wrong_passwords_each_one_more_has_to_be_waited_for_twice_as_long() {
    let app = with_ann().await;
    for _ in 0..5 {
        assert_eq!(tries(&app, ANN, WRONG).await.status, Status::Unauthorized);
    }
    let mut wait = SECOND;
    for _ in 0..13 {
        assert_eq!(tries(&app, ANN, WRONG).await.status, Status::Unauthorized);
        app.advance(wait - Duration::from_millis(1));
        assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Unauthorized, "too soon: {wait:?}");
        app.advance(Duration::from_millis(1));
        wait = (wait * 2).min(15 * MINUTE);
    }
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Ok);
    assert_eq!(failures(&app).await, [0; 0], "a right one makes a clean slate");
    app.letters().await;
}

#[async_test]
async fn a_wait_looks_like_any_wrong_password_to_known_and_unknown_alike() {
    let app = with_ann().await;
    app.sign_up("bob@example.com").await;
    app.execute("UPDATE users SET locked_at = 1 WHERE email = 'bob@example.com'").await;
    app.change_browser(Browser::new());
    app.post_form("/signup", &[("email", "eva@example.com"), ("password", PASSWORD)]).await;
    app.letters().await;
    for stage in 0..30 {
        let mut outlines = Vec::new();
        for login in [ANN, "bob@example.com", "eva@example.com", "nil@example.com", "nobody", "no address."] {
            let page = Answer::of(send(form(&app, login, WRONG)).await).await;
            outlines.push((page.outline(login), tries(&app, login, WRONG).await.outline(login)));
        }
        assert!(outlines.iter().all(|outline| *outline == outlines[0]), "{stage}: {outlines:#?}");
        let counted = failures(&app).await;
        assert!(counted.len() == 6 && counted.iter().all(|count| *count == counted[0]), "{stage}: {counted:?}");
        app.advance(if stage % 3 == 0 { 15 * MINUTE } else { SECOND });
    }
    assert!(failures(&app).await[0] > 10);
}

#[async_test]
async fn however_many_wrong_guesses_come_from_elsewhere_the_owner_gets_in_from_a_known_browser_at_once() {
    let app = with_ann().await;
    let owner = app.change_browser(Browser::new());
    for _ in 0..120 {
        tries(&app, ANN, WRONG).await;
        app.advance(15 * MINUTE);
    }
    assert_eq!(failures(&app).await, [100], "then none is counted any more");
    app.execute("UPDATE guesses SET failures = 100000").await;
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Unauthorized, "closed to strangers, the right one too");

    app.change_browser(owner);
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::SeeOther);
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
    assert_eq!(failures(&app).await, [100_000], "which opens nothing to others");
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Unauthorized);
}

#[async_test]
async fn a_known_browser_has_a_hundred_of_its_own() {
    let app = with_ann().await;
    for _ in 0..120 {
        app.sign_in(ANN, WRONG).await;
        app.advance(15 * MINUTE);
    }
    assert_eq!(failures(&app).await, [100]);
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::Unauthorized);
    // What it did keeps nobody else out.
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn a_browser_is_known_to_its_own_account_only() {
    let app = with_ann().await;
    let ann = app.change_browser(Browser::new());
    app.sign_up("eve@example.com").await;
    app.forget_cookies();
    for _ in 0..6 {
        app.sign_in(ANN, WRONG).await;
    }
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::Unauthorized, "Eve's browser is a stranger to Ann");
    app.change_browser(ann);
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_new_password_by_mail_opens_what_guesses_have_closed() {
    let app = with_ann().await;
    let owner = app.change_browser(Browser::new());
    tries(&app, ANN, WRONG).await;
    app.change_browser(owner);
    app.sign_in(ANN, WRONG).await;
    app.execute("UPDATE guesses SET failures = 100").await;
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::Unauthorized);
    app.change_browser(Browser::new());
    app.advance(MINUTE);
    assert_eq!(app.post_form("/forgot-password", &[("email", ANN)]).await.status(), Status::SeeOther);
    let code = app.mailed_code().await;
    let answer = app.post_form("/reset-password", &[("code", &code), ("password", NEW)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    assert_eq!(failures(&app).await, [0; 0]);
    assert_eq!(tries(&app, ANN, NEW).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn all_names_of_an_account_and_all_ways_in_share_one_count() {
    let app = with_ann().await;
    app.execute("UPDATE users SET username = 'ann'").await;
    for login in [ANN, " ANN@Example.com ", "ann", "ANN"] {
        assert_eq!(tries(&app, login, WRONG).await.status, Status::Unauthorized);
    }
    Answer::of(send(form(&app, ANN, WRONG)).await).await;
    app.call("/api/auth/token", json!({ "email": ANN, "password": WRONG })).await;
    assert_eq!(failures(&app).await, [6]);
    assert_eq!(app.call("/api/auth/token", json!({ "email": "ann", "password": PASSWORD })).await.status.code, 401);
    app.advance(SECOND);
    assert_eq!(app.call("/api/auth/token", json!({ "email": "ann", "password": PASSWORD })).await.status.code, 200);
    app.letters().await;
}

#[async_test]
async fn whoever_is_signed_in_has_a_count_that_strangers_cannot_fill() {
    let app = with_ann().await;
    app.sign_in(ANN, PASSWORD).await;
    let token = app.token().unwrap();
    tries(&app, ANN, WRONG).await;
    app.execute("UPDATE guesses SET failures = 100").await;
    let confirm = |password: &'static str| app.call_as(&token, "/api/auth/confirm", json!({ "password": password }));
    for path in ["/api/account/delete", "/api/account/password", "/api/account/email"] {
        let mut body = json!({ "current_password": WRONG });
        match path {
            "/api/account/password" => body["password"] = NEW.into(),
            "/api/account/email" => body["email"] = "new@example.com".into(),
            _ => {}
        }
        let answer = app.call_as(&token, path, body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
    }
    for _ in 0..3 {
        assert_eq!(confirm(WRONG).await.status, Status::Unauthorized);
    }
    assert_eq!(confirm(PASSWORD).await.status, Status::Unauthorized, "six were wrong");
    app.advance(SECOND);
    let refused = json!({ "current_password": PASSWORD, "password": "short" });
    for _ in 0..10 {
        let answer = app.call_as(&token, "/api/account/password", refused.clone()).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "no guess: the password was right");
    }
    assert_eq!(confirm(PASSWORD).await.status, Status::Ok);
}

#[async_test]
async fn a_guess_that_came_too_soon_stands_in_no_trail() {
    let app = with_ann().await;
    for _ in 0..6 {
        tries(&app, ANN, WRONG).await;
    }
    let failed = "SELECT COUNT(*) FROM events WHERE type = 'session.failed'";
    assert_eq!(app.count(failed).await, 6);
    tries(&app, ANN, PASSWORD).await;
    assert_eq!(app.count(failed).await, 6);
}

#[async_test]
async fn a_network_that_guesses_is_told_to_wait_whomever_it_guesses_at() {
    let app = with_ann().await;
    app.advance(MINUTE);
    for number in 0..10 {
        let answer = tries_from(&app, HERE, &format!("a{number}@example.com"), WRONG).await;
        assert_eq!(answer.status, Status::Unauthorized, "{number}");
    }
    app.advance(20 * SECOND);
    for login in [ANN, "b@example.com"] {
        let answer = tries_from(&app, HERE, login, PASSWORD).await;
        assert_eq!((answer.status, answer.header("retry-after")), (Status::TooManyRequests, Some("40")));
        assert_eq!(answer.json()["code"], "too_many_requests");
        assert_eq!(answer.json()["detail"], "Your network has tried this too often. Please try again in 40 seconds.");
    }
    let request = form(&app, ANN, PASSWORD).remote(format!("{HERE}:1").parse().unwrap());
    let page = Answer::of(send(request).await).await;
    assert_eq!((page.status, page.header("retry-after")), (Status::TooManyRequests, Some("40")));
    assert!(
        page.body.contains("again in 40 seconds") && page.body.contains("value=\"ann@example.com\""),
        "{}",
        page.body
    );

    let other = tries_from(&app, "198.51.100.8", ANN, PASSWORD).await;
    assert_eq!(other.status, Status::Ok, "the next house is open");
    app.advance(40 * SECOND);
    assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn signing_in_does_not_wash_a_network_clean() {
    let app = with_ann().await;
    for _ in 0..10 {
        assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::Ok, "right ones cost nothing");
        tries_from(&app, HERE, "nil@example.com", WRONG).await;
    }
    assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::TooManyRequests);
    app.letters().await;
}

#[async_test]
async fn thirty_right_passwords_a_minute_are_enough_for_one_network() {
    let app = with_ann().await;
    for _ in 0..30 {
        assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::Ok);
    }
    assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::TooManyRequests);
    app.letters().await;
}

#[async_test]
async fn half_an_ipv6_address_is_one_network_and_a_mapped_ipv4_address_is_itself() {
    let app = with_ann().await;
    for number in 0..10 {
        tries_from(&app, &format!("[2001:db8:1:2:{number}::{number}]"), "nil@example.com", WRONG).await;
        tries_from(&app, ["198.51.100.7", "[::ffff:198.51.100.7]"][number % 2], "nil@example.com", WRONG).await;
    }
    for (ip, status) in [
        ("[2001:db8:1:2:ffff::1]", Status::TooManyRequests),
        ("[2001:db8:1:3::1]", Status::Ok),
        ("198.51.100.7", Status::TooManyRequests),
        ("[::ffff:198.51.100.7]", Status::TooManyRequests),
        ("198.51.100.6", Status::Ok),
    ] {
        assert_eq!(tries_from(&app, ip, ANN, PASSWORD).await.status, status, "{ip}");
    }
    app.letters().await;
}

#[async_test]
async fn what_a_stranger_claims_of_its_address_gives_it_no_budget() {
    let app = with_ann().await;
    let names = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X_Forwarded_For", "X_Real_IP", "X-Client-IP"];
    for number in 0..11 {
        let mut request = json_post(&app, "/api/auth/signin", &credentials("nil@example.com", WRONG));
        for name in names {
            request.add_header(Header::new(name, format!("203.0.113.{number}")));
        }
        let answer = Answer::of(request.remote(format!("{HERE}:1").parse().unwrap()).dispatch().await).await;
        let status = if number < 10 { Status::Unauthorized } else { Status::TooManyRequests };
        assert_eq!(answer.status, status, "{number}");
    }
}

#[async_test]
async fn a_path_in_another_spelling_gives_no_budget() {
    let app = with_ann().await;
    for path in ["/api/auth/signin", "/api//auth/signin", "/api/auth/%73ignin", "/api/auth/signin/", "/api/auth/token"]
    {
        for _ in 0..2 {
            let request = json_post(&app, path, &credentials("nil@example.com", WRONG));
            let answer = request.remote(format!("{HERE}:1").parse().unwrap()).dispatch().await;
            assert_eq!(answer.status(), Status::Unauthorized, "{path}");
        }
    }
    assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::TooManyRequests);
}

#[async_test]
async fn sign_ups_resets_and_new_codes_of_one_network_are_few() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    let calls = [
        ("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })),
        ("/api/auth/forgot-password", json!({ "email": ANN })),
        ("/api/auth/verify-email/resend", json!({ "request": "unknown" })),
    ];
    for (path, body) in &calls {
        let mut admitted = 0;
        for minute in 0..4 {
            for number in 0..21 {
                let answer = from(&app, HERE, path, body).await;
                let refused = answer.status == Status::TooManyRequests;
                assert_eq!(refused, number == 20 || minute == 3, "{path} {minute} {number}: {answer:?}");
                assert_eq!(answer.header("retry-after").is_some(), refused);
                admitted += u32::from(!refused);
            }
            app.advance(MINUTE);
        }
        assert_eq!(admitted, 60);
        app.advance(HOUR);
        assert_eq!(from(&app, HERE, path, body).await.status, Status::Accepted);
    }
    app.letters().await;
}

#[async_test]
async fn codes_are_tried_no_faster_from_one_network() {
    let app = with_ann().await;
    let body = json!({ "request": "unknown", "code": "1234 5678" });
    for _ in 0..30 {
        assert_eq!(from(&app, HERE, "/api/auth/verify-email", &body).await.status, Status::UnprocessableEntity);
    }
    assert_eq!(from(&app, HERE, "/api/auth/verify-email", &body).await.status, Status::TooManyRequests);
    let reset = json!({ "request": "unknown", "code": "1234 5678", "password": NEW });
    assert_eq!(from(&app, HERE, "/api/auth/reset-password", &reset).await.status, Status::TooManyRequests);
    assert_eq!(from(&app, "198.51.100.8", "/api/auth/reset-password", &reset).await.status.code, 422);
}

#[async_test]
async fn one_address_gets_few_letters_and_the_asker_sees_no_difference() {
    let app = with_ann().await;
    let ask = |email: &'static str| app.call("/api/auth/forgot-password", json!({ "email": email }));
    app.advance(DAY);
    let mut outlines = Vec::new();
    let mut sent = Vec::new();
    // Every half minute for an hour and a half, then every hour for a day and a half.
    for number in 0..216 {
        outlines.push(ask(ANN).await.outline(ANN));
        outlines.push(ask("nil@example.com").await.outline("nil@example.com"));
        sent.extend(app.letters().await.iter().filter(|letter| !letter.is_empty()).map(|_| number));
        app.advance(if number < 180 { MINUTE / 2 } else { HOUR });
    }
    assert!(outlines.iter().all(|outline| *outline == outlines[0]));
    let (first, last): (Vec<_>, Vec<_>) = sent.iter().copied().partition(|number| *number < 180);
    assert_eq!(first, [0, 2, 4, 6, 8, 120, 122, 124, 126, 128], "five an hour, ten a day");
    assert_eq!(last.first(), Some(&203), "a day after the first: {last:?}");
}

#[async_test]
async fn other_networks_and_known_browsers_have_letters_of_their_own() {
    let app = with_ann().await;
    app.advance(DAY);
    let body = json!({ "email": ANN });
    for (ip, letters) in [(HERE, 1), (HERE, 0), ("198.51.100.8", 1), ("[2001:db8::1]", 1), ("[2001:db8::2]", 0)] {
        from(&app, ip, "/api/auth/forgot-password", &body).await;
        assert_eq!(real_letters(&app).await, letters, "{ip}");
    }
    for letters in [1, 0] {
        app.post_form("/forgot-password", &[("email", ANN)]).await;
        assert_eq!(real_letters(&app).await, letters, "the owner's browser");
    }
}

#[async_test]
async fn who_asks_twice_for_a_reset_can_still_use_the_letter() {
    let app = with_ann().await;
    app.advance(DAY);
    app.change_browser(Browser::new());
    for _ in 0..3 {
        assert_eq!(app.post_form("/forgot-password", &[("email", ANN)]).await.status(), Status::SeeOther);
    }
    let letters = app.letters().await;
    let code = letters.iter().find_map(|letter| crate::support::code_in(letter)).unwrap();
    let answer = app.post_form("/reset-password", &[("code", &code), ("password", NEW)]).await;
    assert_eq!(answer.status(), Status::SeeOther);
    app.letters().await;
}

#[async_test]
async fn a_new_code_that_would_be_a_letter_too_many_leaves_the_last_one_good() {
    let app = limited().await;
    app.post_form("/signup", &[("name", "Ann"), ("email", ANN), ("password", PASSWORD)]).await;
    let mut code = app.mailed_code().await;
    for minute in 1..8 {
        app.advance(MINUTE);
        app.post_form("/verify-email/resend", &[]).await;
        let letters = app.letters().await;
        if let Some(newer) = letters.iter().find_map(|letter| crate::support::code_in(letter)) {
            assert!(minute < 5, "five an hour");
            code = newer;
        }
    }
    assert_eq!(app.post_form("/verify-email", &[("code", &code)]).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_restart_forgets_no_limit_and_nodes_share_them() {
    let app = with_ann().await;
    let other = app.second_node_with(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    for number in 0..10 {
        let node = if number % 2 == 0 { &app } else { &other };
        assert_eq!(tries_from(node, HERE, ANN, WRONG).await.status, Status::Unauthorized);
    }
    drop(other);
    app.follower().leave().await;
    let app = app.second_node_with(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    assert_eq!(tries_from(&app, HERE, ANN, PASSWORD).await.status, Status::TooManyRequests);
    assert_eq!(failures(&app).await, [6], "while one waits, none is counted");
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Unauthorized);
}

#[async_test]
async fn many_at_once_on_two_nodes_get_no_further_than_one_after_another() {
    let app = with_ann().await;
    let other = app.second_node_with(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    let burst = async |node: &TestApp, ip: &str, login: &str| {
        let mut all = Vec::new();
        for _ in 0..20 {
            all.push(tries_from(node, ip, login, WRONG));
        }
        rocket::futures::future::join_all(all).await
    };
    let (one, two) = join!(burst(&app, HERE, "nil@example.com"), burst(&other, HERE, "nil@example.com"));
    let answers = one.iter().chain(&two).filter(|answer| answer.status == Status::Unauthorized).count();
    assert_eq!(answers, 10, "of forty at once");
    yield_now().await;

    let (one, two) = join!(owner_burst(&app), owner_burst(&other));
    assert_eq!((one.len(), two.len()), (20, 20));
    let counted: i64 = app.ask("SELECT failures FROM guesses WHERE user_id IS NOT NULL").await;
    assert_eq!(counted, 6, "five free ones, and the one that is waited for");
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'session.failed' AND user_id IS NOT NULL").await, 6);
}

/// Twenty wrong passwords for Ann at once.
async fn owner_burst(node: &TestApp) -> Vec<Answer> {
    rocket::futures::future::join_all((0..20).map(|_| tries(node, ANN, WRONG))).await
}

#[async_test]
async fn what_is_over_is_swept_and_what_is_closed_stays_so() {
    let app = with_ann().await;
    for login in [ANN, "nil@example.com"] {
        tries_from(&app, HERE, login, WRONG).await;
    }
    app.execute("UPDATE guesses SET failures = 100").await;
    let sweeper = app.client.rocket().state::<std::sync::Arc<nightlatch::workers::sweeper::Sweeper>>().unwrap();
    let rows = async || {
        while sweeper.sweep().await.unwrap() {}
        let count = |table: &str| format!("SELECT COUNT(*) FROM {table}");
        (app.count(&count("budgets")).await, app.count(&count("guesses")).await)
    };
    app.advance(MINUTE + SECOND);
    assert_eq!(rows().await.1, 2);
    app.advance(DAY);
    assert_eq!(rows().await, (0, 1), "strangers are forgotten after a day");
    app.advance(363 * DAY);
    assert_eq!(rows().await, (0, 1));
    assert_eq!(tries(&app, ANN, PASSWORD).await.status, Status::Unauthorized);
    app.advance(365 * DAY + SECOND);
    assert_eq!(rows().await, (0, 0));
}

#[async_test]
async fn the_tables_name_nobody() {
    let app = with_ann().await;
    tries_from(&app, HERE, ANN, WRONG).await;
    tries_from(&app, HERE, "secret-name", WRONG).await;
    from(&app, HERE, "/api/auth/forgot-password", &json!({ "email": ANN })).await;
    app.letters().await;
    for table in ["budgets", "guesses"] {
        for id in app.list(&format!("SELECT id FROM {table}")).await {
            assert_eq!(id.len(), 43, "an HMAC-SHA-256 in base64url: {id}");
        }
    }
}

#[async_test]
async fn an_account_takes_what_was_counted_of_it_along() {
    let app = with_ann().await;
    app.sign_in(ANN, PASSWORD).await;
    tries(&app, ANN, WRONG).await;
    assert_eq!(failures(&app).await, [1]);
    app.post_json("/api/account/delete", json!({ "current_password": PASSWORD })).await;
    assert_eq!(failures(&app).await, [0; 0]);
    app.letters().await;
}

/// A server with the limits of the settings' defaults.
async fn limited() -> TestApp {
    TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await
}

async fn with_ann() -> TestApp {
    let app = limited().await;
    app.sign_up(ANN).await;
    app.forget_cookies();
    app
}

fn credentials(login: &str, password: &str) -> Value {
    json!({ "email": login, "password": password })
}

fn json_post<'c>(app: &'c TestApp, path: &str, body: &Value) -> LocalRequest<'c> {
    app.client.post(path.to_owned()).header(ContentType::JSON).body(body.to_string())
}

fn form<'c>(app: &'c TestApp, login: &str, password: &str) -> LocalRequest<'c> {
    let fields = [("email", login), ("password", password)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    app.client.post("/signin").header(ContentType::Form).body(body)
}

/// From a browser without cookies.
async fn send(request: LocalRequest<'_>) -> LocalResponse<'_> {
    request.header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await
}

/// A sign-in by a stranger whose network is not known.
async fn tries(app: &TestApp, login: &str, password: &str) -> Answer {
    Answer::of(json_post(app, "/api/auth/signin", &credentials(login, password)).dispatch().await).await
}

async fn tries_from(app: &TestApp, ip: &str, login: &str, password: &str) -> Answer {
    from(app, ip, "/api/auth/signin", &credentials(login, password)).await
}

async fn from(app: &TestApp, ip: &str, path: &str, body: &Value) -> Answer {
    let request = json_post(app, path, body).remote(format!("{ip}:1").parse().unwrap());
    Answer::of(request.dispatch().await).await
}

/// The wrong passwords in a row that are counted.
async fn failures(app: &TestApp) -> Vec<i64> {
    let counted = app.list("SELECT CAST(failures AS TEXT) FROM guesses ORDER BY failures").await;
    counted.iter().map(|count| count.parse().unwrap()).collect()
}

/// How many letters leave that go somewhere.
async fn real_letters(app: &TestApp) -> usize {
    app.letters().await.len()
}

#[async_test]
async fn where_nothing_can_be_counted_nobody_gets_in() {
    for table in ["guesses", "budgets"] {
        let app = with_ann().await;
        app.execute(&format!("DROP TABLE {table}")).await;
        for password in [PASSWORD, WRONG] {
            let answer = tries_from(&app, HERE, ANN, password).await;
            assert_eq!((answer.status, answer.token()), (Status::InternalServerError, None), "{table}");
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 1, "that of the sign-up");
    }
}
