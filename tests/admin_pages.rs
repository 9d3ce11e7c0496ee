//! What superusers see and do in a browser, and what nobody else sees.
use std::time::Duration;

use nightlatch::{
    accounts::admin::{NewAccount, Operator},
    workers::sealer::Sealer,
};
use rocket::{
    async_test,
    http::{ContentType, Header, Method, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, SUPERUSER, TestApp};

const ANN: &str = "ann@example.com";
const PAGES: [&str; 6] =
    ["/admin", "/admin/users", "/admin/sessions", "/admin/events", "/admin/events.csv", "/admin/events.jsonl"];

#[async_test]
async fn superusers_see_the_pages_users_get_403_and_guests_are_led_to_the_sign_in() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    let ann = app.token().unwrap();
    for path in PAGES.map(str::to_owned).into_iter().chain([format!("/admin/users/{id}")]) {
        assert_eq!(app.get_as(&root, &path).await.status, Status::Ok, "{path}");
        let refused = app.get_as(&ann, &path).await;
        assert_eq!(refused.status, Status::Forbidden, "{path}");
        assert!(!refused.body.contains(SUPERUSER) && !refused.body.contains("session.started"), "{path}");
        let guest = Answer::of(app.client.get(path.clone()).dispatch().await).await;
        assert_eq!(guest.status, Status::SeeOther, "{path}");
        assert!(guest.header("location").unwrap().starts_with("/signin?next=%2Fadmin"), "{guest:?}");
    }
    assert!(app.get_as(&root, "/account").await.body.contains("href=\"/admin\""));
    assert!(!app.get_as(&ann, "/account").await.body.contains("href=\"/admin\""));
}

