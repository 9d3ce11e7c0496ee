//! Another address: asked for with the password, done when the new address has proven itself.
use std::time::Duration;

use rocket::{
    async_test,
    futures::future::{join, join4},
    http::Status,
};
use serde_json::json;

use crate::support::{Answer, Browser, PASSWORD, SESSION_COOKIE, TestApp, code_in, other_than, token_parts};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const NEW: &str = "ann@new.example";
const CODE: &str = "This is the code with which this address becomes that of your account";
const TAKEN: &str = "Somebody just asked to move another account";
const REQUESTED: &str = "asked to move your account to another address";
const CHANGED: &str = "The address of your account was changed";

#[async_test]
async fn a_person_moves_the_account_to_another_address() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let others = [app.session_elsewhere(ANN, PASSWORD).await, app.session_elsewhere(ANN, PASSWORD).await];
    app.letters().await;
    let (request, code) = begin(&app, &here, ANN, " Ann@NEW.example ").await;

    assert_eq!(email(&app).await, [ANN], "nothing changes before the proof");
    assert_eq!(app.session_of(&others[0]).await.status, Status::Ok);
    assert_eq!((sign_in(&app, ANN).await, sign_in(&app, NEW).await), (Status::Ok, Status::Unauthorized));
    app.letters().await;

    let answer = confirm(&app, &here, &request, &code).await;
    assert_eq!(answer.status, Status::Ok, "{answer:?}");
    assert_eq!((&answer.json()["email"], &answer.json()["email_verified"]), (&json!(NEW), &json!(true)));
    assert_eq!(sid(&answer.token().unwrap()), sid(&here), "the session goes on");
    let mut mail = app.mail().await;
    mail.sort_unstable();
    let to: Vec<&str> = mail.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, [ANN, NEW], "both are told");
    assert!(mail.iter().all(|(_, letter)| letter.contains(CHANGED) && !letter.contains(NEW)), "{mail:?}");
    for token in &others {
        let answer = app.session_of(token).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!("email_changed")));
    }
    assert_eq!(app.session_of(&here).await.status, Status::Ok);
    let changed = "SELECT session_id FROM events WHERE type = 'user.email_changed' AND data = '{}'";
    assert_eq!(app.list(changed).await, [sid(&here)]);
    assert_eq!((sign_in(&app, ANN).await, sign_in(&app, NEW).await), (Status::Unauthorized, Status::Ok));
    assert_eq!(app.restarted().await.session_of(&others[0]).await.json()["reason"], "email_changed");
    assert_refused(&confirm(&app, &here, &request, &code).await);
    app.letters().await;
}

#[async_test]
async fn pages_change_the_address_too() {
    let app = signed_in().await;
    let other = app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
    let fields = [("email", NEW), ("current_password", PASSWORD)];
    let answer = Answer::of(app.post_form("/account/email", &fields).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/account?done=code-sent#email")));
    assert!(answer.cookie("nightlatch-8000-flow").unwrap().contains("Max-Age=900"), "{answer:?}");
    let page = app.get("/account?done=code-sent").await.into_string().await.unwrap();
    assert!(page.contains(NEW) && page.contains("/account/email/confirm"), "{page}");
    let code = code_of(&app.mail().await, ANN, NEW);

    let page = app.post_form("/account/email/confirm", &[("code", &other_than(&code))]).await;
    assert_eq!(page.status(), Status::UnprocessableEntity);
    let page = page.into_string().await.unwrap();
    assert!(page.contains("This code is wrong") && page.contains(NEW), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");

    let answer = Answer::of(app.post_form("/account/email/confirm", &[("code", &code)]).await).await;
    assert_eq!((answer.status, answer.header("location")), (Status::SeeOther, Some("/account?done=email")));
    assert!(answer.cookie("nightlatch-8000-flow").unwrap().contains("Max-Age=0"), "{answer:?}");
    let page = app.get("/account?done=email").await.into_string().await.unwrap();
    assert!(page.contains("Your address is changed") && page.contains(NEW) && !page.contains(ANN), "{page}");
    assert_eq!(app.session_of(&other).await.json()["reason"], "email_changed");
    assert_eq!(app.letters().await.len(), 2);
}

#[async_test]
async fn a_wrong_current_password_begins_nothing() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    app.execute("DELETE FROM events").await;
    let body = json!({ "email": NEW, "current_password": "wrong-wrong-wrong" });
    let answer = app.call_as(&here, "/api/account/email", body).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
    assert_eq!(answer.json()["errors"][0]["field"], "current_password");
    assert_eq!(app.list("SELECT type || data FROM events").await, ["session.failed{\"reason\":\"wrong\"}"]);
    let page = app.post_form("/account/email", &[("email", NEW), ("current_password", "wrong-wrong-wrong")]).await;
    assert_eq!(page.status(), Status::Unauthorized);
    let page = page.into_string().await.unwrap();
    assert!(page.contains("This is not your password") && page.contains(NEW), "the address is kept: {page}");
    assert!(!page.contains("wrong-wrong-wrong"), "{page}");
    assert_eq!(app.count("SELECT COUNT(*) FROM requests WHERE purpose = 'email'").await, 0);
    assert_eq!(app.letters().await, [""; 0]);
}

#[async_test]
async fn an_address_that_is_none_costs_no_password() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let body = json!({ "email": "x", "current_password": PASSWORD });
    let answer = app.call_as(&here, "/api/account/email", body).await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (Status::UnprocessableEntity, &json!("email")));
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'session.failed'").await, 0);
}

