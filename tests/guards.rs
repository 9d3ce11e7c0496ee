//! Who may call a handler: its signature says so.
use std::time::Duration;

use nightlatch::web::guards::{FreshlyAuthenticated, Guest, Superuser, User};
use rocket::{Build, Rocket, async_test, get, http::Status, routes};

use crate::support::{Answer, Options, PASSWORD, SESSION_COOKIE, TestApp};

const MINUTE: Duration = Duration::from_secs(60);

#[get("/members?<tab>")]
fn members(user: User<'_>, tab: Option<&str>) -> String {
    format!("{} {}", user.session.user_id, tab.unwrap_or_default())
}

#[get("/superusers")]
fn superusers(superuser: Superuser<'_>) -> String {
    superuser.session.user_id.to_string()
}

#[get("/fresh")]
fn fresh(fresh: FreshlyAuthenticated<'_>) -> String {
    fresh.session.user_id.to_string()
}

#[get("/composed")]
fn composed(user: User<'_>, superuser: Superuser<'_>, fresh: FreshlyAuthenticated<'_>) -> String {
    let sessions = [user.session, superuser.session, fresh.session];
    // One session, resolved once: the guards lend the very same value.
    assert!(sessions.iter().all(|session| std::ptr::eq(*session, sessions[0])));
    sessions[0].user_id.to_string()
}

#[get("/guests")]
fn guests(_guest: Guest) -> &'static str {
    "welcome"
}

async fn app() -> TestApp {
    let mount = |rocket: Rocket<Build>| {
        let routes = routes![members, superusers, fresh, composed, guests];
        rocket.mount("/test", routes.clone()).mount("/api/test", routes)
    };
    TestApp::with(Options { mount: Some(mount), ..Options::default() }).await
}

async fn get(app: &TestApp, path: &str) -> Answer {
    Answer::of(app.get(path).await).await
}

/// Status and code of a call.
async fn call(app: &TestApp, path: &str) -> (u16, String) {
    let answer = get(app, path).await;
    (answer.status.code, answer.json()["code"].as_str().unwrap().to_owned())
}

#[async_test]
async fn without_a_session_pages_lead_to_the_sign_in_and_calls_answer_401() {
    let app = app().await;
    for name in ["members", "superusers", "fresh", "composed"] {
        let answer = get(&app, &format!("/test/{name}")).await;
        assert_eq!(answer.status, Status::SeeOther);
        assert_eq!(next_of(&answer), format!("/test/{name}"));
        assert_eq!(call(&app, &format!("/api/test/{name}")).await, (401, "not_signed_in".into()));
    }
}

#[async_test]
async fn the_sign_in_leads_back_to_the_page_that_was_wanted() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    app.forget_cookies();
    let wanted = "/test/members?tab=a%26b";
    let answer = get(&app, wanted).await;
    assert_eq!(next_of(&answer), wanted);
    let page = get(&app, answer.header("location").unwrap()).await.body;
    assert!(
        page.contains("name=\"next\" value=\"&#x2F;test") || page.contains("name=\"next\" value=\"/test"),
        "{page}"
    );
    let fields = [("email", "ann@example.com"), ("password", PASSWORD), ("next", wanted)];
    let answer = Answer::of(app.post_form("/signin", &fields).await).await;
    assert_eq!(answer.header("location"), Some(wanted));
    let page = get(&app, wanted).await;
    assert_eq!(page.status, Status::Ok);
    assert!(page.body.ends_with(" a&b"), "{}", page.body);
}

/// Where the sign-in page that `answer` leads to would go on.
fn next_of(answer: &Answer) -> String {
    let place = url::Url::parse("http://localhost:8000").unwrap().join(answer.header("location").unwrap()).unwrap();
    assert_eq!(place.path(), "/signin");
    place.query_pairs().find(|(name, _)| name == "next").unwrap().1.into_owned()
}