#[async_test]
async fn an_account_is_made_by_form_and_what_is_wrong_stands_beside_the_fields() {
    let app = TestApp::new().await;
    let (root, _) = with_ann(&app).await;
    let wrong = [("email", "nobody"), ("name", "a\u{202e}b"), ("username", "a@b"), ("role", "user")];
    let answer = post(&app, &root, "/admin/users", &wrong).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    for part in ["id=\"new-email-error\"", "id=\"new-name-error\"", "id=\"new-username-error\"", "<details open>", ANN]
    {
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
    let taken = post(&app, &root, "/admin/users", &[("email", ANN), ("name", "Other")]).await;
    assert_eq!(taken.status, Status::Conflict);
    assert!(taken.body.contains("Another account has this already."), "{}", taken.body);
    assert!(app.letters().await.is_empty());

    let new = [("email", "ben@example.com"), ("name", "Ben"), ("username", ""), ("role", "superuser")];
    let made = post(&app, &root, "/admin/users", &new).await;
    assert_eq!(made.status, Status::SeeOther, "{made:?}");
    let page = app.get_as(&root, made.header("location").unwrap()).await.body;
    for part in ["<h1>Ben</h1>", "a letter is on its way", "invited", "Send the invitation again", "superuser</span>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(app.mail().await[0].0, "ben@example.com");
}

#[async_test]
async fn accounts_are_searched_filtered_sorted_and_read_page_by_page() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    for number in 0..45 {
        let email = format!("p{number:02}@example.com");
        let new = NewAccount { email: &email, name: "Ann & Ben", ..NewAccount::default() };
        app.accounts().create_account(&Operator::command_line(), &new).await.unwrap();
    }
    for (query, expected) in [
        ("", 46_usize),
        ("?sort=oldest", 46),
        ("?sort=address", 46),
        ("?status=invited&sort=address", 45),
        ("?q=P&status=invited", 45),
        ("?status=locked", 0),
        ("?q=nobody%20%26%20none", 0),
    ] {
        let (mut path, mut seen, mut pages) = (format!("/admin/users{query}"), Vec::new(), 0);
        loop {
            let page = app.get_as(&root, &path).await;
            assert_eq!(page.status, Status::Ok, "{path}");
            assert_eq!(page.body.contains(">First page</a>"), pages > 0, "{path}");
            pages += 1;
            let rows = page.body.split("data-label=\"Account\"").skip(1);
            seen.extend(rows.map(|row| row.split("</a>").next().unwrap().rsplit('>').next().unwrap().to_owned()));
            match page.body.split("rel=\"next\"").next().filter(|before| before.len() < page.body.len()) {
                Some(before) => path = unescaped(before.rsplit("href=\"").next().unwrap().split('"').next().unwrap()),
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (expected, expected.div_ceil(20).max(1)), "{query}");
        if query.contains("address") {
            assert!(seen.is_sorted(), "{seen:?}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), expected, "{query}");
    }
    for wrong in ["status=x", "sort=x", "cursor=x", "q=a&q=b", "q=%00"] {
        assert_eq!(app.get_as(&root, &format!("/admin/users?{wrong}")).await.status, Status::UnprocessableEntity);
    }
    let found = app.get_as(&root, "/admin/users?q=%22%3E%3Cb%3E").await.body;
    assert!(found.contains("value=\"&quot;&gt;&lt;b&gt;\"") && found.contains("No account is like this."), "{found}");
    app.letters().await;
}

#[async_test]
async fn each_act_on_an_account_does_what_it_says_and_says_that_it_did() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    // The role that is sent, where one is.
    let acts = [
        ("logout", None, "Every session of the account has ended.", "session.ended"),
        ("lock", None, "The account is locked", "user.locked"),
        ("unlock", None, "The account is open again.", "user.unlocked"),
        ("role", Some("superuser"), "The role is changed.", "user.role_changed"),
        ("role", Some("user"), "The role is changed.", "user.role_changed"),
        ("send-reset", None, "The letter is on its way.", "user.password_reset_requested"),
    ];
    for (act, role, notice, event) in acts {
        let fields: Vec<_> = role.map(|role| ("role", role)).into_iter().collect();
        let done = post(&app, &root, &format!("/admin/users/{id}/{act}"), &fields).await;
        assert_eq!(done.status, Status::SeeOther, "{act}: {done:?}");
        let page = app.get_as(&root, done.header("location").unwrap()).await.body;
        assert!(page.contains(notice) && page.contains(event), "{act}: {page}");
    }
    let letters = app.letters().await;
    assert_eq!(letters.len(), 5, "{letters:?}");
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE locked_at IS NULL AND role = 'user'").await, 1);
}

#[async_test]
async fn an_account_is_deleted_only_when_the_box_is_ticked() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    let path = format!("/admin/users/{id}/delete");
    for fields in [&[][..], &[("understood", "")], &[("understood", "no")]] {
        let refused = post(&app, &root, &path, fields).await;
        assert_eq!(refused.status, Status::UnprocessableEntity);
        assert!(refused.body.contains("Tick this first. Nothing was deleted."), "{}", refused.body);
    }
    let done = post(&app, &root, &path, &[("understood", "yes")]).await;
    assert_eq!((done.status, done.header("location")), (Status::SeeOther, Some("/admin/users?done=deleted")));
    assert!(app.get_as(&root, "/admin/users?done=deleted").await.body.contains("The account is deleted"));
    assert_eq!(app.get_as(&root, &format!("/admin/users/{id}")).await.status, Status::NotFound);
    assert_eq!(post(&app, &root, &path, &[("understood", "yes")]).await.status, Status::NotFound);
    let events = app.get_as(&root, &format!("/admin/events?user={id}")).await.body;
    assert!(events.contains("an account that is gone") && events.contains("user.deleted"), "{events}");
    assert_eq!(app.get(&format!("/admin/users/{id}")).await.status(), Status::SeeOther, "Ann is signed out");
}

#[async_test]
async fn the_last_superuser_is_kept_and_told_so_beside_the_form() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let id = app.session_of(&root).await.json()["user_id"].as_str().unwrap().to_owned();
    for (act, fields) in [("lock", &[][..]), ("role", &[("role", "user")]), ("delete", &[("understood", "yes")])] {
        let refused = post(&app, &root, &format!("/admin/users/{id}/{act}"), fields).await;
        assert_eq!(refused.status, Status::Conflict, "{act}");
        assert!(refused.body.contains("This is the only superuser."), "{act}: {}", refused.body);
    }
}

#[async_test]
async fn acts_lead_to_the_password_and_back_when_it_was_given_a_while_ago() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    app.advance(Duration::from_secs(301));
    let page = format!("/admin/users/{id}");
    assert!(app.get_as(&root, &page).await.body.contains(&format!("/confirm?next={page}")));
    for (path, from) in [
        (format!("{page}/lock"), page.as_str()),
        (format!("{page}/delete"), &page),
        ("/admin/users".into(), "/admin/users"),
        ("/admin/logout-everyone".into(), "/admin/sessions"),
    ] {
        let answer = post_from(&app, &root, &path, &[("email", "b@example.com")], from).await;
        assert_eq!(answer.status, Status::SeeOther, "{path}: {answer:?}");
        let encoded = from.replace('/', "%2F");
        assert_eq!(answer.header("location"), Some(&*format!("/confirm?next={encoded}")), "{path}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE locked_at IS NULL").await, 2);
}

