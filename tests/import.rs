//! Moving in from another application, and from one instance to another.
use std::{
    io::Write,
    process::{Child, Stdio},
};

use rocket::{async_test, http::Status};
use serde_json::{Value, json};

use crate::{
    settings::{TempDir, program},
    support::{Answer, PASSWORD, TestApp, secret_text},
};

/// Hashes of [`PASSWORD`], made by Django, Werkzeug, passlib, bcrypt and argon2-cffi. The first is in two parts, or it would look like a
/// secret of ours.
pub const HASHES: [(&str, &str); 6] = [
    ("pbkdf2", concat!("pbkdf2_sha256$1000$seasalt0$lIFPwVz/sgE5XgM/gKBg", "78VzhLnr2SpxD8j2xDV2Jnc=")),
    (
        "django",
        "scrypt$1024$seasalt$8$5$VIM9mtfErLaYnWx2FBcovuYMkSu4LlqARP33nP4NWFH2upWaBTSzw5StEvdZLC14hweMZVBxDbxMIc3JDL+88Q==",
    ),
    (
        "werkzeug",
        "pbkdf2:sha256:1000$JknSBsrHTGdzWh25$0c2325fc166ade8a4c3f5b7dfb082f1840917841ef77e0649c695f6fe2399d4c",
    ),
    ("passlib", "$pbkdf2-sha256$1000$mnMOwTjHuDdmTEmpdQ4hZA$h5mUqHkA9RjBofu0xYzNmFEJRGY5id743eNjsd3O3XA"),
    ("bcrypt", "bcrypt_sha256$$2b$04$3QKChtwTtuM4KZFMVJShaONkFTL2Bkwxoa32.ZKwQ00i1JBMLpKt."),
    ("argon2", "$argon2i$v=19$m=256,t=1,p=1$rZXOrEFNucKbT+XR5T7+YA$LVTXMzwcnlXa1OJOayx3NO52BB6N7tfA7EP3hO7tRFU"),
];

/// What a run of the program came to.
pub struct Run {
    pub code: Option<i32>,
    pub words: String,
    pub errors: String,
}

/// Starts the program on the database of `app`, with pipes, in a folder that is to be kept as long as it runs.
pub fn start(app: &TestApp, arguments: &[&str]) -> (TempDir, Child) {
    let folder = TempDir(app.data_dir().join("command"));
    std::fs::create_dir_all(&folder.0).unwrap();
    let vars = [("NIGHTLATCH_DATABASE_URL", app.database_url.as_str()), ("NIGHTLATCH_SECRET_KEY", secret_text())];
    let child = program(&folder, arguments, &vars).stdin(Stdio::piped()).spawn().unwrap();
    (folder, child)
}

/// Runs it, with `input` on its standard input.
pub fn run(app: &TestApp, arguments: &[&str], input: &str) -> Run {
    let (_folder, mut child) = start(app, arguments);
    // A command that stops at once does not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // A busy machine has slow statements, which are no fault of the program.
    let errors = text(done.stderr);
    let errors = errors.split_inclusive('\n').filter(|line| !line.contains("slow statement")).collect();
    Run { code: done.status.code(), words: text(done.stdout), errors }
}

/// Imports CSV; answers what was said.
pub fn import(app: &TestApp, options: &[&str], csv: &str) -> String {
    let run = run(app, &[&["import", "-", "--format", "csv"], options].concat(), csv);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{}", run.words);
    run.words
}

/// The one line that an import of CSV ends with.
pub fn refused(app: &TestApp, options: &[&str], csv: &str) -> String {
    let run = run(app, &[&["import", "-", "--format", "csv"], options].concat(), csv);
    assert_eq!((run.code, run.errors.lines().count()), (Some(1), 1), "{} {}", run.words, run.errors);
    run.errors
}

fn export(app: &TestApp) -> String {
    let run = run(app, &["export", "users", "--with-hashes"], "");
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    run.words
}

pub async fn sign_in(app: &TestApp, login: &str, password: &str) -> Answer {
    app.call("/api/auth/signin", json!({ "email": login, "password": password })).await
}

