//! Files, tables and operators that mean harm to an import, or do it by mistake.
use std::io::Write;

use rocket::{async_test, http::Status};

use crate::{
    import::{HASHES, import, refused, run, sign_in, start, users},
    support::{PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";

#[async_test]
async fn whoever_signed_up_here_keeps_the_password() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    app.execute("UPDATE sessions SET ended_at = 1").await;
    let csv = format!("email,name,password\n{ANN},Eve,{}\n", HASHES[2].1);
    let before: String = app.ask("SELECT password_hash FROM users").await;
    assert!(import(&app, &["--update"], &csv).contains("1 here already"));
    assert_eq!(app.ask::<String>("SELECT password_hash FROM users").await, before);
    app.letters().await;
}

#[async_test]
async fn no_row_brings_an_account_up_to_date_by_its_number_alone() {
    let app = TestApp::new().await;
    let id = "0123456789abcdef0123456789abcdef";
    import(&app, &[], &format!("id,email\n{id},{ANN}\n"));
    let csv = format!("id,email,name,password\n{id},eve@example.com,Eve,{}\n", HASHES[0].1);
    assert!(import(&app, &["--update"], &csv).contains("1 here already"));
    assert_eq!(app.list("SELECT name FROM users").await, [""]);
}

#[async_test]
async fn rows_that_share_a_number_get_numbers_of_their_own() {
    let app = TestApp::new().await;
    let id = "0123456789abcdef0123456789abcdef";
    let words = import(&app, &[], &format!("id,email\n{id},{ANN}\n{id},bob@example.com\n"));
    assert!(words.contains("2 new"), "{words}");
    assert_eq!(app.count("SELECT COUNT(DISTINCT user_id) FROM events WHERE type = 'user.created'").await, 2);
}

#[async_test]
async fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let app = TestApp::new().await;
    let errors = refused(&app, &[], &format!("email,name\n{ANN},Ann\nbob@example.com,\"{}", "x\n".repeat(2 << 20)));
    assert!(errors.contains("standard input: line 3 is longer than 1048576 bytes"), "{errors}");
    let errors = refused(&app, &["--skip-broken"], &"x".repeat(3 << 20));
    assert!(errors.contains("standard input: line 1 is longer than 1048576 bytes"), "{errors}");
    assert_eq!(users(&app).await, Vec::<String>::new());
}

#[async_test]
async fn what_is_no_text_is_named_by_its_line() {
    let app = TestApp::new().await;
    let file = app.data_dir().join("latin.csv");
    let import = |rows: &[u8], more: &[&str]| {
        std::fs::write(&file, rows).unwrap();
        run(&app, &[&["import", file.to_str().unwrap()], more].concat(), "")
    };
    let done = import(b"email,name\r\nann@example.com,\"A\r\nnn\"\r\nbob@example.com,B\xf6b\r\n", &[]);
    assert_eq!((done.code, done.errors.lines().count()), (Some(1), 1));
    assert!(done.errors.contains("latin.csv:4: is not UTF-8"), "{}", done.errors);
    let done = import(b"email,name\nann@example.com,\"A\0nn\"\nbob@example.com,B\xf6b\n", &["--skip-broken"]);
    assert_eq!((done.code, done.errors.as_str()), (Some(0), ""));
    assert_eq!(app.list("SELECT name FROM users").await, ["Ann"]);
}

#[async_test]
async fn json_that_is_none_is_named_by_its_line_and_not_shown() {
    let app = TestApp::new().await;
    for (text, words) in [
        ("\"hunter2\"\n", "standard input:1: is no JSON object"),
        ("{\"email\":\"a@b.example\"}\n{\"email\":hunter2}\n", "standard input:2: is no JSON object (column 10)"),
        ("{\"email\":\"a@b.example\"}\n{\"email\":[\"hunter2\"]}\n", "standard input:2: has a list or an object"),
    ] {
        let done = run(&app, &["import", "-", "--format", "jsonl"], text);
        assert_eq!((done.code, done.errors.lines().count()), (Some(1), 1), "{text} {}", done.errors);
        assert!(done.errors.contains(words) && !done.errors.contains("hunter2"), "{}", done.errors);
    }
    // A mark of the encoding, and a column that means something else there.
    let text = "\u{feff}{\"kind\":\"customer\",\"email\":\"ann@example.com\"}\r\n\r\n{\"kind\":\"event\"}\n";
    let done = run(&app, &["import", "-", "--format", "jsonl"], text);
    assert!(done.words.contains("1 new"), "{} {}", done.words, done.errors);
}

