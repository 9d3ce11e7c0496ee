//! The sealed audit trail: what is done to it behind the server's back, `nightlatch check --audit` names.
use std::{process::Command, sync::Arc, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use nightlatch::{
    db::Pool,
    model::{
        client::Client,
        event::{Event, EventKind},
        id::row_time,
    },
    secret::Secret,
    store,
    workers::{postman::Postman, sealer::Sealer},
};
use rocket::{
    async_test,
    futures::future::join_all,
    tokio::{self, select, task::yield_now},
};

use crate::support::{TestApp, dies_after, secret_text};

/// How many moments to die at a test tries: more than there are.
pub const MOMENTS: usize = 40;

#[async_test]
async fn a_trail_that_nobody_touched_is_sound() {
    let app = TestApp::new().await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("0 rows as sealed") && said.contains("0 rows not sealed yet"), "{said}");

    app.sign_up("ann@example.com").await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("0 rows as sealed") && said.contains("warning  audit trail: 2 rows not sealed yet"),
        "{said}"
    );

    seal(&app).await;
    add(&app, 1).await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    for words in ["sealed since 2026-09-21T14:13:20Z, up to seal number 2", "2 rows as sealed", "1 row not sealed yet"]
    {
        assert!(said.contains(words), "{words} in: {said}");
    }
}

#[async_test]
async fn a_row_that_was_changed_is_named() {
    for change in [
        "type = 'session.ended'",
        "user_id = 'ann'",
        "actor_id = ''",
        "session_id = ''",
        "ip = '192.0.2.9'",
        "user_agent = NULL",
        "data = '{ }'",
        "created_at = created_at - 1",
        "user_agent = ip, ip = user_agent",
    ] {
        let (app, rows) = sealed(6).await;
        app.execute(&format!("UPDATE events SET {change} WHERE id = '{}'", rows[3])).await;
        // More words after it, and more changes, do not hide the first.
        app.execute(&format!("DELETE FROM events WHERE id = '{}'", rows[5])).await;
        add(&app, 2).await;
        seal(&app).await;
        named(&app, &format!("{} was changed since it was sealed, after 3 rows as sealed", row(&rows[3])));
    }
}

#[async_test]
async fn a_row_that_was_removed_is_named_with_or_without_its_seal() {
    let (app, rows) = sealed(6).await;
    app.execute(&format!("DELETE FROM events WHERE id = '{}'", rows[2])).await;
    named(&app, &format!("{} was removed, after 2 rows as sealed", row(&rows[2])));
    app.execute(&format!("DELETE FROM seals WHERE event_id = '{}'", rows[2])).await;
    named(&app, &format!("1 row removed behind {}, after 2 rows as sealed", row(&rows[1])));
    for id in &rows[..2] {
        app.execute(&format!("DELETE FROM events WHERE id = '{id}'")).await;
        app.execute(&format!("DELETE FROM seals WHERE event_id = '{id}'")).await;
    }
    named(&app, "3 rows removed from its beginning, after 0 rows as sealed");
}

#[async_test]
async fn rows_that_changed_places_are_named() {
    let swap = |table: &str, column: &str, one: &str, other: &str| {
        [(one, "x"), (other, one), ("x", other)]
            .map(|(from, to)| format!("UPDATE {table} SET {column} = '{to}' WHERE {column} = '{from}'"))
    };
    let (app, rows) = sealed(6).await;
    let moved = format!(
        "{} was moved: what was sealed in its place is now {}, after 1 row as sealed",
        row(&rows[1]),
        row(&rows[4])
    );
    // The rows exchange what they say; then the seals exchange what they are of.
    for sql in swap("events", "id", &rows[1], &rows[4]) {
        app.execute(&sql).await;
    }
    named(&app, &moved);
    for sql in swap("events", "id", &rows[1], &rows[4]) {
        app.execute(&sql).await;
    }
    assert_eq!(audit(&app).0, 0, "all is as it was");
    for sql in swap("seals", "event_id", &rows[1], &rows[4]) {
        app.execute(&sql).await;
    }
    let moved = format!("{} was moved: what was sealed in its place is now {}", row(&rows[4]), row(&rows[1]));
    named(&app, &moved);
    // And the seals with their rows.
    for sql in swap("seals", "event_id", &rows[1], &rows[4]) {
        app.execute(&sql).await;
    }
    for (from, to) in [(2, 99), (5, 2), (99, 5)] {
        app.execute(&format!("UPDATE seals SET number = {to} WHERE number = {from}")).await;
    }
    named(&app, &moved);
}