#[async_test]
async fn a_taken_address_gets_the_same_answer_and_its_owner_a_letter() {
    let app = signed_in().await;
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    let (mut calls, mut pages) = (Vec::new(), Vec::new());
    for (address, letter) in [(NEW, CODE), (BOB, TAKEN)] {
        app.change_browser(Browser::new());
        app.sign_in(ANN, PASSWORD).await;
        app.letters().await;
        let body = json!({ "email": address, "current_password": PASSWORD });
        let call = app.call_as(&app.token().unwrap(), "/api/account/email", body).await;
        assert_eq!(call.status, Status::Accepted);
        assert_eq!(call.json(), json!({ "request": call.json()["request"] }), "and nothing more");
        let mut mail = app.mail().await;
        mail.sort_unstable();
        assert_eq!((mail.len(), mail[0].0.as_str(), mail[1].0.as_str()), (2, ANN, address), "{mail:?}");
        assert!(mail[0].1.contains(REQUESTED) && code_in(&mail[0].1).is_none(), "{mail:?}");
        assert!(mail[1].1.contains(letter), "{mail:?}");
        assert_eq!(code_in(&mail[1].1).is_some(), address == NEW, "{mail:?}");
        calls.push(call.outline(address));

        let posted = app.post_form("/account/email", &[("email", address), ("current_password", PASSWORD)]).await;
        let posted = Answer::of(posted).await;
        let shown = Answer::of(app.get("/account?done=code-sent").await).await;
        let tried = Answer::of(app.post_form("/account/email/confirm", &[("code", "1234 5678")]).await).await;
        assert_eq!(tried.status, Status::UnprocessableEntity);
        pages.push([posted, shown, tried].map(|answer| answer.outline(address)));
        app.letters().await;
    }
    assert_eq!(calls[0], calls[1]);
    assert_eq!(pages[0], pages[1]);
    assert_eq!(email(&app).await, [ANN, BOB]);
}

#[async_test]
async fn a_new_request_voids_the_one_before() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (older, older_code) = begin(&app, &here, ANN, "older@new.example").await;
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    assert_refused(&confirm(&app, &here, &older, &older_code).await);
    assert_refused(&confirm(&app, &here, &request, &older_code).await);
    assert_refused(&confirm(&app, &here, &older, &code).await);
    assert_eq!(email(&app).await, [ANN]);
    assert_eq!(confirm(&app, &here, &request, &code).await.status, Status::Ok);
    assert_eq!(email(&app).await, [NEW]);
    assert_eq!(app.letters().await.len(), 2);
}

