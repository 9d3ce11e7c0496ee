//! Who may call what: every mounted route, asked by everybody there is.
use std::{collections::BTreeSet, time::Duration};

use nightlatch::accounts::admin::{Change, Operator};
use rocket::{
    Build, Rocket, async_test, get,
    http::{ContentType, Header, Method, Status},
    routes,
};
use serde_json::json;

use crate::support::{Answer, Options, PASSWORD, SESSION_COOKIE, SUPERUSER, TestApp};

/// Whom a route is open to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Everybody.
    All,
    /// Whoever is not signed in; the others are sent to the dashboard.
    Guests,
    /// Whoever is signed in.
    SignedIn,
    /// Those of them who gave the password a short while ago.
    Fresh,
    /// Superusers.
    Superusers,
    /// Those of them who gave the password a short while ago.
    FreshSuperusers,
}

/// Every route that is mounted.
const ROUTES: [(Open, &[&str]); 6] = [
    (
        Open::All,
        &[
            "GET /",
            "GET /.well-known/change-password",
            "GET /.well-known/jwks.json",
            "GET /.well-known/nightlatch-check",
            "GET /.well-known/security.txt",
            "GET /api/docs",
            "GET /api/openapi.json",
            "GET /dev/mailbox",
            "GET /dev/mailbox/<id>",
            "GET /forgot-password",
            "GET /health/live",
            "GET /health/ready",
            "GET /reset-password",
            "GET /signin/code",
            "GET /static/<path..>",
            "GET /verify-email",
            "POST /api/auth/forgot-password",
            "POST /api/auth/reset-password",
            "POST /api/auth/signin",
            "POST /api/auth/signin/code",
            "POST /api/auth/signup",
            "POST /api/auth/token",
            "POST /api/auth/token/code",
            "POST /api/auth/token/refresh",
            "POST /api/auth/verify-email",
            "POST /api/auth/verify-email/resend",
            "POST /forgot-password",
            "POST /reset-password",
            "POST /signin",
            "POST /signin/code",
            "POST /signup",
            "POST /verify-email",
            "POST /verify-email/resend",
        ],
    ),
    (Open::Guests, &["GET /signin", "GET /signup"]),
    (
        Open::SignedIn,
        &[
            "GET /account",
            "GET /api/account",
            "GET /api/account/events",
            "GET /api/account/export",
            "GET /api/account/second-factor",
            "GET /api/account/sessions",
            "GET /api/auth/session",
            "GET /confirm",
            "GET /dashboard",
            "GET /sessions",
            "GET /stay",
            "PATCH /api/account",
            "POST /account/delete",
            "POST /account/email",
            "POST /account/email/confirm",
            "POST /account/name",
            "POST /account/password",
            "POST /api/account/delete",
            "POST /api/account/email",
            "POST /api/account/email/confirm",
            "POST /api/account/password",
            "POST /api/auth/confirm",
            "POST /api/auth/logout",
            "POST /api/auth/logout-all",
            "POST /confirm",
            "POST /logout",
            "POST /logout-all",
            "POST /stay",
        ],
    ),
    (
        Open::Fresh,
        &[
            "DELETE /api/account/sessions/<id>",
            "GET /account/second-factor",
            "POST /account/second-factor/begin",
            "POST /account/second-factor/confirm",
            "POST /account/second-factor/recovery-codes",
            "POST /account/second-factor/remove",
            "POST /api/account/second-factor",
            "POST /api/account/second-factor/confirm",
            "POST /api/account/second-factor/recovery-codes",
            "POST /api/account/second-factor/remove",
            "POST /api/account/sessions/end-others",
            "POST /sessions/<id>/end",
            "POST /sessions/end-others",
        ],
    ),
    (
        Open::Superusers,
        &[
            "GET /admin",
            "GET /admin/events",
            "GET /admin/events.csv",
            "GET /admin/events.jsonl",
            "GET /admin/sessions",
            "GET /admin/users",
            "GET /admin/users/<id>",
            "GET /api/admin/events",
            "GET /api/admin/sessions",
            "GET /api/admin/stats",
            "GET /api/admin/users",
            "GET /api/admin/users/<id>",
        ],
    ),
    (
        Open::FreshSuperusers,
        &[
            "DELETE /api/admin/users/<id>",
            "DELETE /api/admin/users/<id>/second-factor",
            "PATCH /api/admin/users/<id>",
            "POST /admin/logout-everyone",
            "POST /admin/users",
            "POST /admin/users/<id>/delete",
            "POST /admin/users/<id>/lock",
            "POST /admin/users/<id>/logout",
            "POST /admin/users/<id>/role",
            "POST /admin/users/<id>/second-factor/remove",
            "POST /admin/users/<id>/send-reset",
            "POST /admin/users/<id>/unlock",
            "POST /api/admin/logout-everyone",
            "POST /api/admin/users",
            "POST /api/admin/users/<id>/logout",
            "POST /api/admin/users/<id>/send-reset",
        ],
    ),
];

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Anonymous,
    /// With a token of an account that was locked since.
    Locked,
    User,
    Superuser,
}