#[async_test]
async fn a_tail_that_was_cut_off_shows() {
    let (app, rows) = sealed(6).await;
    let noted: String = app.ask("SELECT mac FROM chain").await;
    for id in &rows[4..] {
        app.execute(&format!("DELETE FROM events WHERE id = '{id}'")).await;
        app.execute(&format!("DELETE FROM seals WHERE event_id = '{id}'")).await;
    }
    let gone = format!("2 rows removed behind {}, after 4 rows as sealed", row(&rows[3]));
    named(&app, &gone);
    // What is sealed since does not cover it up.
    add(&app, 3).await;
    seal(&app).await;
    named(&app, &gone);
    // Nor does a note of the end that only the secret can write.
    let note = "the note of where its seals begin and end is of another secret, was changed or was removed";
    let last: String = app.ask("SELECT seal FROM seals WHERE number = 4").await;
    app.execute("DELETE FROM seals WHERE number > 4").await;
    app.execute(&format!("UPDATE chain SET number = 4, seal = '{last}'")).await;
    named(&app, note);
    app.execute(&format!("UPDATE chain SET mac = '{noted}'")).await;
    named(&app, note);
    assert!(sealer(&app).seal().await.is_err(), "nothing is sealed after a forged end");
    app.execute("DELETE FROM chain").await;
    named(&app, note);
    assert!(sealer(&app).seal().await.is_err());
}

#[async_test]
async fn a_row_that_was_put_in_among_sealed_ones_is_named() {
    let (app, rows) = sealed(4).await;
    let copy = "INSERT INTO events (id, type, user_id, actor_id, session_id, ip, user_agent, data, created_at, sealed_at)
        SELECT 'forged', type, user_id, actor_id, session_id, ip, user_agent, data, created_at, 1 FROM events WHERE id = ";
    app.execute(&format!("{copy} '{}'", rows[2])).await;
    named(&app, "row forged passes for sealed and has no seal: it was put in, after 4 rows as sealed");
    for (number, words) in [
        (-1, "row forged passes for sealed and has no seal: it was put in, after 4 rows as sealed"),
        (0, "row forged passes for sealed and has no seal: it was put in, after 4 rows as sealed"),
        (5, "row forged has a seal behind the last one that was noted, after 0 rows as sealed"),
    ] {
        app.execute(&format!(
            "INSERT INTO seals (number, event_id, seal) SELECT {number}, 'forged', seal FROM seals WHERE number = 3"
        ))
        .await;
        named(&app, words);
        app.execute("DELETE FROM seals WHERE event_id = 'forged'").await;
    }
}

#[async_test]
async fn a_row_that_is_made_out_to_wait_again_is_not_sealed_again() {
    let (app, rows) = sealed(4).await;
    app.execute("UPDATE events SET sealed_at = NULL").await;
    app.execute(&format!("UPDATE events SET data = '{{ }}' WHERE id = '{}'", rows[1])).await;
    add(&app, 1).await;
    seal(&app).await;
    assert_eq!(app.count("SELECT number FROM chain").await, 5, "the new one only");
    named(&app, &format!("{} was changed since it was sealed, after 1 row as sealed", row(&rows[1])));
}

#[async_test]
async fn a_chain_that_was_begun_anew_tells_since_when() {
    let (app, _) = sealed(4).await;
    app.advance(std::time::Duration::from_secs(24 * 3600));
    app.execute("DELETE FROM seals").await;
    app.execute("UPDATE events SET sealed_at = NULL, ip = NULL").await;
    app.execute("UPDATE chain SET begun_at = 0, number = 0, seal = '', mac = ''").await;
    seal(&app).await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("sealed since 2026-09-22T14:13:20Z, up to seal number 4"), "{said}");
}

#[async_test]
async fn without_the_secret_nothing_is_proven() {
    let (app, _) = sealed(2).await;
    let (code, said) = audit_with(&app.database_url, &STANDARD.encode(*Secret::draw()));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("of another secret"), "{said}");
}

#[async_test]
async fn rows_that_become_visible_late_are_sealed_too() {
    let (app, rows) = sealed(3).await;
    // Its transaction took longer than those of the others, which came later.
    let late = "INSERT INTO events (id, type, data, created_at) SELECT '0' || id, type, data, created_at FROM events WHERE id = ";
    app.execute(&format!("{late} '{}'", rows[0])).await;
    app.execute(&format!("UPDATE events SET id = '01990000000070008000000000000000' WHERE id = '0{}'", rows[0])).await;
    seal(&app).await;
    assert_eq!(
        app.list("SELECT event_id FROM seals ORDER BY number DESC").await[0],
        "01990000000070008000000000000000"
    );
    assert!(audit(&app).1.contains("4 rows as sealed"));
}

#[async_test]
async fn names_of_any_length_are_sealed() {
    let app = TestApp::new().await;
    for id in ["short", "é", "a name that is longer than every name that we ever give a row ourselves"] {
        app.execute(&format!("INSERT INTO events (id, type, data, created_at) VALUES ('{id}', 't', '', 0)")).await;
    }
    add(&app, 2).await;
    seal(&app).await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("5 rows as sealed") && said.contains("0 rows not sealed yet"), "{said}");
}

