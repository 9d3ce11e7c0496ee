//! What superusers do to the accounts of others, and what nobody else does.
use nightlatch::accounts::{
    AdminError,
    admin::{Change, NewAccount, Operator},
};
use rocket::{
    async_test,
    futures::future::{join, join_all},
    http::{ContentType, Header, Method, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, SUPERUSER, TestApp};

const ANN: &str = "ann@example.com";

#[async_test]
async fn an_invited_person_sets_the_password_by_mail_and_signs_in() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let new = json!({ "email": "Ben@Example.com", "name": "Ben", "username": "Benny", "role": "user" });
    let made = admin(&app, &root, Method::Post, "/users", new).await;
    assert_eq!(made.status, Status::Created, "{made:?}");
    let made = made.json();
    assert_eq!((&made["email"], &made["username"]), (&json!("ben@example.com"), &json!("benny")));
    assert_eq!((&made["status"], &made["email_verified"]), (&json!("invited"), &json!(false)));
    let letters = app.mail().await;
    let [(to, letter)] = &letters[..] else { panic!("{letters:?}") };
    assert!(to == "ben@example.com" && letter.contains("http://localhost:8000/forgot-password"), "{letter}");
    let refused = app.call("/api/auth/signin", json!({ "email": "benny", "password": PASSWORD })).await;
    assert_eq!(refused.status, Status::Unauthorized);

    let begun = app.call("/api/auth/forgot-password", json!({ "email": "ben@example.com" })).await.json();
    let reset = json!({ "request": begun["request"], "code": app.mailed_code().await, "password": PASSWORD });
    assert_eq!(app.call("/api/auth/reset-password", reset).await.status, Status::NoContent);
    app.letters().await;
    let signed_in = app.call("/api/auth/signin", json!({ "username": "BENNY", "password": PASSWORD })).await;
    assert_eq!(signed_in.json()["user"]["email_verified"], true);
    let path = format!("/users/{}", made["id"].as_str().unwrap());
    let shown = look(&app, &root, &path).await.json();
    assert_eq!((&shown["status"], shown["last_signin_at"].is_string()), (&json!("active"), true));
    let events = app.list("SELECT type FROM events WHERE type LIKE 'user.%' ORDER BY id").await;
    assert_eq!(events[1..], ["user.created", "user.invited", "user.password_reset_requested", "user.password_reset"]);
    app.letters().await;
}

#[async_test]
async fn an_account_that_cannot_be_made_is_refused_with_its_field_and_nothing_is_stored_or_mailed() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    app.sign_up(ANN).await;
    let cases = [
        (json!({ "email": ANN }), Status::Conflict, "email"),
        (json!({ "email": "not an address" }), Status::UnprocessableEntity, "email"),
        (json!({ "email": "b@example.com", "username": "a@b" }), Status::UnprocessableEntity, "username"),
        (json!({ "email": "b@example.com", "role": "god" }), Status::UnprocessableEntity, "role"),
        (json!({ "email": "b@example.com", "name": "a\u{202e}b" }), Status::UnprocessableEntity, "name"),
        (json!({ "email": "b@example.com", "password": PASSWORD }), Status::UnprocessableEntity, "password"),
    ];
    for (new, status, field) in cases {
        let answer = admin(&app, &root, Method::Post, "/users", new).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (status, &json!(field)), "{answer:?}");
    }
    let first = admin(&app, &root, Method::Post, "/users", json!({ "email": "b@example.com", "username": "b" })).await;
    assert_eq!(first.status, Status::Created);
    app.letters().await;
    let taken = admin(&app, &root, Method::Post, "/users", json!({ "email": "c@example.com", "username": "B" })).await;
    assert_eq!((taken.status, &taken.json()["errors"][0]["field"]), (Status::Conflict, &json!("username")));
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 3);
    assert_eq!(app.letters().await, Vec::<String>::new());
}