pub async fn users(app: &TestApp) -> Vec<String> {
    app.list("SELECT email FROM users ORDER BY email").await
}

#[async_test]
async fn whoever_moved_in_signs_in_with_the_old_password_and_it_is_hashed_anew() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "false")]).await;
    let rows: String = HASHES.iter().map(|(who, hash)| format!("{who}@example.com,\"{hash}\"\n")).collect();
    let words = import(&app, &[], &format!("email,password\n{rows}"));
    assert!(words.contains("6 new (superusers: 0, locked: 0, without a password: 0)"), "{words}");
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions").await, 0);
    for (who, hash) in HASHES {
        let (email, stored) = (
            format!("{who}@example.com"),
            format!("SELECT password_hash FROM users WHERE email = '{who}@example.com'"),
        );
        assert_eq!(sign_in(&app, &email, "plum-harbor-velvet-signa").await.status, Status::Unauthorized, "{who}");
        assert_eq!(app.ask::<String>(&stored).await, hash, "a wrong password changes nothing");
        let answer = sign_in(&app, &email, PASSWORD).await;
        assert_eq!(
            (answer.status, answer.json()["user"]["email_verified"].as_bool()),
            (Status::Ok, Some(true)),
            "{who}"
        );
        let own: String = app.ask(&stored).await;
        assert!(own.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{who}: {own}");
        assert_eq!(sign_in(&app, &email, PASSWORD).await.status, Status::Ok, "{who}");
        assert_eq!(sign_in(&app, &email, "plum-harbor-velvet-signa").await.status, Status::Unauthorized, "{who}");
    }
    app.letters().await;
}

#[async_test]
async fn a_password_that_was_hashed_as_it_was_typed_is_known_in_both_forms() {
    let app = TestApp::new().await;
    import(
        &app,
        &[],
        concat!(
            "email,password\nann@example.com,pbkdf2_sha256$1000$seasalt0$rRQWZQSo9iCjRfYrU8wQU/",
            "gbZKgHtj7obLo9jbZU2J8=\n"
        ),
    );
    assert_eq!(sign_in(&app, "ann@example.com", "plum-harbor-v\u{e9}lvet").await.status, Status::Unauthorized);
    assert_eq!(sign_in(&app, "ann@example.com", "plum-harbor-ve\u{301}lvet").await.status, Status::Ok);
    assert_eq!(sign_in(&app, "ann@example.com", "plum-harbor-v\u{e9}lvet").await.status, Status::Ok, "from then on");
    app.letters().await;
}

#[async_test]
async fn a_row_says_name_role_age_and_state() {
    let app = TestApp::new().await;
    let csv = "\u{feff}id,password,last_login,is_superuser,username,first_name,last_name,email,is_staff,is_active,date_joined\n\
        1,,,t,Root,Ada,Lovelace,Ada@Example.com,t,t,2024-01-02 03:04:05.678+00\n\
        2,!never,,f,ben@example.com,Ben,,ben@example.com,f,0,2024-01-02T03:04:05+02:00\n";
    let words = import(&app, &[], csv);
    assert!(words.contains("2 new (superusers: 1, locked: 1, without a password: 2)"), "{words}");
    let row = |email: &str| {
        let columns = "name || '/' || COALESCE(username, '-') || '/' || role || '/' || CAST(created_at AS TEXT)";
        format!("SELECT {columns} FROM users WHERE email = '{email}'")
    };
    assert_eq!(app.ask::<String>(&row("ada@example.com")).await, "Ada Lovelace/root/superuser/1704164645678");
    assert_eq!(app.ask::<String>(&row("ben@example.com")).await, "Ben/-/user/1704157445000");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM users WHERE locked_at IS NOT NULL AND email = 'ben@example.com'").await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM events WHERE type = 'user.created' AND data = '{\"reason\":\"imported\"}'")
            .await,
        2
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM user_words WHERE word IN ('ada', 'lovelace', 'root', 'example.com')").await,
        5
    );
    assert!(app.letters().await.is_empty());
    // Nobody has set a password yet.
    assert_eq!(sign_in(&app, "ada@example.com", "").await.status, Status::Unauthorized);
}