#[async_test]
async fn sessions_are_listed_with_their_ends_and_all_can_be_ended() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    assert_eq!(app.post_form("/logout", &[]).await.status(), Status::SeeOther);
    let all = app.get_as(&root, "/admin/sessions").await.body;
    assert!(all.contains(ANN) && all.contains(SUPERUSER) && all.contains("logged out"), "{all}");
    let open = app.get_as(&root, "/admin/sessions?state=open").await.body;
    assert!(!open.contains(ANN) && open.contains(SUPERUSER), "{open}");
    let ann = app.get_as(&root, &format!("/admin/sessions?user={id}")).await.body;
    assert!(ann.contains("Only sessions of") && !ann.contains(SUPERUSER), "{ann}");
    assert_eq!(app.get_as(&root, "/admin/sessions?user=x").await.status, Status::UnprocessableEntity);

    let done = post(&app, &root, "/admin/logout-everyone", &[]).await;
    assert_eq!(done.header("location"), Some("/signin?notice=everybody-signed-out"));
    assert!(done.cookie(SESSION_COOKIE).unwrap().contains("Max-Age=0"), "{done:?}");
    assert_eq!(app.session_of(&root).await.json()["reason"], "forced");
}

#[async_test]
async fn events_are_filtered_and_leave_as_files() {
    let app = TestApp::new().await;
    let (root, id) = with_ann(&app).await;
    let agent = Header::new("User-Agent", "=HYPERLINK(\"x\"),evil");
    let signin = json!({ "email": ANN, "password": "wrong-wrong-wrong" });
    let request = app.client.post("/api/auth/signin").header(ContentType::JSON).header(agent);
    request.body(signin.to_string()).dispatch().await;

    let failed = app.get_as(&root, "/admin/events?type=session.failed&from=2020-01-01&to=2030-01-01").await.body;
    assert!(
        failed.contains("<code>session.failed</code>") && !failed.contains("<code>session.started</code>"),
        "{failed}"
    );
    let href = "/admin/events.csv?type=session.failed&amp;from=2020-01-01&amp;to=2030-01-01";
    assert!(failed.contains(href), "{failed}");
    assert!(
        failed.contains("<option selected>session.failed</option>") && failed.contains("value=\"2020-01-01\""),
        "{failed}"
    );

    let csv = app.get_as(&root, &href.replace("&amp;", "&")).await;
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"nightlatch-events.csv\""));
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 9);
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][2], &rows[0][7]), (1, "session.failed", "'=HYPERLINK(\"x\"),evil"));

    let lines = app.get_as(&root, &format!("/admin/events.jsonl?user={id}")).await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    let lines: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.len(),
        usize::try_from(app.count(&format!("SELECT COUNT(*) FROM events WHERE user_id = '{id}'")).await).unwrap()
    );
    assert!(lines.iter().all(|line| line["user_id"] == json!(id)));

    let wrong = app.get_as(&root, "/admin/events?from=yesterday").await;
    assert_eq!(wrong.status, Status::UnprocessableEntity);
    assert!(wrong.body.contains("id=\"from-error\"") && wrong.body.contains("value=\"yesterday\""), "{}", wrong.body);
    assert_eq!(app.get_as(&root, "/admin/events.csv?from=yesterday").await.status, Status::UnprocessableEntity);
}

#[async_test]
async fn a_file_of_events_is_whole_however_many_there_are() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    for first in [0, 1250] {
        let rows = (first..first + 1250).map(|number| {
            format!("('{:032x}', 'session.failed', '{{}}', {})", number + 0x1000_0000_0000_0000_u128, 1_000 + number)
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        app.execute(&format!("INSERT INTO events (id, type, data, created_at) VALUES {rows}")).await;
    }
    let answer = app.get_as(&root, "/admin/events.csv?type=session.failed").await;
    let ids: Vec<&str> = answer.body.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids.len(), 2500);
    assert!(ids.is_sorted_by(|newer, older| newer > older));
}