#[async_test]
async fn a_locked_account_is_signed_out_everywhere_and_cannot_sign_in_until_it_is_unlocked() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    let path = format!("/users/{id}");
    let locked = admin(&app, &root, Method::Patch, &path, json!({ "locked": true })).await.json();
    assert_eq!((&locked["status"], locked["locked_at"].is_string()), (&json!("locked"), true));
    assert_eq!(app.session_of(&ann).await.json()["reason"], "locked");
    let refused = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (Status::Unauthorized, &json!("invalid_credentials")));
    admin(&app, &root, Method::Patch, &path, json!({ "locked": false })).await;
    app.session_elsewhere(ANN, PASSWORD).await;
    let letters = app.letters().await;
    assert!(letters[0].contains("was locked") && letters[1].contains("sign in again"), "{letters:?}");
    assert_eq!(
        app.list("SELECT type FROM events WHERE type IN ('user.locked', 'user.unlocked') ORDER BY id").await,
        ["user.locked", "user.unlocked"]
    );
}

#[async_test]
async fn a_new_role_acts_at_the_next_request() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    assert_eq!(look(&app, &ann, "/users").await.status, Status::Forbidden);
    let path = format!("/users/{id}");
    admin(&app, &root, Method::Patch, &path, json!({ "role": "superuser" })).await;
    assert_eq!(app.session_of(&ann).await.json()["reason"], "role_changed");
    let ann = app.session_elsewhere(ANN, PASSWORD).await;
    assert_eq!(look(&app, &ann, "/users").await.status, Status::Ok);
    admin(&app, &root, Method::Patch, &path, json!({ "role": "user" })).await;
    assert_eq!(look(&app, &ann, "/users").await.json()["reason"], "role_changed");
    app.letters().await;
}

#[async_test]
async fn the_last_superuser_can_be_neither_demoted_nor_locked_nor_deleted() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let id = app.session_of(&root).await.json()["user_id"].as_str().unwrap().to_owned();
    let path = format!("/users/{id}");
    for change in [json!({ "role": "user" }), json!({ "locked": true }), json!({ "locked": true, "name": "x" })] {
        let refused = admin(&app, &root, Method::Patch, &path, change).await;
        assert_eq!((refused.status, &refused.json()["code"]), (Status::Conflict, &json!("conflict")));
    }
    assert_eq!(admin(&app, &root, Method::Delete, &path, Value::Null).await.status, Status::Conflict);
    let own = json!({ "current_password": PASSWORD });
    assert_eq!(app.call_as(&root, "/api/account/delete", own).await.status, Status::Conflict);
    let shown = look(&app, &root, &path).await.json();
    assert_eq!((&shown["role"], &shown["status"], &shown["name"]), (&json!("superuser"), &json!("active"), &json!("")));
}

#[async_test]
async fn of_two_superusers_who_demote_lock_and_delete_each_other_at_once_one_is_left() {
    for round in 0..12 {
        let app = TestApp::new().await;
        let root = app.superuser().await;
        let other = NewAccount {
            email: "other@example.com",
            role: "superuser",
            password: Some(PASSWORD),
            ..NewAccount::default()
        };
        app.accounts().create_account(&Operator::command_line(), &other).await.unwrap();
        let token = app.session_elsewhere("other@example.com", PASSWORD).await;
        let mut ids = Vec::new();
        for token in [&root, &token] {
            ids.push(app.session_of(token).await.json()["user_id"].as_str().unwrap().to_owned());
        }
        let weaken = |by: String, of: String, how: usize| {
            let app = &app;
            async move {
                let path = format!("/users/{of}");
                match how % 3 {
                    0 => admin(app, &by, Method::Patch, &path, json!({ "role": "user" })).await,
                    1 => admin(app, &by, Method::Patch, &path, json!({ "locked": true })).await,
                    _ => admin(app, &by, Method::Delete, &path, Value::Null).await,
                }
            }
        };
        let both = [weaken(root.clone(), ids[1].clone(), round), weaken(token.clone(), ids[0].clone(), round / 3)];
        let statuses: Vec<u16> = join_all(both).await.iter().map(|answer| answer.status.code).collect();
        assert_eq!(statuses.iter().filter(|status| **status < 300).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        let left = "SELECT COUNT(*) FROM users WHERE role = 'superuser' AND locked_at IS NULL";
        assert_eq!(app.count(left).await, 1, "{statuses:?}");
        app.letters().await;
    }
}

#[async_test]
async fn a_superuser_signs_one_person_out_or_everybody() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    let program = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let path = format!("/users/{id}/logout");
    assert_eq!(admin(&app, &root, Method::Post, &path, Value::Null).await.status, Status::NoContent);
    assert_eq!(app.session_of(&ann).await.json()["reason"], "forced");
    let refresh = json!({ "refresh_token": program["refresh_token"] });
    assert_eq!(app.call("/api/auth/token/refresh", refresh).await.json()["reason"], "forced");

    let mut tokens = vec![root.clone()];
    for _ in 0..3 {
        tokens.push(app.session_elsewhere(ANN, PASSWORD).await);
    }
    assert_eq!(admin(&app, &root, Method::Post, "/logout-everyone", Value::Null).await.status, Status::NoContent);
    for token in tokens {
        assert_eq!(app.session_of(&token).await.json()["reason"], "forced");
    }
    let ended = "SELECT COUNT(*) FROM events WHERE type = 'session.ended' AND actor_id <> user_id";
    assert_eq!(app.count(ended).await, 5);
    app.letters().await;
}