#[async_test]
async fn accounts_without_an_address_of_their_own_are_left_out_or_kept_by_username() {
    let app = TestApp::new().await;
    let csv = format!(
        "email,username,password\n,ann,{hash}\nBob@example.com,bob,{hash}\nbob@example.com,bob2,{hash}\nx@localhost,cy,\n,,\nd@example.com,\"d d\",\nd2@example.com,Same,\nd3@example.com,same,\n",
        hash = HASHES[0].1
    );
    let words = import(&app, &[], &csv);
    for line in [
        "standard input:2: ann: left out: it has no address",
        "standard input:3: Bob@example.com: left out: another row has the same address in other letter case",
        "standard input:4: bob@example.com: left out: another row has the same address in other letter case",
        "standard input:5: x@localhost: left out: what it has is no address",
        "standard input:6: left out: it has no address",
        "standard input:7: d@example.com: without its username, which has characters that are not taken here",
        "standard input:8: d2@example.com: without its username, which another has too",
        "standard input:9: d3@example.com: without its username, which another has too",
    ] {
        assert!(words.lines().any(|said| said == line), "{line}\n{words}");
    }
    assert_eq!(users(&app).await, ["d2@example.com", "d3@example.com", "d@example.com"]);

    let words = import(&app, &["--allow-username-only"], &csv);
    assert!(words.contains("3 new") && words.contains("3 here already"), "{words}");
    let nobody = "standard input:5: x@localhost: left out: it has neither an address of its own nor a password, so that nobody could sign in";
    assert!(words.lines().any(|said| said == nobody), "{words}");
    assert_eq!(sign_in(&app, "ann", PASSWORD).await.json()["user"]["email_verified"], false);
    // Nothing is mailed to what only stands for an address, and nobody can type it.
    assert_eq!(
        (
            app.letters().await.len(),
            app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL").await
        ),
        (0, 0)
    );
    assert_eq!(sign_in(&app, "ann@username.invalid", PASSWORD).await.status, Status::Unauthorized);
    let forgot = app.call("/api/auth/forgot-password", json!({ "email": "ann@username.invalid" })).await;
    assert_eq!(forgot.status, Status::UnprocessableEntity);
}

#[async_test]
async fn somebody_without_an_address_gives_one_by_proving_it() {
    let app = TestApp::new().await;
    import(&app, &["--allow-username-only"], &format!("username,password\nann,{}\n", HASHES[0].1));
    app.post_form("/signin", &[("email", "ann"), ("password", PASSWORD)]).await;
    let form = [("email", "ann@example.com"), ("current_password", PASSWORD)];
    app.post_form("/account/email", &form).await;
    let code = app.mailed_code().await;
    assert_eq!(app.post_form("/account/email/confirm", &[("code", &code)]).await.status(), Status::SeeOther);
    assert_eq!(users(&app).await, ["ann@example.com"]);
    assert_eq!(app.letters().await.len(), 1, "the new address alone is told");
}

#[async_test]
async fn broken_rows_are_found_before_anything_is_written() {
    let app = TestApp::new().await;
    let (bad, good) = ("bad@example.com", "good@example.com");
    for (csv, words) in [
        (
            format!("email,password\n{good},\n{bad},plum\n"),
            "standard input:3: password_hash is in no format that is known here",
        ),
        (
            format!(
                "email,password\n{good},\n{bad},\"$pbkdf2-sha256$5000001$IgQgxPgfIyREqBWCkLJWig$nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0\"\n"
            ),
            "would take more memory or time",
        ),
        (
            format!("email,password\n{bad},$2b$12$abc\n{good},\n"),
            "standard input:2: password_hash is cut short or spoiled",
        ),
        (format!("email,is_active\n{bad},perhaps\n{good},1\n"), "standard input:2: is_active is neither yes nor no"),
        (format!("email,date_joined\n{bad},yesterday\n{good},\n"), "standard input:2: created_at is no moment"),
        (format!("email,role\n{bad},boss\n{good},\n"), "standard input:2: role is neither user nor superuser"),
        (
            format!("email,name\n{good},\n{bad}\n{bad}\n"),
            "standard input:3: has 1 fields and not 2 (2 rows are broken)",
        ),
    ] {
        let errors = refused(&app, &[], &csv);
        assert!(errors.contains(words) && !errors.contains("plum"), "{errors}");
        assert_eq!(users(&app).await, Vec::<String>::new(), "{words}");
        assert!(refused(&app, &["--dry-run"], &csv).contains(words));
        assert_eq!(users(&app).await, Vec::<String>::new());
        import(&app, &["--skip-broken"], &csv);
        assert_eq!(users(&app).await, [good], "{words}");
        app.execute("DELETE FROM users").await;
    }
}