#[async_test]
async fn two_nodes_seal_at_once_while_others_write() {
    let app = TestApp::new().await;
    let (one, two) = (app.second_node().await, app.second_node().await);
    let writers = join_all((0..4).map(|_| add(&app, 150)));
    let keep_sealing = |node: &TestApp| {
        let sealer = Arc::clone(node.client.rocket().state::<Arc<Sealer>>().unwrap());
        async move {
            loop {
                sealer.seal().await.unwrap();
                yield_now().await;
            }
        }
    };
    let (sealing, also) = (keep_sealing(&one), keep_sealing(&two));
    select! {
        _ = writers => {}
        () = async { tokio::join!(sealing, also); } => unreachable!(),
    }
    seal(&one).await;
    let (code, said) = audit(&app);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("600 rows as sealed") && said.contains("0 rows not sealed yet"), "{said}");
}

#[async_test]
async fn a_node_that_dies_while_it_seals_leaves_nothing_half_done() {
    let app = TestApp::new().await;
    let mut finished = 0;
    for moment in 0..MOMENTS {
        add(&app, 2).await;
        let sealer = sealer(&app);
        finished += usize::from(dies_after(moment, sealer.seal()).await);
        // One statement: a commit that was under way may still come.
        let whole = "SELECT COUNT(*) FROM chain WHERE number = (SELECT COUNT(*) FROM seals)
            AND number = (SELECT COUNT(*) FROM events WHERE sealed_at IS NOT NULL)";
        assert_eq!(app.count(whole).await, 1, "moment {moment}");
    }
    assert!((1..MOMENTS).contains(&finished), "{finished} of {MOMENTS} came to their end");
    seal(&app).await;
    let (code, said) = audit(&app);
    assert!(code == 0 && said.contains(&format!("{} rows as sealed", MOMENTS * 2)), "{said}");
}

#[async_test]
async fn ten_thousand_events_at_once_are_soon_sealed() {
    let app = TestApp::new().await;
    let mut tx = pool(&app).begin().await.unwrap();
    for number in 0..10_000 {
        store::events::insert(&mut *tx, event(number), false, app.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let began = Instant::now();
    seal(&app).await;
    println!("10,000 events were sealed in {:?}", began.elapsed());
    let began = Instant::now();
    let (code, said) = audit(&app);
    println!("and checked in {:?}", began.elapsed());
    assert!(code == 0 && said.contains("10000 rows as sealed"), "{said}");
}

/// Runs `nightlatch check --audit` on the app's database: its exit code, and what it said.
pub fn audit(app: &TestApp) -> (i32, String) {
    audit_of(&app.database_url)
}

pub fn audit_of(database_url: &str) -> (i32, String) {
    audit_with(database_url, secret_text())
}

fn audit_with(database_url: &str, secret: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nightlatch"))
        .args(["check", "--audit"])
        .env_clear()
        .envs([("NIGHTLATCH_DATABASE_URL", database_url), ("NIGHTLATCH_SECRET_KEY", secret)])
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// Sees that the audit finds one problem, in these words.
fn named(app: &TestApp, words: &str) {
    let (code, said) = audit(app);
    assert_eq!((code, said.matches("problem  ").count()), (1, 1), "{said}");
    assert!(said.contains(&format!("problem  audit trail: {words}")), "{words}\nin: {said}");
}

/// A row as the audit names it.
fn row(id: &str) -> String {
    // Other tests of the same process may have made ids of a later time, and an id is never of an earlier time than one before it.
    format!("row {id} of {}", row_time(id).unwrap().rfc3339())
}

/// A server with so many sealed rows, and their names.
async fn sealed(count: usize) -> (TestApp, Vec<String>) {
    let app = TestApp::new().await;
    add(&app, count).await;
    seal(&app).await;
    let rows = app.list("SELECT id FROM events ORDER BY id").await;
    assert_eq!(rows.len(), count);
    (app, rows)
}

/// Writes so many events, one after the other.
pub async fn add(app: &TestApp, count: usize) {
    for number in 0..count {
        store::events::insert(&**pool(app), event(number), false, app.now()).await.unwrap();
    }
}

fn event(number: usize) -> Event {
    let client = Client { ip: Some("192.0.2.1".into()), user_agent: Some("curl/8.14".into()) };
    Event::new(EventKind::SessionFailed, &client).because(&number.to_string())
}

/// Seals everything there is.
pub async fn seal(app: &TestApp) {
    while sealer(app).seal().await.unwrap() {}
}

pub fn sealer(app: &TestApp) -> &Sealer {
    app.client.rocket().state::<Arc<Sealer>>().unwrap()
}

pub fn pool(app: &TestApp) -> &Pool {
    &app.client.rocket().state::<Arc<Postman>>().unwrap().db
}