#[async_test]
async fn the_figures_are_what_happened_and_what_was_counted_last() {
    let app = TestApp::new().await;
    let (root, _) = with_ann(&app).await;
    app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await;
    for _ in 0..3 {
        app.sign_in(ANN, "wrong-wrong-wrong").await;
    }
    let invited = NewAccount { email: "ben@example.com", ..NewAccount::default() };
    app.accounts().create_account(&Operator::command_line(), &invited).await.unwrap();
    seal(&app).await;
    let stats = app.get_as(&root, "/api/admin/stats").await.json();
    let (hours, days) = (stats["hours"].as_array().unwrap(), stats["days"].as_array().unwrap());
    assert_eq!((hours.len(), days.len()), (24, 30));
    for (spans, from) in [(hours, app.now().hours()), (days, app.now().hours() / 24 * 24)] {
        let last = spans.last().unwrap();
        let from = nightlatch::clock::Timestamp::from_hours(from).rfc3339();
        assert_eq!(*last, json!({ "from": from, "signins": 3, "failures": 3, "accounts": 3 }));
        assert!(spans[..spans.len() - 1].iter().all(|span| span["signins"] == 0), "{spans:?}");
    }
    assert_eq!(stats["accounts"], json!({ "all": 3, "active": 2, "invited": 1, "locked": 0, "superusers": 1 }));
    assert_eq!(stats["sessions"], json!({ "browser": 2, "api": 1 }));
    assert!(stats["letters"]["waiting"].as_i64().unwrap() >= 1 && stats["letters"]["oldest"].is_string(), "{stats}");
    assert_eq!((&stats["nodes"], &stats["events"]["waiting"]), (&json!(1), &json!(0)));

    // What a worker counted is told until it was late three times.
    app.accounts().count().await.unwrap();
    app.execute("DELETE FROM users WHERE email = 'ben@example.com'").await;
    for (seconds, accounts) in [(29, 3), (1, 2)] {
        app.stall(Duration::from_secs(seconds));
        assert_eq!(app.get_as(&root, "/api/admin/stats").await.json()["accounts"]["all"], accounts);
    }
    app.execute("DELETE FROM users WHERE email <> 'root@example.com'").await;
    app.accounts().count().await.unwrap();
    assert_eq!(app.get_as(&root, "/api/admin/stats").await.json()["accounts"]["all"], 1);
    let page = app.get_as(&root, "/admin").await.body;
    for part in [
        "<svg class=\"bars\" role=\"img\" aria-label=\"Bars for 24 hours. Sign-ins: 3, at most 3",
        "Refused: 3\"",
        "<details>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    app.letters().await;
}

#[async_test]
async fn what_an_hour_brought_is_read_from_its_count_and_added_up() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let hour = app.now().hours();
    for (hour, number) in [(hour, 5), (hour - 1, 1200), (hour - 23, 1), (hour - 24, 7), (hour - 29 * 24, 2)] {
        let row = "INSERT INTO tallies (hour, type, number) VALUES";
        app.execute(&format!("{row} ({hour}, 'session.started', {number}), ({hour}, 'token.issued', 9)")).await;
    }
    app.execute(&format!("INSERT INTO tallies (hour, type, number) VALUES ({}, 'user.created', 3)", hour - 40 * 24))
        .await;
    let page = app.get_as(&root, "/admin").await.body;
    assert!(page.contains("Sign-ins: 1,206, at most 1,200 in an hour") && page.contains("Sign-ins: 1,215"), "{page}");
    assert!(page.contains("New accounts: 0"), "{page}");
}

/// A superuser's token, and Ann's id; the browser is hers.
async fn with_ann(app: &TestApp) -> (String, String) {
    let root = app.superuser().await;
    app.sign_up(ANN).await;
    let id = app.session_of(&app.token().unwrap()).await.json()["user_id"].as_str().unwrap().to_owned();
    (root, id)
}

/// Counts what happened, as the worker does.
async fn seal(app: &TestApp) {
    let sealer = app.client.rocket().state::<std::sync::Arc<Sealer>>().unwrap();
    while sealer.seal().await.unwrap() {}
}

async fn post(app: &TestApp, token: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    post_from(app, token, path, fields, "/").await
}

/// Sends a form of the page `from`.
async fn post_from(app: &TestApp, token: &str, path: &str, fields: &[(&str, &str)], from: &str) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = app.client.req(Method::Post, path.to_owned()).header(ContentType::Form).body(body);
    request.add_header(Header::new("Cookie", format!("{SESSION_COOKIE}={token}")));
    request.add_header(Header::new("Sec-Fetch-Site", "same-origin"));
    request.add_header(Header::new("Referer", format!("http://localhost:8000{from}")));
    Answer::of(request.dispatch().await).await
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&#x2F;", "/").replace("&#x3D;", "=")
}
