//! Each act is there whole or not at all: every single write of it fails in turn, and nothing has changed then.
use std::collections::BTreeSet;

use rocket::{
    async_test,
    http::{ContentType, Method},
};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, TestApp, code_in};

const ANN: &str = "ann@example.com";
const NEW: &str = "gravel-teapot-orbit-lantern";

/// The tables that an act may write. Tries of a code and guesses are counted whatever becomes of the act, and not here.
const TABLES: [&str; 8] = ["users", "sessions", "endings", "feed", "devices", "letters", "events", "user_words"];

/// A call of the API, ready to be sent more than once.
struct Act {
    method: Method,
    path: String,
    body: Value,
    /// The session cookie it is sent with.
    token: Option<String>,
}

impl Act {
    fn post(path: &str, body: Value, token: Option<String>) -> Self {
        Self { method: Method::Post, path: path.to_owned(), body, token }
    }

    async fn run(&self, app: &TestApp) -> Answer {
        let mut request = app.client.req(self.method, self.path.clone()).header(ContentType::JSON);
        if let Some(token) = &self.token {
            let cookie = format!("{SESSION_COOKIE}={token}");
            request = request.header(rocket::http::Header::new("Cookie", cookie));
        }
        let ours = rocket::http::Header::new("Sec-Fetch-Site", "same-origin");
        Answer::of(request.header(ours).body(self.body.to_string()).dispatch().await).await
    }
}

/// Everything that the tables hold.
async fn dump(app: &TestApp) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for table in TABLES {
        let mut rows = app.rows(table).await;
        rows.sort_unstable();
        all.push(rows);
    }
    all
}

/// Lets every `write` to `table` fail, or note that it was made.
async fn plant(app: &TestApp, table: &str, write: &str, fails: bool) {
    let act = match (fails, app.database_has_clock()) {
        (true, false) => "SELECT RAISE(ABORT, 'planted')".to_owned(),
        (true, true) => "RAISE EXCEPTION 'planted'".to_owned(),
        (false, _) => format!("INSERT INTO written VALUES ('{table} {write}')"),
    };
    if app.database_has_clock() {
        let function = format!("{table}_{write}").to_lowercase();
        app.execute(&format!(
            "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; \
             IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        ))
        .await;
        app.execute(&format!(
            "CREATE TRIGGER planted_{write} BEFORE {write} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        ))
        .await;
    } else {
        app.execute(&format!("CREATE TRIGGER planted_{table}_{write} BEFORE {write} ON {table} BEGIN {act}; END"))
            .await;
    }
}

async fn pull_out(app: &TestApp, table: &str, write: &str) {
    let sql = if app.database_has_clock() {
        format!("DROP TRIGGER planted_{write} ON {table}")
    } else {
        format!("DROP TRIGGER planted_{table}_{write}")
    };
    app.execute(&sql).await;
}

/// The writes that `act` makes.
async fn writes(app: &TestApp, act: &Act) -> BTreeSet<String> {
    app.execute("CREATE TABLE written (what TEXT NOT NULL)").await;
    for table in TABLES {
        for write in ["INSERT", "UPDATE", "DELETE"] {
            plant(app, table, write, false).await;
        }
    }
    let answer = act.run(app).await;
    assert!(answer.status.code < 300, "{}: {answer:?}", act.path);
    app.list("SELECT DISTINCT what FROM written").await.into_iter().collect()
}

/// Prepares `act` twice: once to see what it writes, once to let each of these writes fail.
async fn whole(prepare: impl AsyncFn(&TestApp) -> Act, least: &[&str]) {
    let seen = TestApp::new().await;
    let act = prepare(&seen).await;
    let writes = writes(&seen, &act).await;
    seen.letters().await;
    assert!(least.iter().all(|write| writes.contains(*write)), "{}: {writes:?}", act.path);

    let app = TestApp::new().await;
    let act = prepare(&app).await;
    let before = dump(&app).await;
    for name in &writes {
        let (table, write) = name.split_once(' ').unwrap();
        plant(&app, table, write, true).await;
        let answer = act.run(&app).await;
        assert_eq!(answer.status.code, 500, "{}, {name}: {answer:?}", act.path);
        assert!(!answer.body.contains("planted"), "{answer:?}");
        if let Some(token) = answer.token() {
            assert_eq!(
                app.session_of(&token).await.status.code,
                200,
                "{}, {name}: a session that is nowhere",
                act.path
            );
        }
        assert_eq!(dump(&app).await, before, "{}, {name}", act.path);
        pull_out(&app, table, write).await;
    }
    let answer = act.run(&app).await;
    assert!(answer.status.code < 300, "{}, at last: {answer:?}", act.path);
    app.letters().await;
}

async fn request(app: &TestApp, path: &str, body: Value) -> (String, String) {
    let answer = app.call(path, body).await;
    let request = answer.json()["request"].as_str().unwrap().to_owned();
    (request, app.mailed_code().await.replace(' ', ""))
}

#[async_test]
async fn a_sign_up_makes_account_session_and_event_or_nothing() {
    let prepare = async |app: &TestApp| {
        let (request, code) =
            request(app, "/api/auth/signup", json!({ "email": ANN, "password": PASSWORD, "name": "Ann" })).await;
        Act::post("/api/auth/verify-email", json!({ "request": request, "code": code }), None)
    };
    whole(prepare, &["users INSERT", "sessions INSERT", "events INSERT", "devices INSERT"]).await;
}

#[async_test]
async fn a_sign_in_is_whole() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        Act::post("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD }), None)
    };
    whole(prepare, &["sessions INSERT", "events INSERT", "devices INSERT", "letters INSERT", "users UPDATE"]).await;
}

#[async_test]
async fn a_reset_sets_the_password_and_ends_the_sessions_or_does_nothing() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        let (request, code) = request(app, "/api/auth/forgot-password", json!({ "email": ANN })).await;
        let body = json!({ "request": request, "code": code, "password": NEW });
        Act::post("/api/auth/reset-password", body, None)
    };
    whole(prepare, &["users UPDATE", "sessions UPDATE", "endings INSERT", "letters INSERT", "events INSERT"]).await;
}

#[async_test]
async fn a_change_of_password_is_whole() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        app.session_elsewhere(ANN, PASSWORD).await;
        app.letters().await;
        let body = json!({ "current_password": PASSWORD, "password": NEW });
        Act::post("/api/account/password", body, app.token())
    };
    whole(prepare, &["users UPDATE", "sessions UPDATE", "endings INSERT", "letters INSERT", "events INSERT"]).await;
}