/// What a caller is told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// What was asked for, or what is wrong with it.
    Answer,
    /// To sign in.
    SignIn,
    /// To give the password once more.
    Confirm,
    /// That it is not open to the caller's role.
    Forbidden,
    /// To go to the dashboard.
    Dashboard,
}

fn expected(open: Open, caller: Caller, fresh: bool) -> Told {
    match (open, caller) {
        (Open::All, _) => Told::Answer,
        (Open::Guests, Caller::User | Caller::Superuser) => Told::Dashboard,
        (Open::Guests, _) => Told::Answer,
        (_, Caller::Anonymous | Caller::Locked) => Told::SignIn,
        (Open::Superusers | Open::FreshSuperusers, Caller::User) => Told::Forbidden,
        (Open::Fresh | Open::FreshSuperusers, _) if !fresh => Told::Confirm,
        _ => Told::Answer,
    }
}

fn told(answer: &Answer) -> Told {
    let place = answer.header("location").unwrap_or_default();
    let code = serde_json::from_str(&answer.body).unwrap_or(json!(null));
    match (answer.status.code, code["code"].as_str(), place) {
        (303, _, place) if place.starts_with("/signin") && !place.contains("notice=") => Told::SignIn,
        (303, _, place) if place.starts_with("/confirm") => Told::Confirm,
        (307, _, "/dashboard") => Told::Dashboard,
        (_, Some("not_signed_in"), _) => Told::SignIn,
        (_, Some("fresh_sign_in_required"), _) => Told::Confirm,
        (_, Some("forbidden"), _) => Told::Forbidden,
        (403, None, _) if answer.body.contains("This is not open to you") => Told::Forbidden,
        _ => Told::Answer,
    }
}

/// Routes that are mounted and not in the table, or in the table and not mounted.
fn differences(app: &TestApp) -> Vec<String> {
    let routes = app.client.rocket().routes();
    let mounted: BTreeSet<String> = routes.map(|route| format!("{} {}", route.method, route.uri.path())).collect();
    let listed: BTreeSet<String> = ROUTES.iter().flat_map(|(_, names)| *names).map(|name| (*name).to_owned()).collect();
    assert_eq!(listed.len(), ROUTES.iter().map(|(_, names)| names.len()).sum::<usize>(), "a route stands twice");
    mounted.symmetric_difference(&listed).cloned().collect()
}

#[get("/planted")]
fn planted() {}

#[async_test]
async fn every_mounted_route_is_in_the_table() {
    assert_eq!(differences(&TestApp::new().await), Vec::<String>::new());
    let mount = |rocket: Rocket<Build>| rocket.mount("/admin", routes![planted]);
    let app = TestApp::with(Options { mount: Some(mount), ..Options::default() }).await;
    assert_eq!(differences(&app), ["GET /admin/planted"]);
}

#[async_test]
async fn anonymous_callers_get_what_is_open_to_all() {
    ask(Caller::Anonymous, true).await;
}

#[async_test]
async fn a_locked_account_is_told_to_sign_in() {
    ask(Caller::Locked, true).await;
}

#[async_test]
async fn users_are_told_that_what_superusers_do_is_not_open_to_them() {
    ask(Caller::User, true).await;
}

#[async_test]
async fn users_confirm_their_password_for_what_asks_for_it() {
    ask(Caller::User, false).await;
}