#[async_test]
async fn a_code_is_good_for_its_address_only() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    app.execute("UPDATE requests SET email = 'eve@evil.example' WHERE purpose = 'email'").await;
    assert_refused(&confirm(&app, &here, &request, &code).await);
    app.execute(&format!("UPDATE requests SET email = '{NEW}' WHERE purpose = 'email'")).await;
    assert_eq!(confirm(&app, &here, &request, &code).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn a_request_is_good_for_its_account_and_its_purpose_only() {
    let app = signed_in().await;
    let anns = app.token().unwrap();
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    let bobs = app.token().unwrap();
    let (request, code) = begin(&app, &anns, ANN, NEW).await;
    assert_refused(&confirm(&app, &bobs, &request, &code).await);
    let body = json!({ "request": request, "code": code });
    assert_refused(&app.call("/api/auth/verify-email", body).await);
    let body = json!({ "request": request, "code": code, "password": "gravel-teapot-orbit-lantern" });
    assert_refused(&app.call("/api/auth/reset-password", body).await);
    let reset = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let reset_code = app.mailed_code().await;
    assert_refused(&confirm(&app, &anns, reset.json()["request"].as_str().unwrap(), &reset_code).await);
    assert_eq!(email(&app).await, [ANN, BOB]);
    assert_eq!(confirm(&app, &anns, &request, &code).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn a_wrong_code_costs_a_try_and_five_are_the_end() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    for tries in 1..=5 {
        assert_refused(&confirm(&app, &here, &request, &other_than(&code)).await);
        assert_eq!(app.count("SELECT attempts FROM requests WHERE purpose = 'email'").await, tries);
    }
    assert_refused(&confirm(&app, &here, &request, &code).await);
    assert_eq!(email(&app).await, [ANN]);
}

#[async_test]
async fn a_code_is_good_up_to_ten_minutes_and_no_longer() {
    let app = signed_in().await;
    let mut here = app.token().unwrap();
    for (pause, status) in [(600_000, Status::UnprocessableEntity), (599_999, Status::Ok)] {
        let (request, code) = begin(&app, &here, ANN, NEW).await;
        app.advance(Duration::from_secs(300));
        here = app.get_as(&here, "/api/auth/session").await.token().unwrap();
        app.advance(Duration::from_millis(pause - 300_000));
        let answer = confirm(&app, &here, &request, &code).await;
        assert_eq!(answer.status, status, "{answer:?}");
        here = answer.token().unwrap();
    }
    assert_eq!(app.letters().await.len(), 2);
}

#[async_test]
async fn an_address_that_was_taken_meanwhile_is_a_conflict() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    app.change_browser(Browser::new());
    app.sign_up(NEW).await;
    let answer = confirm(&app, &here, &request, &code).await;
    assert_eq!((answer.status, &answer.json()["code"]), (Status::Conflict, &json!("conflict")));
    assert_eq!(email(&app).await, [ANN, NEW]);
    assert_eq!((sign_in(&app, ANN).await, sign_in(&app, NEW).await), (Status::Ok, Status::Ok));
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.email_changed'").await, 0);
    app.letters().await;
}

#[async_test]
async fn somebody_who_is_signed_out_confirms_nothing() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    app.post_form("/logout", &[]).await;
    assert_eq!(confirm(&app, &here, &request, &code).await.status, Status::Unauthorized);
    assert_eq!(
        app.call("/api/account/email/confirm", json!({ "request": request, "code": code })).await.status.code,
        401
    );
    assert_eq!(email(&app).await, [ANN]);
}

#[async_test]
async fn a_new_password_stops_a_change_that_was_begun() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let (request, code) = begin(&app, &here, ANN, NEW).await;
    let reset = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let reset_code = app.mailed_code().await;
    let new = "gravel-teapot-orbit-lantern";
    let body = json!({ "request": reset.json()["request"], "code": reset_code, "password": new });
    assert_eq!(app.call("/api/auth/reset-password", body).await.status, Status::NoContent);
    let again = app.session_elsewhere(ANN, new).await;
    assert_refused(&confirm(&app, &again, &request, &code).await);
    assert_eq!(email(&app).await, [ANN]);
    app.letters().await;
}

