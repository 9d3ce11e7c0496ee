//! Recognisable secrets go through every journey, and nothing that is written holds them but what may.
use std::{
    env, fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use nightlatch::{log::lines, settings::LogFormat, workers::postman::Postman};
use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::{Value, json};
use tracing::{Level, dispatcher};
use tracing_subscriber::filter::Targets;

use crate::{
    settings::{TempDir, run},
    support::{Answer, Authenticator, Options, SESSION_COOKIE, TestApp, code_in, other_than},
};

const ANN: &str = "ann@example.com";

/// Names the file of secrets to the process that goes the journeys by itself, since what it logs is everything there is to log.
const SECRETS: &str = "NIGHTLATCH_TEST_SECRETS";

/// What a careless line would say.
const PLANTED: &str = "canary-planted-0123456789";

/// The secrets of a journey so far.
#[derive(Default)]
struct Cage(Mutex<Vec<String>>);

impl Cage {
    /// A password that is recognised anywhere.
    fn password(&self, name: &str) -> String {
        self.keep(format!("canary-{name}-walnut-9Qz{}", name.len()))
    }

    fn keep(&self, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{secret} is found anywhere");
        self.0.lock().unwrap().push(secret.clone());
        secret
    }

    /// Keeps a code as it is mailed and as it is typed.
    fn code(&self, letter: &str) -> String {
        let code = self.keep(code_in(letter).unwrap());
        self.keep(code.replace(' ', ""));
        code
    }

    /// Keeps what the cookies of `answer` hold.
    fn cookies(&self, answer: &Answer) {
        for line in answer.headers.get("set-cookie").into_iter().flatten() {
            let value = line.split(';').next().unwrap().split_once('=').unwrap().1;
            if !value.is_empty() {
                self.keep(value);
            }
        }
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }

    fn search(&self, place: &str, text: &str) {
        let secrets = self.text();
        let found = found(&secrets, text);
        assert!(found.is_empty(), "{place} holds secrets: {found:?}\n{text}");
    }
}

/// Those of `secrets`, one a line, that stand in `text`, as they are or encoded.
fn found<'s>(secrets: &'s str, text: &str) -> Vec<&'s str> {
    let holds = |secret: &&str| {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let escaped: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let forms =
            [(*secret).to_owned(), escaped, hex, STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)];
        forms.iter().any(|form| text.contains(form.as_str()))
    };
    secrets.lines().filter(holds).collect()
}

/// A visitor who keeps every secret, and looks whether an answer tells one.
struct Walk<'a> {
    app: &'a TestApp,
    cage: Cage,
}

impl Walk<'_> {
    async fn form(&self, path: &str, fields: &[(&str, &str)], status: u16) {
        let answer = Answer::of(self.app.post_form(path, fields).await).await;
        self.look(path, answer, status);
    }

    async fn json(&self, path: &str, body: Value, status: u16) -> Value {
        let answer = self.app.call(path, body).await;
        self.look(path, answer, status)
    }

    async fn get(&self, path: &str, status: u16) {
        let answer = Answer::of(self.app.get(path).await).await;
        self.look(path, answer, status);
    }

    /// Cookies are where their secrets belong, and so is an answer that gives tokens or names a request.
    fn look(&self, path: &str, mut answer: Answer, status: u16) -> Value {
        assert_eq!(answer.status.code, status, "{path}: {}", answer.body);
        self.cage.cookies(&answer);
        answer.headers.remove("set-cookie");
        let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let given = body.clone();
        for name in ["access_token", "refresh_token", "request", "secret", "uri"] {
            if let Some(secret) = given[name].as_str() {
                self.cage.keep(secret);
                body[name] = Value::Null;
                answer.body = body.to_string();
            }
        }
        for code in given["recovery_codes"].as_array().into_iter().flatten() {
            let code = self.cage.keep(code.as_str().unwrap());
            self.cage.keep(code.replace(' ', ""));
            body["recovery_codes"] = Value::Null;
            answer.body = body.to_string();
        }
        self.cage.search(path, &format!("{:?} {}", answer.headers, answer.body));
        given
    }

    /// The code in the newest letter. A letter holds its own code, and no other secret.
    async fn code(&self) -> String {
        let letters = self.app.letters().await;
        letters.iter().for_each(|letter| self.cage.search("a letter", letter));
        self.cage.code(letters.iter().find(|letter| code_in(letter).is_some()).unwrap())
    }

    async fn letters(&self) {
        self.app.letters().await.iter().for_each(|letter| self.cage.search("a letter", letter));
    }
}