#[async_test]
async fn a_superuser_who_signs_everybody_out_and_leaves_at_once_waits_for_nobody_for_ever() {
    let app = TestApp::new().await;
    let mut root = app.superuser().await;
    for round in 0..30 {
        let other = app.session_elsewhere(SUPERUSER, PASSWORD).await;
        let leave = async |path: &str| app.call_as(&other, path, json!({})).await;
        let (everyone, leaving) =
            join(admin(&app, &root, Method::Post, "/logout-everyone", Value::Null), leave("/api/auth/logout-all"))
                .await;
        for answer in [everyone, leaving] {
            assert!([204, 401].contains(&answer.status.code), "round {round}: {answer:?}");
        }
        root = app.session_elsewhere(SUPERUSER, PASSWORD).await;
        app.letters().await;
    }
}

#[async_test]
async fn many_sessions_end_in_several_transactions_and_none_is_left() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    for number in 0..450 {
        let user = format!(
            "INSERT INTO users (id, email, name, role, version, created_at)
            VALUES ('u{number}', 'u{number}@example.com', '', 'user', 1, {number})"
        );
        app.execute(&user).await;
        let session = format!(
            "INSERT INTO sessions
            (id, user_id, kind, version, auth_time, created_at, ends_at, last_seen_at)
            VALUES ('s{number}', 'u{number}', 'browser', 1, 0, 7, {}, 0)",
            i64::MAX
        );
        app.execute(&session).await;
    }
    assert_eq!(admin(&app, &root, Method::Post, "/logout-everyone", Value::Null).await.status, Status::NoContent);
    assert_eq!(app.count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE type = 'session.ended'").await, 451);
    assert_eq!(app.count("SELECT COUNT(*) FROM endings").await, 451);
}

#[async_test]
async fn a_deleted_person_is_gone_and_signed_out() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    let path = format!("/users/{id}");
    assert_eq!(admin(&app, &root, Method::Delete, &path, Value::Null).await.status, Status::NoContent);
    assert_eq!(app.session_of(&ann).await.json()["reason"], "deleted");
    for (method, path) in
        [(Method::Get, path.clone()), (Method::Delete, path.clone()), (Method::Post, path + "/logout")]
    {
        assert_eq!(admin(&app, &root, method, &path, Value::Null).await.status, Status::NotFound);
    }
    let kept =
        format!("SELECT COUNT(*) FROM events WHERE type = 'user.deleted' AND user_id = '{id}' AND actor_id <> '{id}'");
    assert_eq!(app.count(&kept).await, 1);
    app.letters().await;
}

#[async_test]
async fn a_superuser_asks_somebody_to_set_a_new_password() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    let path = format!("/users/{id}/send-reset");
    assert_eq!(admin(&app, &root, Method::Post, &path, Value::Null).await.status, Status::NoContent);
    let letters = app.mail().await;
    assert!(letters[0].0 == ANN && letters[0].1.contains("/forgot-password"), "{letters:?}");
    assert_eq!(app.session_of(&ann).await.status, Status::Ok, "nothing was changed");
}

#[async_test]
async fn acts_need_a_recent_password_and_looking_does_not() {
    let app = TestApp::new().await;
    let (root, _, id) = with_ann(&app).await;
    app.advance(std::time::Duration::from_secs(301));
    assert_eq!(look(&app, &root, "/users").await.status, Status::Ok);
    for (method, path) in acts(&id) {
        let refused = admin(&app, &root, method, &path, json!({ "email": "b@example.com" })).await;
        assert_eq!(refused.json()["code"], "fresh_sign_in_required", "{method} {path}");
    }
}