#[async_test]
async fn what_cannot_be_read_is_named_in_one_line() {
    let app = TestApp::new().await;
    for (arguments, words) in [
        (&["import", "missing.csv"][..], "missing.csv: No such file"),
        (&["import", "users.txt"], "users.txt: No such file"),
        (&["import", "-"], "standard input: neither .csv nor .jsonl; say which by --format"),
        (&["import", "--database", "mysql://localhost/x"], "--database: begins with neither postgres:// nor sqlite://"),
        (&["import", "--database", "sqlite://missing.db"], "--database: sqlite://missing.db: "),
        (&["import", "--database", "postgres://ann:hunter2@127.0.0.1:1/x"], "--database: the server in it: "),
        (&["import", "--database", &app.database_url, "--table", "nowhere"], "nowhere: there is no such table"),
        (
            &["import", "--database", &app.database_url, "--table", "users", "--columns", "email=mail"],
            "users: there is no column `mail`; there are id, email,",
        ),
        (
            &["import", "--database", &app.database_url, "--table", "feed"],
            "feed: no column looks like an address or a username",
        ),
        (
            &["import", "-", "--format", "csv", "--columns", "email=mail"],
            "standard input: there is no column `mail`; there are email",
        ),
        (&["import", "-", "--format", "jsonl"], "standard input:1: is no JSON object"),
    ] {
        let run = run(&app, arguments, "email\nann@example.com\n");
        assert_eq!((run.code, run.errors.lines().count()), (Some(1), 1), "{arguments:?} {}", run.errors);
        assert!(run.errors.contains(words) && !run.errors.contains("hunter2"), "{}", run.errors);
    }
    assert_eq!(users(&app).await, Vec::<String>::new());
}

#[async_test]
async fn an_import_can_be_run_again_and_brings_up_to_date_whom_nobody_has_signed_in_to() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "false")]).await;
    let csv = |hash: &str| {
        format!("email,username,name,password\nann@example.com,ann,Ann,{hash}\nben@example.com,,Ben,{hash}\n")
    };
    import(&app, &[], &csv(HASHES[2].1));
    let words = import(&app, &[], &csv(HASHES[0].1));
    assert!(words.contains("0 new") && words.contains("2 here already"), "{words}");
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 2);
    assert_eq!(sign_in(&app, "ann", PASSWORD).await.status, Status::Ok);
    let newer = csv(HASHES[0].1).replace(",Ann,", ",Anna,").replace(",Ben,", ",Benjamin,");
    let foreseen = import(&app, &["--update", "--dry-run"], &newer);
    assert!(foreseen.contains("1 here already") && foreseen.contains("1 would be brought up to date"), "{foreseen}");
    let words = import(&app, &["--update"], &newer);
    assert!(words.contains("1 here already") && words.contains("1 brought up to date"), "{words}");
    assert_eq!(app.list("SELECT name FROM users ORDER BY name").await, ["Ann", "Benjamin"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM user_words WHERE word = 'benjamin'").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'user.password_changed'").await, 1);
    let hash: String = app.ask("SELECT password_hash FROM users WHERE email = 'ben@example.com'").await;
    assert_eq!(hash, HASHES[0].1);
    assert!(import(&app, &["--update"], &newer).contains("2 here already"));
    app.letters().await;
}