#[async_test]
async fn of_two_accounts_that_want_one_address_exactly_one_gets_it() {
    let app = signed_in().await;
    let anns = app.token().unwrap();
    app.change_browser(Browser::new());
    app.sign_up(BOB).await;
    let bobs = app.token().unwrap();
    let mut addresses = [ANN.to_owned(), BOB.to_owned()];
    for round in 0..25 {
        let wanted = format!("round-{round}@new.example");
        let (one, two) =
            (begin(&app, &anns, &addresses[0], &wanted).await, begin(&app, &bobs, &addresses[1], &wanted).await);
        let answers = join(confirm(&app, &anns, &one.0, &one.1), confirm(&app, &bobs, &two.0, &two.1)).await;
        let answers = [answers.0, answers.1];
        let won: Vec<usize> = (0..2).filter(|index| answers[*index].status == Status::Ok).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        let loser = &answers[1 - won[0]];
        assert!([409, 422].contains(&loser.status.code), "round {round}: {loser:?}");
        wanted.clone_into(&mut addresses[won[0]]);
        let mut expected = addresses.to_vec();
        expected.sort_unstable();
        assert_eq!(email(&app).await, expected, "round {round}");
        let owner = app.get_as([&anns, &bobs][won[0]], "/api/account").await;
        assert_eq!(owner.json()["email"], json!(wanted), "round {round}");
        assert_eq!(app.letters().await.len(), 2, "round {round}: the winner's two");
    }
}

#[async_test]
async fn a_sign_up_and_a_change_that_race_for_one_address_make_one_owner() {
    let app = signed_in().await;
    let anns = app.token().unwrap();
    let mut current = ANN.to_owned();
    for round in 0..25 {
        let wanted = format!("round-{round}@new.example");
        let signup = app.call("/api/auth/signup", json!({ "email": wanted, "password": PASSWORD })).await;
        let signup = json!({ "request": signup.json()["request"], "code": app.mailed_code().await });
        let (request, code) = begin(&app, &anns, &current, &wanted).await;
        let (made, changed) =
            join(app.call("/api/auth/verify-email", signup), confirm(&app, &anns, &request, &code)).await;
        match (made.status.code, changed.status.code) {
            (201, 409 | 422) => {}
            (409 | 422, 200) => current.clone_from(&wanted),
            _ => panic!("round {round}: {made:?} {changed:?}"),
        }
        assert_eq!(
            app.count(&format!("SELECT COUNT(*) FROM users WHERE email = '{wanted}'")).await,
            1,
            "round {round}"
        );
        assert_eq!(app.get_as(&anns, "/api/account").await.json()["email"], json!(current), "round {round}");
        app.letters().await;
    }
}

#[async_test]
async fn of_two_changes_begun_at_once_only_the_later_code_works() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let mut current = ANN.to_owned();
    for round in 0..25 {
        let wanted = [format!("one-{round}@new.example"), format!("two-{round}@new.example")];
        let ask = |email: &str| {
            app.call_as(&here, "/api/account/email", json!({ "email": email, "current_password": PASSWORD }))
        };
        let (one, two) = join(ask(&wanted[0]), ask(&wanted[1])).await;
        let requests = [&one, &two].map(|answer| answer.json()["request"].as_str().unwrap_or_default().to_owned());
        assert!([&one, &two].iter().all(|answer| answer.status == Status::Accepted), "round {round}: {one:?} {two:?}");
        let mail = app.mail().await;
        assert_eq!(mail.len(), 4, "round {round}: {mail:?}");
        let codes = wanted
            .clone()
            .map(|wanted| mail.iter().find(|(to, _)| *to == wanted).and_then(|(_, letter)| code_in(letter)).unwrap());
        assert_eq!(app.count("SELECT COUNT(*) FROM requests WHERE purpose = 'email' AND used_at IS NULL").await, 1);
        let open: String = app.ask("SELECT email FROM requests WHERE purpose = 'email' AND used_at IS NULL").await;
        // Each code with each request, all at once: only the open one with its own code works.
        let tries = join4(
            confirm(&app, &here, &requests[0], &codes[0]),
            confirm(&app, &here, &requests[1], &codes[1]),
            confirm(&app, &here, &requests[0], &codes[1]),
            confirm(&app, &here, &requests[1], &codes[0]),
        );
        let (one, two, mixed, mixed_too) = tries.await;
        assert_refused(&mixed);
        assert_refused(&mixed_too);
        let (right, wrong) = if open == wanted[0] { (one, two) } else { (two, one) };
        assert_eq!(right.status, Status::Ok, "round {round}: {right:?}");
        assert_refused(&wrong);
        assert_eq!(email(&app).await, [open.as_str()], "round {round}");
        let mut told: Vec<String> = app.mail().await.into_iter().map(|(to, _)| to).collect();
        told.sort_unstable();
        let mut expected = vec![current, open.clone()];
        expected.sort_unstable();
        assert_eq!(told, expected, "round {round}");
        current = open;
    }
}