#[async_test]
async fn tables_letters_and_answers_hold_no_secret_but_their_own() {
    let secrets = env::var(SECRETS).ok();
    if secrets.is_some() {
        talk();
    }
    let app = TestApp::new().await;
    let walk = Walk { app: &app, cage: Cage::default() };
    let new = visitors(&walk).await;
    let tokens = programs(&walk, &new).await;
    superusers(&walk).await;
    second_factors(&walk, &new).await;
    accidents(&walk, &tokens).await;
    let dump = dump(&app).await;
    assert!(dump.contains("users.email: ann@new.example"), "the search looks into every table: {dump}");
    walk.cage.search("the database", &dump);
    search_files(&walk.cage, app.data_dir());

    app.client.rocket().state::<Arc<Postman>>().unwrap().db.close().await;
    walk.json("/api/auth/signin", json!({ "email": ANN, "password": new }), 503).await;
    walk.form("/signup", &[("name", "Ann"), ("email", "gone@example.com"), ("password", &new)], 503).await;
    if let Some(secrets) = secrets {
        unreachable_services(&walk.cage).await;
        tracing::warn!(password = PLANTED, "a careless line");
        fs::write(secrets, walk.cage.text()).unwrap();
    }
}

/// Logs everything that anybody logs, on standard error.
fn talk() {
    let everything = Targets::new().with_default(Level::TRACE);
    dispatcher::set_global_default(lines(everything, LogFormat::Json, std::io::stderr)).unwrap();
}

/// Signing up, in and out, forgotten and changed passwords, another address; answers the password in the end.
async fn visitors(walk: &Walk<'_>) -> String {
    let cage = &walk.cage;
    let (first, wrong) = (cage.password("first"), cage.password("wrong"));
    walk.form("/signup", &[("name", "Ann"), ("email", ANN), ("password", &first)], 303).await;
    let code = walk.code().await;
    walk.form("/verify-email", &[("code", &other_than(&code))], 422).await;
    walk.form("/verify-email", &[("code", &code)], 303).await;
    walk.form("/logout", &[], 303).await;
    walk.form("/signin", &[("email", ANN), ("password", &wrong)], 401).await;
    // The form shows again what was typed into the wrong field; this does not.
    walk.json("/api/auth/signin", json!({ "email": wrong, "password": ANN }), 401).await;
    walk.form("/signin", &[("email", ANN), ("password", &first)], 303).await;
    for path in ["/dashboard", "/account", "/sessions", "/api/account/export", "/api/account/events", "/stay"] {
        walk.get(path, 200).await;
    }
    walk.form("/confirm", &[("password", &first)], 303).await;
    let second = cage.password("second");
    walk.form("/account/password", &[("current_password", &wrong), ("password", &second)], 401).await;
    walk.form("/account/password", &[("current_password", &first), ("password", &second)], 303).await;
    walk.form("/account/email", &[("email", "ann@new.example"), ("current_password", &second)], 303).await;
    let code = walk.code().await;
    walk.form("/account/email/confirm", &[("code", &code)], 303).await;
    walk.form("/logout-all", &[], 303).await;
    walk.form("/forgot-password", &[("email", "ann@new.example")], 303).await;
    let (code, third) = (walk.code().await, cage.password("third"));
    walk.form("/reset-password", &[("code", &code), ("password", &third)], 303).await;
    walk.form("/signup", &[("name", "Eve"), ("email", "ann@new.example"), ("password", &wrong)], 303).await;
    walk.letters().await;
    third
}