#[async_test]
async fn superusers_and_whoever_set_a_password_here_are_left_alone() {
    let app = TestApp::new().await;
    import(&app, &[], "email,is_superuser\nroot@example.com,1\nann@example.com,0\n");
    app.call("/api/auth/forgot-password", json!({ "email": "ann@example.com" })).await;
    app.execute("UPDATE users SET version = 2, password_hash = 'own' WHERE email = 'ann@example.com'").await;
    let csv = format!(
        "email,name,password,is_superuser\nroot@example.com,Eve,{hash},1\nann@example.com,Eve,{hash},1\n",
        hash = HASHES[0].1
    );
    assert!(import(&app, &["--update"], &csv).contains("2 here already"));
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE name = 'Eve'").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE role = 'superuser'").await, 1);
    app.letters().await;
}

#[async_test]
async fn a_table_of_another_database_is_read_and_not_changed() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "false")]).await;
    app.execute("CREATE TABLE auth_user (id BIGINT, password TEXT, is_superuser BOOLEAN, username TEXT, first_name TEXT, last_name TEXT, email TEXT, is_active BOOLEAN, date_joined TIMESTAMP)").await;
    for (id, (who, hash)) in HASHES.iter().enumerate() {
        app.execute(&format!("INSERT INTO auth_user VALUES ({id}, '{hash}', {root}, '{who}', 'Ann', 'Lee', '{who}@example.com', {}, '2024-01-02 03:04:05.678')", id != 1, root = id == 0)).await;
    }
    app.execute("CREATE TABLE \"odd users\" (\"pk\" BIGINT, \"e mail\" TEXT, \"login\"\"name\" TEXT, secret TEXT)")
        .await;
    app.execute(&format!("INSERT INTO \"odd users\" VALUES (1, 'odd@example.com', 'odd', '{}')", HASHES[0].1)).await;
    let table = |more: &[&str]| run(&app, &[&["import", "--database", &app.database_url], more].concat(), "");
    let done = table(&[]);
    assert_eq!(done.errors, "");
    assert!(done.words.contains("6 new (superusers: 1, locked: 1, without a password: 0)"), "{}", done.words);
    let odd = "email=e mail,username=login\"name,password_hash=secret";
    let done = table(&["--table", "odd users", "--columns", odd]);
    assert_eq!((done.code, done.errors.as_str()), (Some(0), ""));
    for who in ["pbkdf2@example.com", "odd"] {
        assert_eq!(sign_in(&app, who, PASSWORD).await.status, Status::Ok, "{who}");
    }
    assert_eq!(sign_in(&app, "django", PASSWORD).await.status, Status::Unauthorized, "locked");
    assert_eq!(app.count("SELECT created_at FROM users WHERE username = 'pbkdf2'").await, 1_704_164_645_678);
    assert_eq!(app.count("SELECT COUNT(*) FROM auth_user").await, 6);
    app.letters().await;
}

#[async_test]
async fn an_export_makes_the_same_accounts_elsewhere() {
    let app = TestApp::new().await;
    app.sign_up("zoe@example.com").await;
    let csv = format!(
        "email,username,name,password,is_superuser,is_active,created_at\nann@example.com,ann,Ann \"\"A\"\" Lee,{},1,0,2020-01-01\n,ben,,{},0,1,\n",
        HASHES[0].1, HASHES[1].1
    );
    import(&app, &["--allow-username-only"], &csv.replace("Ann \"\"A\"\" Lee", "\"Ann \"\"A\"\" Lee\""));
    import(&app, &["--unverified"], "email\ncy@example.com\n");
    let run_all = run(&app, &["export", "users", "sessions", "events", "--with-hashes"], "");
    let users = export(&app);
    assert_eq!(users.lines().count(), 4);
    let fresh = TestApp::new().await;
    let done = run(&fresh, &["import", "-", "--format", "jsonl", "--unverified"], &run_all.words);
    assert_eq!((done.code, done.errors.as_str()), (Some(0), ""));
    assert!(done.words.contains("4 new"), "{}", done.words);
    assert_eq!(export(&fresh), users);
    assert_eq!(fresh.count("SELECT COUNT(*) FROM sessions").await, 0);
    let line: Value = serde_json::from_str(users.lines().next().unwrap()).unwrap();
    assert_eq!(
        fresh.ask::<String>("SELECT id FROM users ORDER BY created_at LIMIT 1").await,
        line["id"].as_str().unwrap()
    );
    app.letters().await;
}
