//! A new password by somebody who knows the old one.
use rocket::{
    async_test,
    futures::future::{join, join_all},
    http::Status,
};
use serde_json::json;

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp, token_parts};

const ANN: &str = "ann@example.com";
const NEW: &str = "gravel-teapot-orbit-lantern";

#[async_test]
async fn a_person_changes_the_password_and_stays_signed_in_here_alone() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let others = [app.session_elsewhere(ANN, PASSWORD).await, app.session_elsewhere(ANN, PASSWORD).await];
    assert_eq!(app.letters().await.len(), others.len(), "both programs were new");
    app.change_browser(Browser::new());
    app.sign_up("bob@example.com").await;
    let bobs = app.token().unwrap();

    let answer = change(&app, &here, PASSWORD, NEW).await;
    assert_eq!((answer.status, answer.body.as_str()), (Status::NoContent, ""));
    assert_eq!(sid(&answer.token().unwrap()), sid(&here), "the session goes on");
    for token in &others {
        let answer = app.session_of(token).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("password_changed")));
    }
    assert_eq!(app.session_of(&here).await.status, Status::Ok);
    assert_eq!(app.session_of(&bobs).await.status, Status::Ok, "nobody else is signed out");
    let mail = app.mail().await;
    assert_eq!(mail.len(), 1);
    assert!(mail[0].0 == ANN && mail[0].1.contains("The password of your account was changed"), "{mail:?}");
    assert!(mail[0].1.contains("Was it not you?") && mail[0].1.contains("/forgot-password"), "{mail:?}");
    let changed = "SELECT session_id FROM events WHERE type = 'user.password_changed' AND data = '{}'";
    assert_eq!(app.list(changed).await, [sid(&here)]);
    let ended =
        "SELECT session_id FROM events WHERE type = 'session.ended' AND data = '{\"reason\":\"password_changed\"}'";
    assert_eq!(app.list(ended).await.len(), others.len());

    assert_eq!(sign_in(&app, PASSWORD).await, Status::Unauthorized);
    assert_eq!(sign_in(&app, NEW).await, Status::Ok);
    assert_eq!(app.restarted().await.session_of(&others[0]).await.json()["reason"], "password_changed");
}

#[async_test]
async fn a_page_changes_the_password_too() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
    let answer = app.post_form("/account/password", &[("current_password", PASSWORD), ("password", NEW)]).await;
    assert_eq!(
        (answer.status(), answer.headers().get_one("Location")),
        (Status::SeeOther, Some("/account?done=password"))
    );
    let page = app.get("/account?done=password").await;
    assert_eq!(page.status(), Status::Ok, "still signed in");
    let page = page.into_string().await.unwrap();
    assert!(page.contains("Your password is changed. Every other session has ended."), "{page}");
    assert_eq!(app.session_of(&other).await.status, Status::Unauthorized);
    assert_eq!(app.letters().await.len(), 1);
    assert_eq!(sign_in(&app, NEW).await, Status::Ok);
}

#[async_test]
async fn a_wrong_current_password_changes_nothing_and_is_recorded_once() {
    let app = signed_in().await;
    let (here, other) = (app.token().unwrap(), app.session_elsewhere(ANN, PASSWORD).await);
    app.letters().await;
    for wrong in ["wrong-wrong-wrong", "", NEW] {
        app.execute("DELETE FROM events").await;
        let answer = change(&app, &here, wrong, NEW).await;
        assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
        assert_eq!(answer.json()["errors"][0]["field"], "current_password");
        let failed = "SELECT type || data || session_id FROM events WHERE user_id = actor_id";
        assert_eq!(app.list(failed).await, [format!("session.failed{{\"reason\":\"wrong\"}}{}", sid(&here))]);

        let page = app.post_form("/account/password", &[("current_password", wrong), ("password", NEW)]).await;
        assert_eq!(page.status(), Status::Unauthorized);
        let page = page.into_string().await.unwrap();
        assert!(page.contains("This is not your password. Nothing was changed."), "{page}");
        assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
        assert!(!page.contains(NEW), "{page}");
        assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 2);
    }
    assert_eq!(app.session_of(&here).await.status, Status::Ok, "who mistypes stays signed in");
    assert_eq!(app.session_of(&other).await.status, Status::Ok);
    assert_eq!((sign_in(&app, NEW).await, sign_in(&app, PASSWORD).await), (Status::Unauthorized, Status::Ok));
    assert_eq!(app.letters().await.len(), 1, "of the sign-in");
}