#[async_test]
async fn a_change_of_address_is_whole() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        let body = json!({ "email": "new@example.com", "current_password": PASSWORD });
        let answer = app.call_as(&app.token().unwrap(), "/api/account/email", body).await;
        let request = answer.json()["request"].as_str().unwrap().to_owned();
        let code = app.letters().await.iter().find_map(|letter| code_in(letter)).unwrap().replace(' ', "");
        Act::post("/api/account/email/confirm", json!({ "request": request, "code": code }), app.token())
    };
    whole(prepare, &["users UPDATE", "letters INSERT", "events INSERT", "user_words INSERT", "user_words DELETE"])
        .await;
}

#[async_test]
async fn a_deleted_account_is_gone_with_everything_or_still_there() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        Act::post("/api/account/delete", json!({ "current_password": PASSWORD }), app.token())
    };
    whole(prepare, &["users DELETE", "sessions UPDATE", "endings INSERT", "events INSERT", "user_words DELETE"]).await;
}

#[async_test]
async fn a_sign_out_is_whole() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        Act::post("/api/auth/logout-all", json!({}), app.token())
    };
    whole(prepare, &["sessions UPDATE", "endings INSERT", "events INSERT"]).await;
}

#[async_test]
async fn a_refresh_is_whole() {
    let prepare = async |app: &TestApp| {
        app.sign_up(ANN).await;
        let pair = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
        app.letters().await;
        Act::post("/api/auth/token/refresh", json!({ "refresh_token": pair["refresh_token"] }), None)
    };
    whole(prepare, &["sessions UPDATE", "events INSERT"]).await;
}

#[async_test]
async fn an_account_that_a_superuser_makes_is_whole() {
    let prepare = async |app: &TestApp| {
        let token = app.superuser().await;
        Act::post("/api/admin/users", json!({ "email": ANN, "name": "Ann" }), Some(token))
    };
    whole(prepare, &["users INSERT", "letters INSERT", "events INSERT", "user_words INSERT"]).await;
}

#[async_test]
async fn a_change_of_role_is_whole() {
    let prepare = async |app: &TestApp| {
        let token = app.superuser().await;
        app.sign_up(ANN).await;
        let id: String = app.ask("SELECT id FROM users WHERE email = 'ann@example.com'").await;
        let body = json!({ "role": "superuser", "name": "Anna" });
        Act { method: Method::Patch, path: format!("/api/admin/users/{id}"), body, token: Some(token) }
    };
    whole(prepare, &["users UPDATE", "sessions UPDATE", "endings INSERT", "events INSERT"]).await;
}