/// Tokens, their refresh and the reuse of one; answers the last pair.
async fn programs(walk: &Walk<'_>, password: &str) -> Value {
    let body = json!({ "email": "ann@new.example", "password": password });
    let first = walk.json("/api/auth/token", body, 200).await;
    let second = walk.json("/api/auth/token/refresh", json!({ "refresh_token": first["refresh_token"] }), 200).await;
    let third = walk.json("/api/auth/token/refresh", json!({ "refresh_token": second["refresh_token"] }), 200).await;
    walk.json("/api/auth/token/refresh", json!({ "refresh_token": first["refresh_token"] }), 401).await;
    walk.json("/api/auth/token/refresh", json!({ "refresh_token": third["refresh_token"] }), 401).await;
    walk.letters().await;
    third
}

/// What superusers do to others.
async fn superusers(walk: &Walk<'_>) {
    let token = walk.cage.keep(walk.app.superuser().await);
    let new = json!({ "email": "ben@example.com", "name": "Ben" });
    let answer = walk.app.call_as(&token, "/api/admin/users", new).await;
    let ben = walk.look("a new account", answer, 201)["id"].as_str().unwrap().to_owned();
    for act in ["logout", "send-reset"] {
        let answer = walk.app.call_as(&token, &format!("/api/admin/users/{ben}/{act}"), json!({})).await;
        walk.look(act, answer, 204);
    }
    for path in ["/api/admin/users", "/api/admin/sessions", "/api/admin/events"] {
        walk.look(path, walk.app.get_as(&token, path).await, 200);
    }
    walk.letters().await;
}

/// Turning a second factor on, signing in with it and with a recovery code, and a recovery code that is no good.
async fn second_factors(walk: &Walk<'_>, password: &str) {
    let body = json!({ "email": "ann@new.example", "password": password });
    let token = walk.cage.keep(walk.app.session_elsewhere("ann@new.example", password).await);
    let begun = walk.app.call_as(&token, "/api/account/second-factor", json!({})).await;
    let begun = walk.look("a secret", begun, 201);
    let authenticator = Authenticator::of(begun["uri"].as_str().unwrap());
    let code = json!({ "code": authenticator.code(walk.app.now()) });
    let on = walk.app.call_as(&token, "/api/account/second-factor/confirm", code).await;
    let codes = walk.look("turned on", on, 200)["recovery_codes"].clone();
    for code in [codes[0].clone(), codes[0].clone(), codes[1].clone()] {
        let request = walk.json("/api/auth/signin", body.clone(), 401).await["request"].clone();
        let answer = walk.app.call("/api/auth/signin/code", json!({ "request": request, "code": code })).await;
        let status = answer.status.code;
        walk.look("a recovery code", answer, status);
    }
    let request = walk.json("/api/auth/signin", body, 401).await["request"].clone();
    let misplaced = json!({ "request": request, "code": walk.cage.password("misplaced-code") });
    walk.json("/api/auth/signin/code", misplaced, 422).await;
    walk.letters().await;
}

/// Bodies, cookies and tokens that are no good.
async fn accidents(walk: &Walk<'_>, tokens: &Value) {
    let secret = walk.cage.password("misplaced");
    walk.json("/api/auth/signin", json!({ "email": ANN, "password": [secret] }), 422).await;
    walk.json("/api/auth/signin", json!({ "email": ANN, "pasword": secret }), 422).await;
    walk.json("/api/auth/signin", json!({ "email": ANN, "password": format!("{secret}\0") }), 422).await;
    walk.json("/api/auth/signin", json!({ "email": secret, "password": secret.repeat(200) }), 422).await;
    let garbage = walk.app.client.post("/api/auth/signin").header(ContentType::JSON).body(format!("{{\"{secret}"));
    walk.look("half a body", Answer::of(garbage.dispatch().await).await, 422);
    let ended = tokens["access_token"].as_str().unwrap();
    for bearer in [ended, &secret] {
        let call = walk.app.client.get("/api/account").header(Header::new("Authorization", format!("Bearer {bearer}")));
        walk.look("a bad bearer", Answer::of(call.dispatch().await).await, 401);
    }
    let cookie = Header::new("Cookie", format!("{SESSION_COOKIE}={secret}; {SESSION_COOKIE}={ended}"));
    let twice = walk.app.client.post("/logout").header(cookie);
    walk.look("a cookie twice", Answer::of(twice.dispatch().await).await, 400);
}