#[async_test]
async fn the_policy_knows_the_address_and_the_name() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    app.post_form("/account/name", &[("name", "Bartholomew Featherstone")]).await;
    for password in [
        "short",
        "passwordpassword",
        "aaaaaaaaaaaaaaaa",
        "ann@example.com!",
        "featherstone-bartholomew",
        "Bartholomew-Featherstone1",
    ] {
        let answer = change(&app, &here, PASSWORD, password).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (Status::UnprocessableEntity, &json!("invalid_input")),
            "{password}"
        );
        assert_eq!(answer.json()["errors"][0]["field"], "password", "{password}");
        let page = app.post_form("/account/password", &[("current_password", PASSWORD), ("password", password)]).await;
        assert_eq!(page.status(), Status::UnprocessableEntity, "{password}");
    }
    assert_eq!(sign_in(&app, PASSWORD).await, Status::Ok);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.password_changed'").await, 0);
    app.letters().await;
}

#[async_test]
async fn a_new_password_voids_every_open_request_of_the_account() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let reset = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let reset_code = app.mailed_code().await;
    let body = json!({ "email": "new@example.com", "current_password": PASSWORD });
    let email = app.call_as(&here, "/api/account/email", body).await;
    let email_code = app.mail().await.iter().find_map(|(_, letter)| crate::support::code_in(letter)).unwrap();
    // A change of address voids requests too, so that there is one of each only now.
    assert_eq!(change(&app, &here, PASSWORD, NEW).await.status, Status::NoContent);
    assert_eq!(app.letters().await.len(), 1);

    let body = json!({ "request": email.json()["request"], "code": email_code });
    let answer = app.call_as(&here, "/api/account/email/confirm", body).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::UnprocessableEntity, &json!("invalid_code")));
    let body =
        json!({ "request": reset.json()["request"], "code": reset_code, "password": "walnut-ferry-copper-quilt" });
    let answer = app.call("/api/auth/reset-password", body).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::UnprocessableEntity, &json!("invalid_code")));
    assert_eq!(sign_in(&app, NEW).await, Status::Ok);
}

#[async_test]
async fn a_reset_that_was_begun_dies_with_the_old_password() {
    let app = signed_in().await;
    let reset = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let code = app.mailed_code().await;
    assert_eq!(change(&app, &app.token().unwrap(), PASSWORD, NEW).await.status, Status::NoContent);
    let body = json!({ "request": reset.json()["request"], "code": code, "password": "walnut-ferry-copper-quilt" });
    assert_eq!(app.call("/api/auth/reset-password", body).await.status, Status::UnprocessableEntity);
    assert_eq!(app.letters().await.len(), 1);
}

#[async_test]
async fn a_locked_account_changes_no_password() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    app.execute("UPDATE users SET locked_at = 1").await;
    let answer = change(&app, &here, PASSWORD, NEW).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
    app.execute("UPDATE users SET locked_at = NULL").await;
    assert_eq!(sign_in(&app, PASSWORD).await, Status::Ok);
}

