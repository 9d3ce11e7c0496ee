//! What asks for the second factor beside signing in, who may take it away, and superusers who must have one.
use std::time::Duration;

use nightlatch::{accounts::admin::Operator, db::Pool};
use rocket::{
    async_test,
    futures::future::join,
    http::{Header, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, Authenticator, DEVICE_COOKIE, PASSWORD, SUPERUSER, TestApp};

const ANN: &str = "ann@example.com";
const NEW: &str = "copper-lantern-quiet-meadow";
const REQUIRED: (&str, &str) = ("NIGHTLATCH_SUPERUSER__SECOND_FACTOR", "required");
const STEP: Duration = Duration::from_secs(30);
const STALE: Duration = Duration::from_secs(301);

/// Ann with a second factor, signed in.
async fn ann() -> (TestApp, Authenticator, Vec<String>) {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "true")]).await;
    app.sign_up(ANN).await;
    let (authenticator, codes) = app.turn_on_second_factor().await;
    (app, authenticator, codes)
}

async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    Answer::of(app.post_json(path, body).await).await
}

async fn call_with(app: &TestApp, access: &Value, path: &str, body: Value) -> Answer {
    let bearer = Header::new("Authorization", format!("Bearer {}", access.as_str().unwrap()));
    let request = app.client.post(path.to_owned()).header(rocket::http::ContentType::JSON).body(body.to_string());
    Answer::of(request.header(bearer).dispatch().await).await
}

