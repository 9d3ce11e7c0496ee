//! Signing out: ended is ended, for every token of the session, at once and for good.
use std::{sync::Arc, time::Duration};

use nightlatch::{web::guards::User, workers::postman::Postman};
use rocket::{
    State, async_test,
    http::{ContentType, Header, Status},
    routes,
    tokio::{
        runtime,
        sync::{Notify, Semaphore},
        task::JoinSet,
    },
};
use serde_json::json;

use crate::support::{Answer, Options, PASSWORD, SECURE_COOKIE, SESSION_COOKIE, TestApp, max_age};

const MINUTE: Duration = Duration::from_secs(60);

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app
}

/// Whether `token` is refused, and with the reason that its holder is told.
async fn assert_refused(app: &TestApp, token: &str, reason: &str) {
    let answer = app.session_of(token).await;
    assert_eq!(answer.status, Status::Unauthorized, "{}", answer.body);
    assert_eq!((&answer.json()["code"], &answer.json()["reason"]), (&json!("not_signed_in"), &json!(reason)));
    assert_eq!(answer.headers.get("set-cookie"), None);
    let cookie = Header::new("Cookie", format!("{SESSION_COOKIE}={token}"));
    let page = Answer::of(app.client.get("/dashboard").header(cookie).dispatch().await).await;
    assert_eq!((page.status, page.headers.get("set-cookie")), (Status::SeeOther, None));
}

#[async_test]
async fn a_visitor_signs_out_on_a_page_and_the_token_is_refused_at_once() {
    let app = signed_in().await;
    let token = app.token().unwrap();
    app.advance(MINUTE);
    let answer = Answer::of(app.post_form("/logout", &[]).await).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(answer.header("location"), Some("/signin?notice=signed-out"));
    assert_eq!(answer.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(
        answer.header("set-cookie"),
        Some(&*format!("{SESSION_COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"))
    );
    assert_eq!(app.token(), None);
    let page = app.get("/signin?notice=signed-out").await.into_string().await.unwrap();
    assert!(page.contains("You are signed out"), "{page}");

    assert_refused(&app, &token, "logged_out").await;
    let ended: i64 = app.ask("SELECT ended_at FROM sessions").await;
    let reason: String = app.ask("SELECT end_reason FROM sessions").await;
    assert_eq!((ended, reason.as_str()), (app.now().millis(), "logged_out"));
    let event: String = app.ask("SELECT data FROM events WHERE type = 'session.ended'").await;
    assert!(event.contains("logged_out"), "{event}");
}

#[async_test]
async fn a_program_signs_out_and_the_token_is_refused_at_once() {
    let app = signed_in().await;
    let token = app.token().unwrap();
    let answer = Answer::of(app.send(app.client.post("/api/auth/logout")).await).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::NoContent, ""));
    assert_eq!(answer.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(max_age(answer.cookie(SESSION_COOKIE).unwrap()), 0);
    assert_refused(&app, &token, "logged_out").await;
    let reason: String = app.ask("SELECT end_reason FROM sessions").await;
    assert_eq!(reason, "logged_out");
}

#[async_test]
async fn behind_https_the_removal_has_the_attributes_that_browsers_ask_for() {
    for path in ["/logout", "/api/auth/logout"] {
        let app = TestApp::https().await;
        app.sign_up("ann@example.com").await;
        let answer = Answer::of(app.send(app.client.post(path)).await).await;
        assert_eq!(
            answer.header("set-cookie"),
            Some(&*format!("{SECURE_COOKIE}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"))
        );
    }
}

#[async_test]
async fn every_token_of_the_session_is_refused_not_only_the_last() {
    let app = signed_in().await;
    let mut tokens = vec![app.token().unwrap()];
    for _ in 0..3 {
        app.advance(MINUTE);
        app.get("/dashboard").await;
        tokens.push(app.token().unwrap());
    }
    app.post_form("/logout", &[]).await;
    for token in &tokens {
        assert_refused(&app, token, "logged_out").await;
    }
}

#[async_test]
async fn a_restart_brings_no_session_back() {
    let app = signed_in().await;
    let token = app.token().unwrap();
    app.post_form("/logout", &[]).await;
    for _ in 0..5 {
        assert_refused(&app.restarted().await, &token, "logged_out").await;
        app.advance(4 * MINUTE);
    }
    // Its token has run out by itself long since; the reason is still the one that ended it.
    assert_refused(&app.restarted().await, &token, "logged_out").await;
}