#[async_test]
async fn lines_are_counted_however_they_end() {
    let app = TestApp::new().await;
    for end in ["\n", "\r\n"] {
        for (rows, line) in
            [("email,active\nx@y.example,1\nx@z.example,no!\n", 3), ("email,active\nx@y.example,no!\n", 2)]
        {
            let errors = refused(&app, &[], &rows.replace('\n', end));
            assert!(errors.contains(&format!("standard input:{line}: is_active")), "{end:?} {rows}: {errors}");
        }
    }
    for (rows, line) in [
        ("\n\nemail,active\n\n\r\n\nx@y.example,no!\n", 7),
        ("email,active\r\nx@y.example,1\nx@z.example,1\r\nx@w.example,no!", 4),
        ("email,active\nx@y.example,1\r\nx@z.example,no!\r\n", 3),
        ("\u{feff}email,name,active\r\n\r\nx@y.example,\"A\r\n\r\nB\",1\r\nx@z.example,\"A\nB\",no!\r\n\r\n", 6),
        ("email,active\rx@y.example,1\r\rx@z.example,no!", 4),
        ("email,active\nx@y.example,1\n\nx@z.example\n", 4),
    ] {
        let errors = refused(&app, &[], rows);
        assert!(errors.contains(&format!("standard input:{line}: ")), "{rows:?}: {errors}");
    }
}

#[async_test]
async fn a_table_may_hold_anything() {
    let app = TestApp::new().await;
    app.execute("CREATE TABLE people (email TEXT, name TEXT, password TEXT)").await;
    app.execute("INSERT INTO people VALUES ('ann@example.com', 'Ann', NULL)").await;
    let is_sqlite = app.database_url.starts_with("sqlite");
    let odd = if is_sqlite { "CAST(x'42f662' AS TEXT)" } else { "U&'B\\0001b'" };
    app.execute(&format!("INSERT INTO people VALUES ('bob@example.com', {odd}, NULL)")).await;
    let import = |more: &[&str]| {
        let table = ["import", "--database", &app.database_url, "--table", "people"];
        run(&app, &[&table[..], more].concat(), "")
    };
    app.execute("INSERT INTO people VALUES ('cy@example.com', 'Cy', NULL)").await;
    if is_sqlite {
        let done = import(&[]);
        assert_eq!((done.code, done.errors.lines().count()), (Some(1), 1));
        assert!(done.errors.contains("people, row 2: holds what is not UTF-8: nothing"), "{}", done.errors);
    }
    let done = import(&["--skip-broken"]);
    assert_eq!((done.code, done.errors.as_str()), (Some(0), ""), "{}", done.words);
    let names = app.list("SELECT name FROM users ORDER BY email").await;
    if is_sqlite {
        assert!(done.words.contains("people, row 2: broken: holds what is not UTF-8"), "{}", done.words);
        assert_eq!(names, ["Ann", "Cy"]);
    } else {
        assert_eq!(names, ["Ann", "Bb", "Cy"]);
    }
}

#[async_test]
async fn a_hash_that_is_kept_as_bytes_is_read_as_text() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_LIMITS__ENABLED", "false")]).await;
    let is_sqlite = app.database_url.starts_with("sqlite");
    let kind = if is_sqlite { "BLOB" } else { "BYTEA" };
    let bytes = |text: &str| {
        if is_sqlite { format!("CAST('{text}' AS BLOB)") } else { format!("convert_to('{text}', 'UTF8')") }
    };
    app.execute(&format!("CREATE TABLE people (email TEXT, password {kind})")).await;
    for (who, hash) in [HASHES[0], HASHES[4]] {
        app.execute(&format!("INSERT INTO people VALUES ('{who}@example.com', {})", bytes(hash))).await;
    }
    app.execute("INSERT INTO people VALUES ('without@example.com', NULL)").await;
    let odd = if is_sqlite { "x'f6'" } else { "'\\xf6'" };
    app.execute(&format!("INSERT INTO people VALUES ('zoe@example.com', {odd})")).await;
    let done = run(&app, &["import", "--database", &app.database_url, "--table", "people", "--skip-broken"], "");
    assert_eq!((done.code, done.errors.as_str()), (Some(0), ""), "{}", done.words);
    assert!(done.words.contains("without a password: 1"), "{}", done.words);
    assert!(done.words.contains("people, row 4: broken: holds what is not UTF-8"), "{}", done.words);
    for who in ["pbkdf2@example.com", "bcrypt@example.com"] {
        assert_eq!(sign_in(&app, who, PASSWORD).await.status, Status::Ok, "{who}");
    }
}