/// Every column of every row, each on a line.
async fn dump(app: &TestApp) -> String {
    let columns = if app.database_has_clock() {
        "SELECT table_name || ' ' || column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    } else {
        "SELECT m.name || ' ' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    };
    let mut all = String::new();
    for column in app.list(columns).await {
        let (table, column) = column.split_once(' ').unwrap();
        let values = format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL");
        // The migrations' table is not ours, and has types that cannot be read so.
        for value in if table.starts_with('_') { Vec::new() } else { app.list(&values).await } {
            all += &format!("{table}.{column}: {value}\n");
        }
    }
    all
}

/// What deleted rows leave behind is in the file still.
fn search_files(cage: &Cage, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        cage.search(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
}

/// The passwords of mail server and broker, and a server that cannot reach either.
async fn unreachable_services(cage: &Cage) {
    let (mail, broker) = (cage.password("smtp"), cage.password("amqp"));
    let vars = vec![
        ("NIGHTLATCH_MAIL__SMTP_URL", format!("smtp://nightlatch:{mail}@127.0.0.1:9")),
        ("NIGHTLATCH_AMQP_URL", format!("amqp://nightlatch:{broker}@127.0.0.1:9")),
    ];
    let app = TestApp::with(Options { vars, smtp: true, ..Options::default() }).await;
    let begun = app.call("/api/auth/signup", json!({ "email": ANN, "password": cage.password("early") })).await;
    assert_eq!(begun.status, Status::Accepted);
    let failed = "SELECT COUNT(*) FROM letters WHERE last_error IS NOT NULL";
    while app.count(failed).await == 0 {
        rocket::tokio::task::yield_now().await;
    }
    cage.search("the database", &dump(&app).await);
}

#[test]
fn no_log_line_holds_a_secret_however_talkative_everything_is() {
    let folder = TempDir::new("canary");
    let secrets = folder.0.join("secrets");
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["canary::tables_letters_and_answers_hold_no_secret_but_their_own", "--exact", "--nocapture"]);
    let done = child.env(SECRETS, &secrets).env("ROCKET_LOG_LEVEL", "normal").output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    let secrets = fs::read_to_string(secrets).unwrap();
    assert!(secrets.lines().count() > 30, "{secrets}");
    assert!(said.lines().filter(|line| line.contains("INSERT INTO")).count() > 10, "this is not everything: {said}");
    assert_eq!(found(&secrets, &said), [""; 0]);
    // The search would have found one.
    assert_eq!(found(PLANTED, &said), [PLANTED]);
}

#[test]
fn no_command_tells_a_secret_that_it_was_given() {
    let folder = TempDir::new("canary-settings");
    let cage = Cage::default();
    let (database, mail, broker) = (cage.password("database"), cage.password("mail"), cage.password("broker"));
    let key = cage.keep(STANDARD_NO_PAD.encode("canary-secret-key-of-32-bytes-or-more"));
    let database = format!("postgres://nightlatch:{database}@127.0.0.1:9/nightlatch");
    let mail = format!("smtp://nightlatch:{mail}@127.0.0.1:9");
    let broker = format!("amqp://nightlatch:{broker}@127.0.0.1:9");
    let good = [
        ("NIGHTLATCH_DATABASE_URL", database.as_str()),
        ("NIGHTLATCH_MAIL__SMTP_URL", &mail),
        ("NIGHTLATCH_AMQP_URL", &broker),
        ("NIGHTLATCH_SECRET_KEY", &key),
        ("ROCKET_LOG_LEVEL", "normal"),
    ];
    let wrong = good.map(|(name, value)| (name, value.replace("//nightlatch:", "//:nightlatch:@:")));
    let misnamed =
        good.map(|(name, value)| (if name.ends_with("KEY") { "NIGHTLATCH_SECRET_KEI" } else { name }, value));
    for vars in [good, misnamed, wrong.each_ref().map(|(name, value)| (*name, value.as_str()))] {
        for command in ["serve", "check", "migrate"] {
            let (code, words, errors, _) = run(&folder, &[command], &vars);
            assert_eq!(code, Some(1), "{command}: {words}{errors}");
            cage.search(command, &format!("{words}{errors}"));
        }
    }
}