#[async_test]
async fn a_restart_ends_no_session() {
    let app = signed_in().await;
    let other = app.restarted().await;
    assert_eq!(other.get("/dashboard").await.status(), Status::Ok);
}

#[async_test]
async fn other_sessions_of_the_account_go_on() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    app.forget_cookies();
    app.sign_in("ann@example.com", PASSWORD).await;
    app.post_form("/logout", &[]).await;
    assert_eq!(app.session_of(&here).await.status, Status::Ok);
}

#[async_test]
async fn signing_out_twice_tells_the_second_time_why_not() {
    let app = signed_in().await;
    let header = app.cookie_header().unwrap();
    app.post_form("/logout", &[]).await;
    let again = |path: &'static str| {
        let cookie = Header::new("Cookie", header.clone());
        app.client.post(path).header(cookie).header(Header::new("Sec-Fetch-Site", "same-origin"))
    };
    let answer = Answer::of(again("/logout").dispatch().await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/signin")));
    let answer = Answer::of(again("/api/auth/logout").dispatch().await).await;
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (Status::Unauthorized, Some("logged_out")));
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'session.ended'").await, 1);
}

#[async_test]
async fn a_link_to_the_sign_out_signs_nobody_out() {
    let app = signed_in().await;
    let token = app.token().unwrap();
    for path in ["/logout", "/api/auth/logout"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!((answer.status, answer.header("allow")), (Status::MethodNotAllowed, Some("POST")));
    }
    assert_eq!(app.session_of(&token).await.status, Status::Ok);
}

#[async_test]
async fn nobody_is_signed_out_by_another_site() {
    let app = signed_in().await;
    let cookie = || Header::new("Cookie", app.cookie_header().unwrap());
    for path in ["/logout", "/api/auth/logout"] {
        let foreign = Header::new("Sec-Fetch-Site", "cross-site");
        let answer = app.client.post(path).header(ContentType::Form).header(cookie()).header(foreign).dispatch().await;
        assert_eq!(answer.status(), Status::Forbidden);
    }
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok);
}

/// A page that takes its time: it says that it began, then waits to be let go.
struct SlowPage {
    began: Notify,
    go_on: Semaphore,
}

#[rocket::get("/slow")]
async fn slow(_user: User<'_>, page: &State<SlowPage>) -> &'static str {
    page.began.notify_one();
    page.go_on.acquire().await.unwrap().forget();
    "done"
}

#[async_test]
async fn an_answer_that_was_under_way_during_the_sign_out_brings_no_new_token() {
    let app = TestApp::with(Options {
        mount: Some(|rocket| {
            rocket.mount("/", routes![slow]).manage(SlowPage { began: Notify::new(), go_on: Semaphore::new(0) })
        }),
        ..Options::default()
    })
    .await;
    app.sign_up("ann@example.com").await;
    let page = app.client.rocket().state::<SlowPage>().unwrap();
    let cookie = Header::new("Cookie", app.cookie_header().unwrap());
    let answer = app.client.get("/slow").header(cookie).dispatch();
    let sign_out = async {
        page.began.notified().await;
        assert_eq!(app.post_form("/logout", &[]).await.status(), Status::SeeOther);
        page.go_on.add_permits(1);
    };
    let (answer, ()) = rocket::tokio::join!(answer, sign_out);
    let answer = Answer::of(answer).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::Ok, "done"));
    assert_eq!(answer.headers.get("set-cookie"), None);

    // Without the sign-out the same page does bring one.
    app.sign_in("ann@example.com", PASSWORD).await;
    page.go_on.add_permits(1);
    assert!(Answer::of(app.get("/slow").await).await.cookie(SESSION_COOKIE).is_some());
}

/// One request of a round: whether it was answered as to a signed-in visitor, and the token that it brought.
async fn race(app: Arc<TestApp>, path: &'static str, cookie: String) -> (bool, Option<String>) {
    let answer = Answer::of(app.client.get(path).header(Header::new("Cookie", cookie)).dispatch().await).await;
    let token = answer.cookie(SESSION_COOKIE).map(|line| line[SESSION_COOKIE.len() + 1..].split(';').next().unwrap());
    (answer.status == Status::Ok, token.map(str::to_owned))
}