#[async_test]
async fn a_member_is_let_in_where_members_may_go_and_refused_elsewhere() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    let id: String = app.ask("SELECT id FROM users").await;
    for name in ["members", "fresh"] {
        for path in [format!("/test/{name}"), format!("/api/test/{name}")] {
            let answer = get(&app, &path).await;
            assert_eq!((answer.status, answer.body.trim_end()), (Status::Ok, id.as_str()), "{path}");
        }
    }
    for name in ["superusers", "composed"] {
        assert_eq!(call(&app, &format!("/api/test/{name}")).await, (403, "forbidden".into()));
        let page = get(&app, &format!("/test/{name}")).await;
        assert_eq!(page.status, Status::Forbidden);
        assert!(page.body.contains("This is not open to you"), "{}", page.body);
    }
}

#[async_test]
async fn a_superuser_is_let_in_everywhere_from_the_next_sign_in_on() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    let id: String = app.ask("SELECT id FROM users").await;
    app.execute("UPDATE users SET role = 'superuser'").await;
    assert_eq!(call(&app, "/api/test/superusers").await, (403, "forbidden".into()));
    app.sign_in("ann@example.com", PASSWORD).await;
    for name in ["members", "superusers", "fresh", "composed"] {
        for path in [format!("/test/{name}"), format!("/api/test/{name}")] {
            let answer = get(&app, &path).await;
            assert_eq!((answer.status, answer.body.trim_end()), (Status::Ok, id.as_str()), "{path}");
        }
    }
}

#[async_test]
async fn a_role_that_nobody_knows_has_no_rights() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    app.execute("UPDATE users SET role = 'Superuser '").await;
    app.sign_in("ann@example.com", PASSWORD).await;
    assert_eq!(call(&app, "/api/test/superusers").await, (403, "forbidden".into()));
}

#[async_test]
async fn five_minutes_after_the_sign_in_it_is_not_fresh_any_more_however_it_was_used() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    app.execute("UPDATE users SET role = 'superuser'").await;
    app.sign_in("ann@example.com", PASSWORD).await;
    app.advance(4 * MINUTE);
    assert_eq!(get(&app, "/test/composed").await.status, Status::Ok);
    app.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(get(&app, "/test/composed").await.status, Status::Ok);
    app.advance(Duration::from_millis(1));
    for name in ["fresh", "composed"] {
        assert_eq!(call(&app, &format!("/api/test/{name}")).await, (403, "fresh_sign_in_required".into()));
        let page = get(&app, &format!("/test/{name}")).await;
        let confirm = format!("/confirm?next=%2Ftest%2F{name}");
        assert_eq!((page.status, page.header("location")), (Status::SeeOther, Some(&*confirm)));
        assert!(page.cookie(SESSION_COOKIE).is_some(), "stale is still signed in");
    }
    assert_eq!(get(&app, "/test/superusers").await.status, Status::Ok);

    app.sign_in("ann@example.com", PASSWORD).await;
    assert_eq!(get(&app, "/test/composed").await.status, Status::Ok);
}

#[async_test]
async fn a_stale_member_is_told_about_the_role_first() {
    let app = app().await;
    app.sign_up("ann@example.com").await;
    app.advance(6 * MINUTE);
    assert_eq!(call(&app, "/api/test/composed").await, (403, "forbidden".into()));
}

#[async_test]
async fn guests_are_welcome_until_they_sign_in() {
    let app = app().await;
    assert_eq!(get(&app, "/test/guests").await.body, "welcome");
    app.sign_up("ann@example.com").await;
    for path in ["/test/guests", "/signin", "/signup"] {
        let answer = get(&app, path).await;
        assert_eq!((answer.status, answer.header("location")), (Status::TemporaryRedirect, Some("/dashboard")));
    }
    app.advance(10 * MINUTE);
    assert_eq!(get(&app, "/test/guests").await.body, "welcome");
}