#[async_test]
async fn whoever_reads_may_have_seen_enough() {
    let app = TestApp::new().await;
    // More than a pipe holds.
    let rows: String = (0..3000).map(|row| format!("ann{row}@example.com,,\"{}\"\n", "b".repeat(120))).collect();
    let csv = format!("email,username,name\n{rows}");
    for (arguments, input) in [
        (&["import", "-", "--format", "csv", "--dry-run"][..], &csv),
        (&["import", "-", "--format", "csv"], &csv),
        (&["export", "users"], &String::new()),
        (&["user", "list"], &String::new()),
    ] {
        let (_folder, mut child) = start(&app, arguments);
        drop(child.stdout.take());
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        assert_eq!(
            (done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 3000);
}

#[async_test]
async fn the_password_in_a_url_is_in_no_message() {
    let app = TestApp::new().await;
    for url in [
        "postgres://ann:hunter2@127.0.0.1:1/x",
        "postgres://ann:hunter2@127.0.0.1:notaport/x",
        "postgres://ann:hunter2@[/x",
        "postgres://ann:hunter2@127.0.0.1:1/x?sslmode=hunter2",
        "sqlite://missing.db?key=hunter2",
    ] {
        let done = run(&app, &["import", "--database", url], "");
        assert_eq!((done.code, done.errors.lines().count()), (Some(1), 1), "{url} {}", done.errors);
        assert!(!done.errors.contains("hunter2") && done.errors.contains("--database"), "{url} {}", done.errors);
    }
}

#[async_test]
async fn nobody_is_told_that_letters_go_to_what_is_no_address() {
    let app = TestApp::new().await;
    import(&app, &["--allow-username-only"], &format!("username,password\nben,{}\n", HASHES[0].1));
    app.post_form("/signin", &[("email", "ben"), ("password", PASSWORD)]).await;
    for path in ["/account", "/dashboard", "/confirm"] {
        let page = app.get(path).await;
        assert_eq!(page.status(), Status::Ok);
        let page = page.into_string().await.unwrap();
        assert!(!page.contains("username.invalid"), "{path}: {page}");
    }
    let page = app.get("/account").await.into_string().await.unwrap();
    assert!(page.contains("There is none yet") && page.contains("value=\"ben\""), "{page}");
    let answer = app.get("/api/account").await.into_string().await.unwrap();
    assert!(answer.contains("\"email\":null,") && answer.contains("\"username\":\"ben\""), "{answer}");
    let shown = run(&app, &["user", "show", "ben"], "").words + &run(&app, &["user", "list", "--json"], "").words;
    assert!(shown.contains("ben") && !shown.contains("username.invalid"), "{shown}");
    let root = app.superuser().await;
    let id: String = app.ask("SELECT id FROM users WHERE username = 'ben'").await;
    for path in ["/api/admin/users".to_owned(), "/api/admin/sessions".to_owned(), format!("/api/admin/users/{id}")] {
        let answer = app.get_as(&root, &path).await.body;
        assert!(answer.contains("\"email\":null,") && !answer.contains("username.invalid"), "{path}: {answer}");
    }
    for path in ["/admin/users".to_owned(), format!("/admin/users/{id}")] {
        let page = app.get_as(&root, &path).await.body;
        assert!(page.contains("ben") && !page.contains("username.invalid"), "{path}: {page}");
        assert!(!page.contains("/send-reset"), "{path}: {page}");
    }
    app.letters().await;
}