#[async_test]
async fn a_change_that_races_with_a_new_password_leaves_one_of_them() {
    let app = signed_in().await;
    let here = app.token().unwrap();
    let mut password = PASSWORD.to_owned();
    for round in 0..20 {
        let current = email(&app).await.remove(0);
        let other = app.session_elsewhere(&current, &password).await;
        app.letters().await;
        let wanted = format!("round-{round}@new.example");
        let body = json!({ "email": wanted, "current_password": password });
        let begun = app.call_as(&here, "/api/account/email", body).await;
        let code = code_of(&app.mail().await, &current, &wanted);
        let new = format!("gravel-teapot-orbit-lantern-{round}");
        let body = json!({ "current_password": password, "password": new });
        let request = begun.json()["request"].as_str().unwrap().to_owned();
        let (moved, changed) =
            join(confirm(&app, &here, &request, &code), app.call_as(&here, "/api/account/password", body)).await;
        assert_eq!(changed.status, Status::NoContent, "round {round}: {changed:?}");
        assert!([200, 422].contains(&moved.status.code), "round {round}: {moved:?}");
        let now = if moved.status == Status::Ok { &wanted } else { &current };
        assert_eq!(email(&app).await, [now.as_str()], "round {round}");
        let reason = app.session_of(&other).await.json()["reason"].clone();
        assert!(["password_changed", "email_changed"].contains(&reason.as_str().unwrap()), "round {round}: {reason}");
        assert_eq!(app.session_of(&here).await.status, Status::Ok, "round {round}");
        app.letters().await;
        password = new;
    }
}

async fn signed_in() -> TestApp {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app
}

/// Begins a change from `old` to `new`; answers the request and the code. A notice goes to the old address.
async fn begin(app: &TestApp, token: &str, old: &str, new: &str) -> (String, String) {
    let body = json!({ "email": new, "current_password": PASSWORD });
    let answer = app.call_as(token, "/api/account/email", body).await;
    assert_eq!(answer.status, Status::Accepted, "{answer:?}");
    let code = code_of(&app.mail().await, old, &new.trim().to_lowercase());
    (answer.json()["request"].as_str().unwrap().to_owned(), code)
}

/// The code for `new`; the only other letter is the notice to `old`.
fn code_of(mail: &[(String, String)], old: &str, new: &str) -> String {
    let to = |address: &str| mail.iter().find(|(to, _)| to == address).map(|(_, letter)| letter);
    assert_eq!(mail.len(), 2, "{mail:?}");
    let notice = to(old).unwrap();
    assert!(notice.contains(REQUESTED) && code_in(notice).is_none() && !notice.contains(new), "{notice}");
    let letter = to(new).unwrap();
    assert!(letter.contains(CODE), "{letter}");
    code_in(letter).unwrap()
}

async fn confirm(app: &TestApp, token: &str, request: &str, code: &str) -> Answer {
    let answer = app.call_as(token, "/api/account/email/confirm", json!({ "request": request, "code": code })).await;
    assert!(answer.cookie(SESSION_COOKIE).is_none_or(|line| !line.contains("Max-Age=0")), "{answer:?}");
    answer
}

async fn sign_in(app: &TestApp, email: &str) -> Status {
    app.call("/api/auth/signin", json!({ "email": email, "password": PASSWORD })).await.status
}

/// Every address that has an account.
async fn email(app: &TestApp) -> Vec<String> {
    let mut addresses = app.list("SELECT email FROM users").await;
    addresses.sort_unstable();
    addresses
}

fn sid(token: &str) -> String {
    token_parts(token).1["sid"].as_str().unwrap().to_owned()
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, Status::UnprocessableEntity, "{answer:?}");
    assert_eq!(answer.json()["code"], "invalid_code", "{answer:?}");
}