#[async_test]
async fn superusers_get_everything() {
    ask(Caller::Superuser, true).await;
}

#[async_test]
async fn superusers_confirm_their_password_before_they_change_anything() {
    ask(Caller::Superuser, false).await;
}

/// Asks every route as `caller`, with a cookie and with an access token; the password was given just now, or a while ago.
async fn ask(caller: Caller, fresh: bool) {
    let app = TestApp::new().await;
    app.superuser().await;
    app.sign_up("ann@example.com").await;
    for (open, names) in ROUTES {
        for name in names {
            for bearer in [false, true] {
                let answer = send(&app, name, credentials(&app, caller, fresh, bearer).await).await;
                let wanted = expected(open, caller, fresh);
                assert_eq!(told(&answer), wanted, "{name} by {caller:?}, bearer: {bearer}, fresh: {fresh}: {answer:?}");
            }
        }
    }
    app.letters().await;
}

/// What a new session of `caller` is shown by: every call has its own, since some end it.
async fn credentials(app: &TestApp, caller: Caller, fresh: bool, bearer: bool) -> Option<Header<'static>> {
    let email = match caller {
        Caller::Anonymous => return None,
        Caller::Superuser => SUPERUSER,
        Caller::User | Caller::Locked => "ann@example.com",
    };
    if caller == Caller::Locked {
        // It signs in for this call, and is locked again.
        lock(app, email, false).await;
    }
    let header = if bearer {
        let tokens = app.call("/api/auth/token", json!({ "email": email, "password": PASSWORD })).await.json();
        Header::new("Authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()))
    } else {
        Header::new("Cookie", format!("{SESSION_COOKIE}={}", app.session_elsewhere(email, PASSWORD).await))
    };
    if caller == Caller::Locked {
        lock(app, email, true).await;
    }
    if !fresh {
        app.advance(Duration::from_secs(301));
    }
    Some(header)
}

async fn lock(app: &TestApp, email: &str, locked: bool) {
    let user = app.accounts().named(email).await.unwrap().unwrap();
    let change = Change { locked: Some(locked), ..Change::default() };
    app.accounts().change_account(&Operator::command_line(), &user.id, &change).await.unwrap();
}

/// Sends what harms nobody: the paths lead nowhere, and the bodies say nothing.
async fn send(app: &TestApp, name: &str, credentials: Option<Header<'static>>) -> Answer {
    let (method, path) = name.split_once(' ').unwrap();
    let part = |part: &str| if part.starts_with('<') { "x".to_owned() } else { part.to_owned() };
    let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
    let method: Method = method.parse().unwrap();
    let is_api = path.starts_with("/api");
    let mut request = app.client.req(method, path).header(Header::new("Sec-Fetch-Site", "same-origin"));
    request.add_header(Header::new("Referer", "http://localhost:8000/dashboard"));
    if let Some(header) = credentials {
        request.add_header(header);
    }
    if method != Method::Get {
        request.add_header(if is_api { ContentType::JSON } else { ContentType::Form });
        request = request.body(if is_api { "{}" } else { "x=1" });
    }
    let answer = Answer::of(request.dispatch().await).await;
    assert_ne!(answer.status, Status::InternalServerError, "{name}: {answer:?}");
    answer
}

#[async_test]
async fn every_page_for_those_who_are_signed_in_has_the_button_that_signs_out() {
    let app = TestApp::new().await;
    let token = app.superuser().await;
    let id: String = app.ask("SELECT id FROM users").await;
    let pages = ROUTES.iter().filter(|(open, _)| matches!(open, Open::SignedIn | Open::Superusers));
    let pages = pages.flat_map(|(_, names)| *names).filter_map(|name| name.strip_prefix("GET "));
    let pages: Vec<_> = pages.filter(|path| !path.starts_with("/api") && !path.contains("events.")).collect();
    assert!(pages.len() >= 9, "{pages:?}");
    for path in pages {
        let answer = app.get_as(&token, &path.replace("<id>", &id)).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        let bar = answer.body.split("<main").next().unwrap();
        assert!(bar.contains("<form action=\"/logout\" method=\"post\""), "{path}: {bar}");
    }
}
