//! The headers that every answer carries.
use rocket::{
    async_test,
    http::{ContentType, Header, Status},
    local::asynchronous::LocalRequest,
};

use crate::support::{Answer, TestApp};

pub const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

const PAGE_POLICY: [&str; 9] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
];

const HSTS: &str = "max-age=63072000; includeSubDomains";

/// One request for each status that pages and API know.
fn requests(app: &TestApp) -> Vec<(u16, LocalRequest<'_>)> {
    let get = |path: &'static str| app.client.get(path);
    let form = |path: &'static str| app.client.post(path).header(ContentType::Form);
    let json = |path: &'static str| app.client.post(path).header(ContentType::JSON);
    let foreign = || Header::new("Sec-Fetch-Site", "cross-site");
    let twice =
        || Header::new("Cookie", "nightlatch-8000=a; nightlatch-8000=b; __Host-nightlatch=a; __Host-nightlatch=b");
    vec![
        (200, get("/")),
        (200, get("/signin")),
        (200, app.client.head("/signin")),
        (200, get("/health/live")),
        (202, json("/api/auth/forgot-password").body(r#"{"email":"ann@example.com"}"#)),
        (303, get("/dashboard")),
        (303, form("/forgot-password").body("email=ann%40example.com")),
        (400, get("/").header(twice())),
        (400, get("/api/auth/session").header(twice())),
        (401, get("/api/auth/session")),
        (401, form("/signin").body("email=ann%40example.com&password=wrong")),
        (401, json("/api/auth/signin").body(r#"{"email":"ann@example.com","password":"wrong"}"#)),
        (403, form("/signin").header(foreign())),
        (403, json("/api/auth/signin").header(foreign())),
        (404, get("/nowhere")),
        (404, get("/api/nowhere")),
        (404, get("/static/nothing.css")),
        (404, get("/health/nothing")),
        (405, get("/logout")),
        (405, get("/api/auth/logout")),
        (405, app.client.options("/api/auth/signin")),
        (413, form("/signin").body("x".repeat(20_000))),
        (413, json("/api/auth/signin").body(" ".repeat(20_000))),
        (415, json("/signin").body("{}")),
        (415, form("/api/auth/signin").body("a=b")),
        (422, form("/signup").body("email=x")),
        (422, json("/api/auth/signup").body("{}")),
    ]
}

async fn answers(app: &TestApp) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (status, request) in requests(app) {
        let what = format!("{status} of {} {}", request.method(), request.uri());
        let answer = Answer::of(request.dispatch().await).await;
        assert_eq!(answer.status.code, status, "{what}: {}", answer.body);
        answers.push((what, answer));
    }
    answers
}

#[async_test]
async fn every_answer_carries_the_full_set_once() {
    let app = TestApp::new().await;
    for (what, answer) in answers(&app).await {
        for (name, value) in ALWAYS {
            assert_eq!(answer.header(name), Some(value), "{name} on {what}");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        let permissions = answer.header("permissions-policy").unwrap();
        assert!(permissions.split(", ").all(|feature| feature.ends_with("=()")), "{permissions}");
        for feature in ["camera=()", "geolocation=()", "microphone=()", "payment=()"] {
            assert!(permissions.contains(feature), "{permissions}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        let directives: Vec<&str> = policy.split("; ").collect();
        let is_json = what.contains("/api") || what.contains("/health");
        let wanted = if is_json { &["default-src 'none'", "frame-ancestors 'none'"][..] } else { &PAGE_POLICY };
        for directive in wanted {
            assert!(directives.contains(directive), "{directive} is not in {policy} on {what}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let kind = answer.header("content-type").unwrap_or_default();
        match answer.status.code {
            200 | 202 | 303 => {}
            _ if is_json => assert_eq!(kind, "application/problem+json", "{what}"),
            _ => assert_eq!(kind, "text/html; charset=utf-8", "{what}"),
        }
    }
    app.letters().await;
}

#[async_test]
async fn no_answer_names_the_program_or_opens_itself_to_other_sites() {
    let app = TestApp::new().await;
    let origin = || Header::new("Origin", "https://evil.example.test");
    for (status, request) in requests(&app) {
        let what = format!("{status} of {} {}", request.method(), request.uri());
        let request = request.header(origin()).header(Header::new("Access-Control-Request-Method", "POST"));
        let answer = Answer::of(request.dispatch().await).await;
        for name in answer.headers.keys() {
            assert!(!name.starts_with("access-control"), "{name} on {what}");
            assert!(
                !["server", "x-powered-by", "x-xss-protection", "strict-transport-security"].contains(&name.as_str())
            );
        }
        assert!(!answer.body.to_lowercase().contains("rocket"), "{what}: {}", answer.body);
    }
}

#[async_test]
async fn only_https_asks_for_https() {
    let app = TestApp::https().await;
    for (what, answer) in answers(&app).await {
        assert_eq!(answer.header("strict-transport-security"), Some(HSTS), "{what}");
    }
    app.letters().await;
}

#[async_test]
async fn static_files_are_kept_for_long_under_their_version_and_set_no_cookie() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let page = app.get("/dashboard").await.into_string().await.unwrap();
    let addresses: Vec<&str> = page.split('"').filter(|text| text.starts_with("/static/")).collect();
    assert!(addresses.len() >= 3, "{addresses:?}");
    for address in addresses {
        let (path, version) = address.split_once("?v=").unwrap();
        let answer = Answer::of(app.get(address).await).await;
        assert_eq!(answer.status, Status::Ok, "{address}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.headers.get("set-cookie"), None);
        let kind = match path.rsplit_once('.').unwrap().1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            other => panic!("what type has {other}?"),
        };
        assert_eq!(answer.header("content-type"), Some(kind), "{address}");
        // An old page must not get the new file kept under the old name, nor anybody choose the name.
        for other in [path.to_owned(), format!("{path}?v="), format!("{path}?v={version}0"), format!("{path}?v=0000")] {
            let answer = Answer::of(app.get(&other).await).await;
            assert_eq!((answer.status, answer.header("cache-control")), (Status::Ok, Some("no-cache")), "{other}");
        }
    }
}

#[async_test]
async fn nothing_but_static_files_is_served_as_such() {
    let app = TestApp::new().await;
    for path in [
        "/static",
        "/static/",
        "/static/../Cargo.toml",
        "/static/../static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "/static/%2E%2E%2FCargo.toml",
        "/static/..%2fCargo.toml",
        "/static/..%5cCargo.toml",
        "/static/%2fetc/passwd",
        "/static//etc/passwd",
        "/static/%00",
        "/static/app.css%00.svg",
        "/static/.hidden",
        "/static/app.css/x",
        "/static/*",
        "/static/x%3A",
        "/static/APP.CSS",
    ] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(answer.status, Status::NotFound, "{path}");
        assert!(!answer.body.contains("[package]") && !answer.body.contains("root:"), "{path}");
    }
}