#[async_test]
async fn a_superuser_who_was_demoted_while_an_act_was_under_way_does_nothing() {
    let app = TestApp::new().await;
    let (root, _, id) = with_ann(&app).await;
    let session = app.session_of(&root).await.json();
    app.execute("UPDATE sessions SET ended_at = 1, end_reason = 'role_changed' WHERE user_id <> ''").await;
    // The guard lets the request through: this node has not heard of the end yet.
    let refused = admin(&app, &root, Method::Patch, &format!("/users/{id}"), json!({ "locked": true })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (Status::Unauthorized, &json!("not_signed_in")));
    assert_eq!(app.count("SELECT COUNT(*) FROM users WHERE locked_at IS NOT NULL").await, 0, "{session}");
}

#[async_test]
async fn people_are_found_by_address_domain_username_and_each_word_of_their_name() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let people =
        [("ann@one.example", "Ann Lee", "lala"), ("ben@two.example", "Łukasz Lee", ""), ("cy@one.example", "", "")];
    for (email, name, username) in people {
        let new = NewAccount { email, name, username, ..NewAccount::default() };
        app.accounts().create_account(&Operator::command_line(), &new).await.unwrap();
    }
    for (q, found) in [
        ("ann", &["ann@one.example"][..]),
        ("LEE", &["ann@one.example", "ben@two.example"]),
        ("l", &["ann@one.example", "ben@two.example"]),
        ("ann%20lee", &["ann@one.example"]),
        ("one.ex", &["ann@one.example", "cy@one.example"]),
        ("%C5%82uk", &["ben@two.example"]),
        ("lala", &["ann@one.example"]),
        ("%25", &[]),
        ("nn@", &[]),
    ] {
        for limit in [1, 50] {
            assert_eq!(all(&app, &root, &format!("/users?q={q}&limit={limit}")).await, found, "{q}");
        }
    }
    let renamed = app.count("SELECT COUNT(*) FROM users WHERE email = 'cy@one.example'").await;
    assert_eq!(renamed, 1);
    let id = app.ask::<String>("SELECT id FROM users WHERE email = 'cy@one.example'").await;
    admin(&app, &root, Method::Patch, &format!("/users/{id}"), json!({ "name": "Cyrus" })).await;
    assert_eq!(all(&app, &root, "/users?q=cyr").await, ["cy@one.example"]);
    app.letters().await;
}

#[async_test]
async fn lists_come_page_by_page_in_each_order_and_state() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let mut emails = Vec::new();
    for number in 0..7 {
        app.advance(std::time::Duration::from_millis(number % 2));
        let email = format!("p{}@example.com", (number * 3) % 7);
        let new = NewAccount { email: &email, ..NewAccount::default() };
        app.accounts().create_account(&Operator::command_line(), &new).await.unwrap();
        emails.push(email);
    }
    let mut newest: Vec<&str> = emails.iter().rev().map(String::as_str).collect();
    newest.push(SUPERUSER);
    let oldest: Vec<&str> = newest.iter().rev().copied().collect();
    let mut by_address = newest.clone();
    by_address.sort_unstable();
    for limit in [1, 3, 8, 50] {
        assert_eq!(all(&app, &root, &format!("/users?limit={limit}")).await, newest);
        assert_eq!(all(&app, &root, &format!("/users?sort=oldest&limit={limit}")).await, oldest);
        assert_eq!(all(&app, &root, &format!("/users?sort=address&limit={limit}")).await, by_address);
        assert_eq!(all(&app, &root, &format!("/users?status=invited&limit={limit}")).await, newest[..7]);
    }
    assert_eq!(all(&app, &root, "/users?status=superuser").await, [SUPERUSER]);
    assert_eq!(all(&app, &root, "/users?status=active").await, [SUPERUSER]);
    assert_eq!(all(&app, &root, "/users?status=locked").await, Vec::<String>::new());
    for wrong in ["status=x", "sort=x", "cursor=x", "cursor=WyJhIiwiYiJd", "limit=0", "limit=201", "q=a&q=b", "q=%00"] {
        let refused = look(&app, &root, &format!("/users?{wrong}")).await;
        assert_eq!(refused.status, Status::UnprocessableEntity, "{wrong}");
    }
    app.letters().await;
}

