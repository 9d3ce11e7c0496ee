//! What whoever runs programs where the server runs can do, by the program itself.
use std::{io::Write, net::TcpListener, process::Stdio};

use nightlatch::clock::Clock;
use rocket::serde::json::serde_json::{self, Value, json};

use crate::{
    settings::{TempDir, program, run, serve},
    support::{Authenticator, PASSWORD},
};

const ANN: &str = "ann@example.com";

/// Runs the program with a password on its standard input; answers exit code, words and errors.
fn create(folder: &TempDir, arguments: &[&str], password: &str) -> (Option<i32>, String, String) {
    let arguments = [&["user", "create", "--password-stdin"], arguments].concat();
    let mut child = program(folder, &arguments, &[]).stdin(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

fn ok(folder: &TempDir, arguments: &[&str]) -> String {
    let (code, words, errors, _) = run(folder, arguments, &[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{arguments:?}");
    words
}

fn refused(folder: &TempDir, arguments: &[&str]) -> String {
    let (code, words, errors, _) = run(folder, arguments, &[]);
    assert!(code == Some(1) && words.is_empty(), "{arguments:?}: {code:?} {words}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

fn lines(words: &str) -> Vec<Value> {
    words.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn accounts_are_made_shown_locked_and_deleted_from_the_command_line() {
    let folder = TempDir::new("users");
    let ann = ["--email", ANN, "--name", "Ann Lee", "--username", "Annie", "--superuser"];
    let (code, words, errors) = create(&folder, &ann, PASSWORD);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(words.starts_with("ann@example.com: "), "{words}");
    let words = ok(&folder, &["user", "create", "--email", "ben@example.com"]);
    assert!(words.contains("A letter tells its owner"), "{words}");

    let table = ok(&folder, &["user", "list"]);
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows.len() == 3 && rows[0].contains("ADDRESS") && rows[1].contains("invited"), "{table}");
    assert!(
        ["ann@example.com", "Ann Lee", "annie", "superuser", "active", "never"]
            .iter()
            .all(|word| rows[2].contains(word)),
        "{table}"
    );
    let found = lines(&ok(&folder, &["user", "list", "--search", "lee", "--json"]));
    assert_eq!((found.len(), &found[0]["email"]), (1, &json!(ANN)));
    assert_eq!(lines(&ok(&folder, &["user", "list", "--limit", "1", "--json"])).len(), 1);

    ok(&folder, &["user", "create", "--email", "cy@example.com", "--superuser"]);
    for who in [ANN, "annie", found[0]["id"].as_str().unwrap()] {
        ok(&folder, &["user", "lock", who]);
        assert_eq!(lines(&ok(&folder, &["user", "show", who, "--json"]))[0]["status"], "locked");
        ok(&folder, &["user", "unlock", who]);
    }
    assert!(ok(&folder, &["user", "show", ANN]).contains("Ann Lee"));
    assert!(ok(&folder, &["user", "delete", "ben@example.com", "--yes"]).contains("deleted"));
    assert!(ok(&folder, &["user", "logout", "--everyone"]).contains("Everybody"));
    assert_eq!(lines(&ok(&folder, &["user", "list", "--json"])).len(), 2);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let folder = TempDir::new("refusals");
    create(&folder, &["--email", ANN, "--superuser"], PASSWORD);
    for (arguments, words) in [
        (&["user", "show", "nobody@example.com"][..], "nobody@example.com: there is no such account"),
        (&["user", "lock", ANN], "only superuser"),
        (&["user", "delete", ANN, "--yes"], "only superuser"),
        (&["user", "reset-second-factor", ANN], "ann@example.com: has no second factor"),
        (&["user", "delete", ANN], "--yes"),
        (&["user", "create", "--email", ANN], "email: Another account has this already."),
        (&["user", "create", "--email", "x"], "email: Enter an email address"),
        (&["user", "create", "--email", "x@example.com", "--username", "a@b"], "username: Use letters"),
        (&["user", "list", "--status", "asleep"], "--status: Choose one of these"),
    ] {
        let errors = refused(&folder, arguments);
        assert!(errors.contains(words), "{arguments:?}: {errors}");
    }
    let (code, words, errors) = create(&folder, &["--email", "b@example.com"], "short");
    assert!(code == Some(1) && words.is_empty() && errors.contains("password: "), "{errors}");
    assert_eq!(lines(&ok(&folder, &["user", "list", "--json"])).len(), 1);
}

#[test]
fn an_export_holds_everything_and_hashes_only_when_asked_for() {
    let folder = TempDir::new("export");
    create(&folder, &["--email", ANN], PASSWORD);
    let users = lines(&ok(&folder, &["export", "users"]));
    assert_eq!((users.len(), &users[0]["email"], users[0].get("password_hash")), (1, &json!(ANN), None));
    let all = lines(&ok(&folder, &["export", "users", "sessions", "events", "--with-hashes"]));
    assert!(all[0]["password_hash"].as_str().unwrap().starts_with("$argon2id$"));
    assert_eq!((&all[1]["kind"], &all[1]["type"]), (&json!("event"), &json!("user.created")));
}

#[test]
fn new_keys_are_listed_before_they_sign() {
    let folder = TempDir::new("keys");
    let state = |table: &str, word: &str| table.lines().filter(|line| line.contains(word)).count();
    let table = ok(&folder, &["keys", "list"]);
    assert_eq!((state(&table, "session cookies"), state(&table, "access tokens"), state(&table, "signs")), (1, 1, 2));
    assert!(ok(&folder, &["keys", "rotate"]).contains("nobody is signed out"));
    let table = ok(&folder, &["keys", "list"]);
    assert_eq!((table.lines().count(), state(&table, "signs from")), (5, 2), "{table}");
}

#[test]
fn a_running_server_refuses_whom_the_command_line_signed_out() {
    let folder = TempDir::new("logout");
    create(&folder, &["--email", ANN], PASSWORD);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let vars = [("ROCKET_PORT", port.as_str())];
    let _serving = serve(&folder, &vars);
    let url = |path: &str| format!("http://localhost:{port}/api/auth/{path}");
    let agent = agent();
    for who in [ANN, "--everyone"] {
        let sent = json!({ "email": ANN, "password": PASSWORD }).to_string();
        let signed_in = agent.post(url("signin")).header("Content-Type", "application/json").send(&sent).unwrap();
        let value = |line: &ureq::http::HeaderValue| line.to_str().unwrap().split(';').next().unwrap().to_owned();
        let cookies: Vec<String> = signed_in.headers().get_all("set-cookie").iter().map(value).collect();
        let ask = || agent.get(url("session")).header("Cookie", cookies.join("; ")).call().unwrap();
        assert_eq!(ask().status(), 200, "{who}");
        ok(&folder, &["user", "logout", who]);
        let mut answer = ask();
        assert_eq!(answer.status(), 401);
        let told: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!(told["reason"], "forced");
    }
}

#[test]
fn whoever_lost_the_second_factor_gets_in_again_with_help_of_the_command_line() {
    let folder = TempDir::new("factor");
    create(&folder, &["--email", ANN, "--superuser"], PASSWORD);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let _serving =
        serve(&folder, &[("ROCKET_PORT", port.as_str()), ("NIGHTLATCH_SUPERUSER__SECOND_FACTOR", "required")]);
    let agent = agent();
    let call = |path: &str, access: &Value, body: Value| {
        let request = agent.post(format!("http://localhost:{port}/api/{path}"));
        let request = request.header("Authorization", format!("Bearer {}", access.as_str().unwrap_or_default()));
        let mut answer = request.header("Content-Type", "application/json").send(body.to_string()).unwrap();
        (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.body_mut().read_to_string().unwrap()).unwrap())
    };
    let password = json!({ "email": ANN, "password": PASSWORD });
    let (_, tokens) = call("auth/token", &Value::Null, password.clone());
    let access = &tokens["access_token"];
    let (status, begun) = call("account/second-factor", access, json!({}));
    assert_eq!(status, 201, "{begun}");
    let code = Authenticator::of(begun["uri"].as_str().unwrap()).code(Clock::system().now());
    assert_eq!(call("account/second-factor/confirm", access, json!({ "code": code })).0, 200);
    assert!(ok(&folder, &["user", "show", ANN]).contains("second factor"));
    assert!(lines(&ok(&folder, &["user", "show", ANN, "--json"]))[0]["second_factor_at"].is_string());
    assert_eq!(call("auth/token", &Value::Null, password.clone()).1["code"], "second_factor_required");
    assert!(ok(&folder, &["user", "reset-second-factor", ANN]).contains("no second factor any more"));
    let (status, told) = call("auth/confirm", access, json!({ "password": PASSWORD }));
    assert_eq!((status, &told["reason"]), (401, &json!("forced")), "its sessions have ended");
    assert_eq!(call("auth/token", &Value::Null, password).0, 200);
    assert!(lines(&ok(&folder, &["user", "show", ANN, "--json"]))[0]["second_factor_at"].is_null());
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}