/// Asks again and again until the session is over: whatever the machine does meanwhile, the sign-out comes between two of them.
async fn race_to_the_end(app: Arc<TestApp>, cookie: String) -> Vec<(bool, Option<String>)> {
    let mut answers = Vec::new();
    loop {
        let answer = race(Arc::clone(&app), "/api/auth/session", cookie.clone()).await;
        let over = !answer.0;
        answers.push(answer);
        if over {
            return answers;
        }
        rocket::tokio::task::yield_now().await;
    }
}

async fn sign_out(app: Arc<TestApp>, path: &'static str, cookie: String) {
    let request = app.client.post(path).header(Header::new("Cookie", cookie));
    let answer = request.header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await;
    assert!([Status::SeeOther, Status::NoContent].contains(&answer.status()), "{}", answer.status());
}

#[test]
fn a_thousand_sign_outs_race_other_requests_and_no_token_survives() {
    const ROUNDS: usize = 1_000;
    let threads = runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    threads.block_on(async {
        let app = Arc::new(signed_in().await);
        let (mut answered, mut reissued, mut refused) = (0, 0, 0);
        for round in 0..ROUNDS {
            app.forget_cookies();
            app.sign_in("ann@example.com", PASSWORD).await;
            let mut tokens = vec![app.token().unwrap()];
            let cookie = app.cookie_header().unwrap();
            // A later second, so that a token that is reissued is another one.
            app.advance(Duration::from_secs(1));
            let mut requests = JoinSet::new();
            let get = |path| race(Arc::clone(&app), path, cookie.clone());
            requests.spawn(get("/dashboard"));
            if round % 2 == 0 {
                requests.spawn(get("/api/auth/session"));
            }
            let path = if round % 3 == 0 { "/api/auth/logout" } else { "/logout" };
            let ending = rocket::tokio::spawn(sign_out(Arc::clone(&app), path, cookie.clone()));
            for path in ["/api/auth/session", "/dashboard", "/api/auth/session"] {
                requests.spawn(get(path));
            }
            let last = rocket::tokio::spawn(race_to_the_end(Arc::clone(&app), cookie.clone()));
            // The sign-out is answered; whatever comes in from now on comes late.
            ending.await.unwrap();
            for (signed_in, token) in requests.join_all().await.into_iter().chain(last.await.unwrap()) {
                answered += usize::from(signed_in);
                refused += usize::from(!signed_in);
                reissued += usize::from(token.is_some());
                tokens.extend(token);
            }
            for token in tokens {
                let answer = app.session_of(&token).await;
                assert_eq!(answer.status, Status::Unauthorized, "round {round}: {}", answer.body);
                assert_eq!(answer.json()["reason"], "logged_out");
            }
        }
        assert_eq!(
            app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await,
            1,
            "the one of the sign-up"
        );
        // There was a race only if it went both ways.
        assert!(answered > ROUNDS / 100 && refused > ROUNDS / 100, "{answered} in time, {refused} too late");
        assert!(reissued > ROUNDS / 100 && reissued < answered, "{reissued} of {answered} brought a token");
    });
}

#[async_test]
async fn a_sign_out_that_waits_for_the_database_leaves_no_usable_token() {
    let app = signed_in().await;
    let cookie = app.cookie_header().unwrap();
    let db = app.client.rocket().state::<Arc<Postman>>().unwrap().db.clone();
    let mut held = db.begin().await.unwrap();
    sqlx::query("UPDATE sessions SET version = version").execute(&mut *held).await.unwrap();

    let sign_out = async {
        let request = app.client.post("/logout").header(Header::new("Cookie", cookie.clone()));
        let answer = request.header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await;
        assert_eq!(answer.status(), Status::SeeOther);
    };
    let meanwhile = async {
        for _ in 0..200 {
            rocket::tokio::task::yield_now().await;
        }
        app.advance(Duration::from_secs(15));
        let request = app.client.get("/api/auth/session").header(Header::new("Cookie", cookie.clone()));
        let token = Answer::of(request.dispatch().await).await.cookie(SESSION_COOKIE).map(str::to_owned);
        held.commit().await.unwrap();
        token.unwrap()
    };
    let ((), line) = rocket::tokio::join!(sign_out, meanwhile);
    let token = line[SESSION_COOKIE.len() + 1..].split(';').next().unwrap();

    app.advance(Duration::from_secs(597));
    let answer = app.restarted().await.session_of(token).await;
    assert_eq!(answer.status, Status::Unauthorized, "{}", answer.body);
    assert_eq!(answer.json()["reason"], "logged_out");
}