fn code_of(answer: &Answer) -> (u16, String) {
    (answer.status.code, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// What a session of whoever holds these tokens may do.
async fn role_with(app: &TestApp, access: &Value) -> String {
    let bearer = Header::new("Authorization", format!("Bearer {}", access.as_str().unwrap()));
    let answer = Answer::of(app.client.get("/api/auth/session").header(bearer).dispatch().await).await;
    answer.json()["role"].as_str().unwrap_or_default().to_owned()
}

async fn role(app: &TestApp) -> String {
    let answer = Answer::of(app.get("/api/auth/session").await).await;
    answer.json()["role"].as_str().unwrap_or_default().to_owned()
}

#[async_test]
async fn a_fresh_sign_in_takes_the_code_too() {
    let (app, authenticator, codes) = ann().await;
    let form = Answer::of(app.get("/confirm").await).await.body;
    assert!(form.contains(r#"name="code""#), "{form}");
    let missing = post(&app, "/api/auth/confirm", json!({ "password": PASSWORD })).await;
    assert_eq!(code_of(&missing), (422, "invalid_input".into()));
    assert_eq!(missing.json()["errors"][0]["field"], "code");
    assert_eq!(missing.json()["errors"][0]["code"], "missing");
    let wrong = json!({ "password": PASSWORD, "code": "ABCD EFGH JKMN PQRS" });
    assert_eq!(code_of(&post(&app, "/api/auth/confirm", wrong).await), (422, "invalid_code".into()));
    let body = json!({ "password": "not the password", "code": authenticator.code(app.now()) });
    assert_eq!(code_of(&post(&app, "/api/auth/confirm", body).await), (401, "invalid_credentials".into()));
    app.advance(STALE);
    assert_eq!(code_of(&post(&app, "/api/account/sessions/end-others", json!({})).await).0, 403);
    let code = authenticator.code(app.now());
    let fields = [("password", PASSWORD), ("code", &*code), ("next", "/sessions")];
    let done = Answer::of(app.post_form("/confirm", &fields).await).await;
    assert_eq!((done.status, done.header("location")), (Status::SeeOther, Some("/sessions")));
    assert_eq!(post(&app, "/api/account/sessions/end-others", json!({})).await.status, Status::NoContent);
    let body = json!({ "password": PASSWORD, "code": code });
    assert_eq!(code_of(&post(&app, "/api/auth/confirm", body).await), (422, "invalid_code".into()), "replayed");
    let body = json!({ "password": PASSWORD, "code": codes[0] });
    assert_eq!(post(&app, "/api/auth/confirm", body).await.status, Status::Ok);
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("9 recovery codes are left"), "{letters:?}");
}

#[async_test]
async fn a_program_makes_its_sign_in_fresh_with_the_code() {
    let (app, authenticator, _) = ann().await;
    let asked = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let body = json!({ "request": asked["request"], "code": authenticator.code(app.now()) });
    let tokens = app.call("/api/auth/token/code", body).await.json();
    app.letters().await;
    app.advance(STEP);
    let missing = call_with(&app, &tokens["access_token"], "/api/auth/confirm", json!({ "password": PASSWORD })).await;
    assert_eq!(missing.json()["errors"][0]["field"], "code");
    let body = json!({ "password": PASSWORD, "code": authenticator.code(app.now()) });
    let fresh = call_with(&app, &tokens["access_token"], "/api/auth/confirm", body).await;
    assert_eq!(fresh.status, Status::Ok, "{fresh:?}");
    assert!(fresh.json()["refresh_token"].is_string());
}

#[async_test]
async fn a_stolen_session_and_the_password_change_nothing() {
    let (app, authenticator, _) = ann().await;
    app.advance(STALE);
    let acts = [
        ("/api/account/password", json!({ "current_password": PASSWORD, "password": NEW })),
        ("/api/account/email", json!({ "email": "eve@example.com", "current_password": PASSWORD })),
        ("/api/account/delete", json!({ "current_password": PASSWORD })),
    ];
    for (path, body) in &acts {
        let refused = post(&app, path, body.clone()).await;
        assert_eq!(code_of(&refused), (403, "fresh_sign_in_required".into()), "{path}");
    }
    let fields = [("current_password", PASSWORD), ("password", NEW)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let form = app.client.post("/account/password").header(rocket::http::ContentType::Form).body(body);
    let came_from = Header::new("Referer", "http://localhost:8000/account");
    let page = Answer::of(app.send(form.header(came_from)).await).await;
    assert_eq!((page.status, page.header("location")), (Status::SeeOther, Some("/confirm?next=%2Faccount")));
    let body = json!({ "password": PASSWORD, "code": authenticator.code(app.now()) });
    assert_eq!(post(&app, "/api/auth/confirm", body).await.status, Status::Ok);
    assert_eq!(post(&app, acts[0].0, acts[0].1.clone()).await.status, Status::NoContent);
    app.letters().await;
}

#[async_test]
async fn without_one_the_password_is_enough_however_old_the_sign_in() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app.advance(STALE);
    let body = json!({ "current_password": PASSWORD, "password": NEW });
    assert_eq!(post(&app, "/api/account/password", body).await.status, Status::NoContent);
    let body = json!({ "password": NEW });
    assert_eq!(post(&app, "/api/auth/confirm", body).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let (app, authenticator, old) = ann().await;
    let path = "/api/account/second-factor/recovery-codes";
    let refused = post(&app, path, json!({ "code": "ABCD EFGH JKMN PQRS" })).await;
    assert_eq!(code_of(&refused), (422, "invalid_code".into()));
    let page =
        app.post_form("/account/second-factor/recovery-codes", &[("code", &authenticator.code(app.now()))]).await;
    let page = Answer::of(page).await;
    assert_eq!((page.status, page.header("cache-control")), (Status::Ok, Some("no-store")));
    let new: Vec<String> = page.body.split("<li><code>").skip(1).map(|rest| rest[..19].to_owned()).collect();
    assert_eq!(new.len(), 10, "{}", page.body);
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("New recovery codes were made"), "{letters:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.recovery_codes_replaced'").await, 1);
    assert_eq!(code_of(&post(&app, path, json!({ "code": old[0] })).await), (422, "invalid_code".into()));
    assert_eq!(post(&app, path, json!({ "code": new[0] })).await.status, Status::Ok);
    app.letters().await;
}

#[async_test]
async fn whoever_is_signed_in_guesses_codes_no_faster() {
    let (app, authenticator, _) = ann().await;
    for _ in 0..6 {
        let wrong = post(&app, "/api/account/second-factor/remove", json!({ "code": "ABCD EFGH JKMN PQRS" })).await;
        assert_eq!(code_of(&wrong), (422, "invalid_code".into()));
    }
    let code = json!({ "code": authenticator.code(app.now()) });
    let too_soon = post(&app, "/api/account/second-factor/remove", code.clone()).await;
    assert_eq!(code_of(&too_soon), (422, "invalid_code".into()));
    app.advance(Duration::from_secs(1));
    assert_eq!(post(&app, "/api/account/second-factor/remove", code).await.status, Status::NoContent);
    app.letters().await;
}

#[async_test]
async fn its_owner_turns_it_off_with_a_code_and_every_other_session_ends() {
    let (app, authenticator, codes) = ann().await;
    let asked = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let body = json!({ "request": asked["request"], "code": codes[9] });
    let other = app.call("/api/auth/signin/code", body).await.token().unwrap();
    let pending = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await.json();
    app.letters().await;
    let missing = post(&app, "/api/account/second-factor/remove", json!({})).await;
    assert_eq!(missing.json()["errors"][0]["field"], "code");
    let done = app.post_form("/account/second-factor/remove", &[("code", &authenticator.code(app.now()))]).await;
    assert_eq!(Answer::of(done).await.header("location"), Some("/account/second-factor?done=off"));
    assert_eq!(app.get("/account/second-factor").await.status(), Status::Ok, "this session goes on");
    assert_eq!(app.session_of(&other).await.json()["reason"], "ended_by_you");
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("was turned off"), "{letters:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.second_factor_disabled'").await, 1);
    for table in ["second_factors", "recovery_codes"] {
        assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    let body = json!({ "request": pending["request"], "code": authenticator.code(app.now()) });
    assert_eq!(code_of(&app.call("/api/auth/signin/code", body).await), (422, "invalid_code".into()));
    let off = post(&app, "/api/account/second-factor/remove", json!({ "code": "123456" })).await;
    assert_eq!(code_of(&off), (409, "conflict".into()));
    app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
}

#[async_test]
async fn a_superuser_takes_it_from_somebody_who_lost_it() {
    let (app, ..) = ann().await;
    let token = app.superuser().await;
    let ann = app.accounts().named(ANN).await.unwrap().unwrap().id;
    let page = app.get_as(&token, &format!("/admin/users/{ann}")).await.body;
    assert!(page.contains(&format!("/admin/users/{ann}/second-factor/remove")), "{page}");
    let account = app.get_as(&token, &format!("/api/admin/users/{ann}")).await.json();
    assert!(account["second_factor_at"].is_string(), "{account}");
    let path = format!("/api/admin/users/{ann}/second-factor");
    let delete = || {
        let cookie = Header::new("Cookie", format!("{}={token}", crate::support::SESSION_COOKIE));
        app.client.delete(path.clone()).header(cookie).header(Header::new("X-Requested-With", "test"))
    };
    assert_eq!(delete().dispatch().await.status(), Status::NoContent);
    let ended = Answer::of(app.get("/api/auth/session").await).await;
    assert_eq!(ended.json()["reason"], "forced");
    let letters = app.letters().await;
    assert!(letters.len() == 1 && letters[0].contains("turned the second factor of your account off"), "{letters:?}");
    let actor = "SELECT actor_id FROM events WHERE type = 'user.second_factor_disabled'";
    assert_ne!(app.ask::<String>(actor).await, ann.as_str());
    assert_eq!(delete().dispatch().await.status(), Status::NotFound);
    let page = app.get_as(&token, &format!("/admin/users/{ann}")).await.body;
    assert!(!page.contains("second-factor/remove"), "{page}");
    app.session_elsewhere(ANN, PASSWORD).await;
    app.letters().await;
}

#[async_test]
async fn where_it_is_required_a_superuser_without_one_may_do_what_everybody_may() {
    let app = TestApp::with_settings(&[REQUIRED]).await;
    let token = app.superuser().await;
    let session = app.session_of(&token).await.json();
    assert_eq!(session["role"], "user");
    let refused = app.get_as(&token, "/api/admin/users").await;
    assert_eq!(code_of(&refused), (403, "forbidden".into()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("with a second factor"), "{refused:?}");
    let dashboard = app.get_as(&token, "/dashboard").await.body;
    assert!(dashboard.contains("Here superusers need a second factor"), "{dashboard}");
    assert!(!dashboard.contains("href=\"/admin\""), "{dashboard}");
    let tokens = app.call("/api/auth/token", json!({ "email": SUPERUSER, "password": PASSWORD })).await.json();
    assert_eq!(role_with(&app, &tokens["access_token"]).await, "user");
    let next = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await.json();
    assert_eq!(role_with(&app, &next["access_token"]).await, "user");
    let confirmed = call_with(&app, &next["access_token"], "/api/auth/confirm", json!({ "password": PASSWORD })).await;
    assert_eq!(role_with(&app, &confirmed.json()["access_token"]).await, "user");
    // The only superuser is one still, and cannot go.
    let last = app.call_as(&token, "/api/account/delete", json!({ "current_password": PASSWORD })).await;
    assert_eq!(code_of(&last), (409, "conflict".into()));
    app.letters().await;
    app.sign_up(ANN).await;
    assert_eq!(role(&app).await, "user");
    let page = Answer::of(app.get("/dashboard").await).await.body;
    assert!(!page.contains("superusers need"), "others are told nothing: {page}");
    app.letters().await;
}

#[async_test]
async fn proving_it_makes_the_session_a_superusers_at_once_and_turning_it_off_takes_that_back() {
    let app = TestApp::with_settings(&[REQUIRED]).await;
    app.superuser().await;
    app.sign_in(SUPERUSER, PASSWORD).await;
    app.letters().await;
    let before = app.token().unwrap();
    let (authenticator, _) = app.turn_on_second_factor().await;
    assert_eq!(role(&app).await, "superuser");
    assert_eq!(app.get("/admin").await.status(), Status::Ok);
    assert_eq!(app.session_of(&before).await.status, Status::Unauthorized, "the one of fewer rights is over");
    let above = app.token().unwrap();
    let remove = json!({ "code": authenticator.code(app.now()) });
    assert_eq!(post(&app, "/api/account/second-factor/remove", remove).await.status, Status::NoContent);
    assert_eq!(role(&app).await, "user");
    assert_eq!(app.get("/admin").await.status(), Status::Forbidden);
    assert_eq!(app.session_of(&above).await.status, Status::Unauthorized);
    // On to another phone.
    app.letters().await;
    app.turn_on_second_factor().await;
    assert_eq!(role(&app).await, "superuser");
}

#[async_test]
async fn a_program_of_a_superuser_gets_its_rights_with_the_next_tokens_and_loses_them_with_the_session() {
    let app = TestApp::with_settings(&[REQUIRED]).await;
    app.superuser().await;
    let tokens = app.call("/api/auth/token", json!({ "email": SUPERUSER, "password": PASSWORD })).await.json();
    let access = &tokens["access_token"];
    let begun = call_with(&app, access, "/api/account/second-factor", json!({})).await.json();
    let authenticator = Authenticator::of(begun["uri"].as_str().unwrap());
    let code = json!({ "code": authenticator.code(app.now()) });
    let on = call_with(&app, access, "/api/account/second-factor/confirm", code).await;
    assert_eq!((on.status, on.token()), (Status::Ok, None));
    assert_eq!(role_with(&app, access).await, "user", "what was signed is signed");
    let next = app.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await.json();
    assert_eq!(role_with(&app, &next["access_token"]).await, "superuser");
    app.advance(STEP);
    let code = json!({ "code": authenticator.code(app.now()) });
    let off = call_with(&app, &next["access_token"], "/api/account/second-factor/remove", code).await;
    assert_eq!(off.status, Status::NoContent, "{off:?}");
    assert_eq!(role_with(&app, &next["access_token"]).await, "", "a superuser's token is good for nothing more");
    app.letters().await;
}

#[async_test]
async fn a_start_with_the_rule_ends_what_superusers_without_one_had_before() {
    let app = TestApp::new().await;
    let token = app.superuser().await;
    app.sign_up(ANN).await;
    let tokens = app.call("/api/auth/token", json!({ "email": SUPERUSER, "password": PASSWORD })).await.json();
    app.letters().await;
    assert_eq!(app.session_of(&token).await.json()["role"], "superuser");
    app.follower().leave().await;
    let node = app.second_node_with(&[REQUIRED]).await;
    assert_eq!(node.session_of(&token).await.json()["reason"], "forced");
    let refresh = node.call("/api/auth/token/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await;
    assert_eq!(refresh.json()["reason"], "forced");
    assert_eq!(node.count("SELECT COUNT(*) FROM events WHERE data LIKE '%forced%'").await, 2);
    assert_eq!(role(&node).await, "user", "Ann's goes on");
    let again = node.session_elsewhere(SUPERUSER, PASSWORD).await;
    assert_eq!(node.session_of(&again).await.json()["role"], "user");
    node.letters().await;
}

#[async_test]
async fn the_reset_of_a_superusers_own_ends_what_it_allowed() {
    let app = TestApp::with_settings(&[REQUIRED]).await;
    app.superuser().await;
    app.sign_in(SUPERUSER, PASSWORD).await;
    app.turn_on_second_factor().await;
    let root = app.accounts().named(SUPERUSER).await.unwrap().unwrap().id;
    app.accounts().reset_second_factor(&Operator::command_line(), &root).await.unwrap();
    let ended = Answer::of(app.get("/api/auth/session").await).await;
    assert_eq!(ended.json()["reason"], "forced");
    app.letters().await;
    let again = app.session_elsewhere(SUPERUSER, PASSWORD).await;
    assert_eq!(app.session_of(&again).await.json()["role"], "user");
    app.letters().await;
}

#[async_test]
async fn a_superuser_turns_the_own_one_off_with_a_code_only() {
    let app = TestApp::new().await;
    app.superuser().await;
    app.sign_in(SUPERUSER, PASSWORD).await;
    app.turn_on_second_factor().await;
    let root = app.accounts().named(SUPERUSER).await.unwrap().unwrap().id;
    let page = app.get(&format!("/admin/users/{root}")).await.into_string().await.unwrap();
    assert!(!page.contains("second-factor/remove") && page.contains("/account/second-factor"), "{page}");
    let api = app.send(app.client.delete(format!("/api/admin/users/{root}/second-factor"))).await;
    assert_eq!(code_of(&Answer::of(api).await), (409, "conflict".into()));
    let form = app.post_form(&format!("/admin/users/{root}/second-factor/remove"), &[("x", "1")]).await;
    assert_ne!(form.status(), Status::SeeOther);
    assert!(app.accounts().named(SUPERUSER).await.unwrap().unwrap().second_factor_at.is_some());
    app.letters().await;
}

#[async_test]
async fn turning_it_on_forgets_every_browser_but_this_one() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    for _ in 0..3 {
        app.session_elsewhere(ANN, PASSWORD).await;
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 4);
    app.turn_on_second_factor().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM devices").await, 1);
    let device = app.cookie_header().unwrap();
    assert!(device.contains(DEVICE_COOKIE), "{device}");
    app.letters().await;
}

#[async_test]
async fn a_password_given_before_it_was_turned_on_is_no_proof_afterwards() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    let mut raced = 0;
    for _ in 0..20 {
        app.execute("UPDATE users SET second_factor_at = NULL, version = version + 1").await;
        let sessions = app.count("SELECT COUNT(*) FROM sessions").await;
        let turn_on = async {
            let mut tx = pool.begin().await.unwrap();
            sqlx::query("UPDATE users SET second_factor_at = 1, version = version + 1")
                .execute(&mut *tx)
                .await
                .unwrap();
            let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            count
        };
        let confirm = app.post_json("/api/auth/confirm", json!({ "password": PASSWORD }));
        let (answer, count) = join(confirm, turn_on).await;
        // Where the new session was there before, the password was right in time.
        if count == sessions {
            assert_ne!(answer.status(), Status::Ok);
            raced += 1;
        }
    }
    pool.close().await;
    assert!(raced > 0);
    app.letters().await;
}