#[async_test]
async fn of_many_changes_at_once_the_sessions_that_remain_are_those_of_the_winner() {
    let app = signed_in().await;
    let mut old = PASSWORD.to_owned();
    for round in 0..20 {
        let tokens = [app.session_elsewhere(ANN, &old).await, app.session_elsewhere(ANN, &old).await];
        app.letters().await;
        let new = [format!("{NEW}-{round}-walnut"), format!("{NEW}-{round}-ferry")];
        let (one, two) = join(change(&app, &tokens[0], &old, &new[0]), change(&app, &tokens[1], &old, &new[1])).await;
        let won = usize::from(one.status != Status::NoContent);
        let (winner, loser) = if won == 0 { (&one, &two) } else { (&two, &one) };
        assert_eq!(winner.status, Status::NoContent, "round {round}: {one:?} {two:?}");
        assert_eq!(loser.status, Status::Unauthorized, "round {round}: {loser:?}");
        assert_eq!(app.session_of(&tokens[won]).await.status, Status::Ok, "round {round}");
        assert_eq!(app.session_of(&tokens[1 - won]).await.json()["reason"], "password_changed", "round {round}");
        assert_eq!(sign_in(&app, &new[1 - won]).await, Status::Unauthorized);
        assert_eq!(app.letters().await.len(), 1, "round {round}");
        old = new[won].clone();
    }
}

#[async_test]
async fn a_change_while_other_requests_run_leaves_no_old_session_usable() {
    const OTHERS: usize = 4;
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (mut old, mut in_time, mut too_late) = (PASSWORD.to_owned(), 0, 0);
    for round in 0..20 {
        let mut tokens = Vec::new();
        for _ in 0..OTHERS {
            tokens.push(app.session_elsewhere(ANN, &old).await);
        }
        // A later second, so that a token that is reissued is another one.
        app.advance(std::time::Duration::from_secs(1));
        let new = format!("{NEW}-{round}-walnut");
        let paths = ["/dashboard", "/api/auth/session", "/api/account", "/account", "/api/account/export"];
        let requests = (0..20).map(|number| {
            let (app, token) = (&app, &tokens[number % OTHERS]);
            async move {
                // They come in at different moments of the change.
                for _ in 0..number * (round + 1) {
                    rocket::tokio::task::yield_now().await;
                }
                app.get_as(token, paths[number % paths.len()]).await
            }
        });
        // Sign-ins with the old password run too: none of them may outlive it.
        let signins = join_all((0..3).map(|_| app.call("/api/auth/signin", json!({ "email": ANN, "password": old }))));
        let (answer, (answers, signins)) =
            join(change(&app, &here, &old, &new), join(join_all(requests), signins)).await;
        assert_eq!(answer.status, Status::NoContent, "round {round}: {answer:?}");
        for answer in answers.iter().chain(&signins) {
            match answer.status.code {
                200 => in_time += 1,
                303 | 401 => too_late += 1,
                _ => panic!("round {round}: {answer:?}"),
            }
            tokens.extend(answer.token());
        }
        for token in &tokens {
            let answer = app.session_of(token).await;
            assert_eq!(answer.status, Status::Unauthorized, "round {round}: {answer:?}");
            assert_eq!(answer.json()["reason"], "password_changed", "round {round}");
        }
        assert_eq!(app.session_of(&here).await.status, Status::Ok, "round {round}");
        old = new;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 1);
    app.letters().await;
    // There was a race only if it went both ways.
    assert!(in_time > 0 && too_late > 0, "{in_time} in time, {too_late} too late");
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

async fn change(app: &TestApp, token: &str, current: &str, password: &str) -> Answer {
    let body = json!({ "current_password": current, "password": password });
    let answer = app.call_as(token, "/api/account/password", body).await;
    assert!(answer.status == Status::NoContent || answer.header("content-type") == Some("application/problem+json"));
    assert!(answer.cookie(SESSION_COOKIE).is_none_or(|line| !line.contains("Max-Age=0")), "{answer:?}");
    answer
}

async fn sign_in(app: &TestApp, password: &str) -> Status {
    app.call("/api/auth/signin", json!({ "email": ANN, "password": password })).await.status
}

/// The session of a token.
fn sid(token: &str) -> String {
    token_parts(token).1["sid"].as_str().unwrap().to_owned()
}