#[async_test]
async fn everybody_s_sessions_and_events_are_listed_with_their_ends_and_filters() {
    let app = TestApp::new().await;
    let (root, ann, id) = with_ann(&app).await;
    app.call_as(&ann, "/api/auth/logout", json!({})).await;
    let sessions = look(&app, &root, "/sessions").await.json();
    let rows = sessions["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["email"], &rows[0]["end_reason"]), (&json!(ANN), &json!("logged_out")));
    assert!(rows[0]["ended_at"].is_string() && rows[1]["ended_at"].is_null());
    let open = look(&app, &root, "/sessions?state=open").await.json();
    assert_eq!((open["items"].as_array().unwrap().len(), &open["items"][0]["email"]), (1, &json!(SUPERUSER)));
    let of_ann = look(&app, &root, &format!("/sessions?state=ended&user={id}")).await.json();
    assert_eq!(of_ann["items"].as_array().unwrap().len(), 1);

    let events = look(&app, &root, &format!("/events?user={id}&type=session.ended")).await.json();
    assert_eq!(
        (events["items"].as_array().unwrap().len(), &events["items"][0]["data"]),
        (1, &json!({ "reason": "logged_out" }))
    );
    assert_eq!(look(&app, &root, "/events?to=2020-01-01").await.json()["items"], json!([]));
    let two = look(&app, &root, "/events?limit=2&from=2020-01-01").await.json();
    let next =
        look(&app, &root, &format!("/events?limit=2&cursor={}", two["next_cursor"].as_str().unwrap())).await.json();
    assert!(two["items"][1]["id"].as_str() > next["items"][0]["id"].as_str());
    for wrong in ["/events?type=x", "/events?user=x", "/events?from=x", "/sessions?state=x", "/sessions?user=x"] {
        assert_eq!(look(&app, &root, wrong).await.status, Status::UnprocessableEntity, "{wrong}");
    }
}

#[async_test]
async fn sessions_that_closed_by_themselves_say_so_in_the_list() {
    let app = TestApp::new().await;
    let (_, _, _) = with_ann(&app).await;
    app.advance(std::time::Duration::from_secs(11 * 60));
    let root = app.session_elsewhere(SUPERUSER, PASSWORD).await;
    let rows = look(&app, &root, "/sessions?state=ended").await.json();
    let reasons: Vec<&Value> = rows["items"].as_array().unwrap().iter().map(|row| &row["end_reason"]).collect();
    assert_eq!(reasons, ["expired", "expired"]);
    assert_eq!(look(&app, &root, "/sessions?state=open").await.json()["items"].as_array().unwrap().len(), 1);
    app.letters().await;
}

#[async_test]
async fn the_first_superuser_is_made_at_start_where_the_settings_name_one() {
    let first = [("NIGHTLATCH_SUPERUSER__EMAIL", "first@example.com")];
    let app = TestApp::with_settings(&first).await;
    let letters = app.mail().await;
    assert!(letters[0].0 == "first@example.com" && letters[0].1.contains("/forgot-password"), "{letters:?}");
    let second = app.second_node_with(&[("NIGHTLATCH_SUPERUSER__EMAIL", "second@example.com")]).await;
    assert_eq!(second.list("SELECT email FROM users").await, ["first@example.com"]);
}

#[async_test]
async fn an_account_that_is_there_becomes_the_first_superuser_only_if_it_proved_its_address() {
    let app = TestApp::with_settings(&[("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false")]).await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    let first = app.second_node_with(&[("NIGHTLATCH_SUPERUSER__EMAIL", ANN)]).await;
    assert_eq!(first.count("SELECT COUNT(*) FROM users WHERE role = 'superuser'").await, 0);
    app.execute("UPDATE users SET email_verified_at = 1").await;
    // A new role ends sessions, and waits for nodes that follow; these two do nothing by themselves.
    app.follower().leave().await;
    first.follower().leave().await;
    let again = app.second_node_with(&[("NIGHTLATCH_SUPERUSER__EMAIL", ANN)]).await;
    assert_eq!(again.count("SELECT COUNT(*) FROM users WHERE role = 'superuser'").await, 1);
    again.letters().await;
}

#[async_test]
async fn where_superusers_make_the_accounts_nobody_signs_up_on_any_path() {
    let open = TestApp::new().await;
    let begun = open.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await.json();
    let code = open.mailed_code().await;
    let app = open.second_node_with(&[("NIGHTLATCH_SIGNUP__MODE", "superuser")]).await;
    let tries = [
        app.call("/api/auth/signup", json!({ "email": "b@example.com", "password": PASSWORD })).await,
        app.call("/api/auth/verify-email", json!({ "request": begun["request"], "code": code })).await,
    ];
    for refused in tries {
        assert_eq!((refused.status, &refused.json()["code"]), (Status::Forbidden, &json!("forbidden")));
    }
    for (path, fields) in
        [("/signup", &[("email", ANN), ("password", PASSWORD)][..]), ("/verify-email", &[("code", &code)])]
    {
        assert_eq!(app.post_form(path, fields).await.status(), Status::Forbidden, "{path}");
    }
    let page = Answer::of(app.get("/signup").await).await;
    assert!(page.body.contains("by invitation") && !page.body.contains("<form"), "{}", page.body);
    assert!(!Answer::of(app.get("/").await).await.body.contains("/signup"));
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
}

#[async_test]
async fn a_username_is_never_taken_for_an_address_and_tells_nobody_that_it_exists() {
    let app = TestApp::new().await;
    let new = NewAccount { email: ANN, username: "ann", password: Some(PASSWORD), ..NewAccount::default() };
    app.accounts().create_account(&Operator::command_line(), &new).await.unwrap();
    let outlines: Vec<String> = {
        let mut all = Vec::new();
        for login in ["ann", "nobody-of-this-name", "ann@example.com", "x y"] {
            let answer = app.call("/api/auth/signin", json!({ "email": login, "password": "wrong-wrong-wrong" })).await;
            all.push(answer.outline(login));
        }
        all
    };
    assert!(outlines.iter().all(|outline| *outline == outlines[0]), "{outlines:?}");
    assert_eq!(app.sign_in("Ann", PASSWORD).await.status(), Status::SeeOther);
    app.letters().await;
    let own = Answer::of(app.get("/api/account").await).await.json();
    assert_eq!(own["username"], "ann");
}

#[async_test]
async fn errors_of_the_domain_are_cases() {
    let app = TestApp::new().await;
    let nobody = nightlatch::model::id::UserId::new(app.now());
    let change = Change { locked: Some(true), ..Change::default() };
    let outcome = app.accounts().change_account(&Operator::command_line(), &nobody, &change).await;
    assert!(matches!(outcome, Err(AdminError::NotFound)));
}

/// Every act on others, with what it is called by.
fn acts(id: &str) -> Vec<(Method, String)> {
    vec![
        (Method::Post, "/users".into()),
        (Method::Patch, format!("/users/{id}")),
        (Method::Delete, format!("/users/{id}")),
        (Method::Post, format!("/users/{id}/logout")),
        (Method::Post, format!("/users/{id}/send-reset")),
        (Method::Post, "/logout-everyone".into()),
    ]
}

/// A superuser's token, Ann's, and her id.
async fn with_ann(app: &TestApp) -> (String, String, String) {
    let root = app.superuser().await;
    app.advance(std::time::Duration::from_millis(1));
    app.sign_up(ANN).await;
    let ann = app.token().unwrap();
    let id = app.session_of(&ann).await.json()["user_id"].as_str().unwrap().to_owned();
    (root, ann, id)
}

async fn admin(app: &TestApp, token: &str, method: Method, path: &str, body: Value) -> Answer {
    let mut request = app.client.req(method, format!("/api/admin{path}"));
    request.add_header(Header::new("Cookie", format!("{SESSION_COOKIE}={token}")));
    request.add_header(Header::new("Sec-Fetch-Site", "same-origin"));
    if !body.is_null() {
        request = request.header(ContentType::JSON).body(body.to_string());
    }
    Answer::of(request.dispatch().await).await
}

async fn look(app: &TestApp, token: &str, path: &str) -> Answer {
    app.get_as(token, &format!("/api/admin{path}")).await
}

/// The addresses of a whole list, page by page.
async fn all(app: &TestApp, token: &str, path: &str) -> Vec<String> {
    let (mut emails, mut cursor) = (Vec::new(), String::new());
    loop {
        let joined = if path.contains('?') { "&" } else { "?" };
        let page = look(app, token, &format!("{path}{cursor}")).await;
        assert_eq!(page.status, Status::Ok, "{page:?}");
        let page = page.json();
        emails.extend(page["items"].as_array().unwrap().iter().map(|row| row["email"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("{joined}cursor={next}"),
            None => return emails,
        }
    }
}
