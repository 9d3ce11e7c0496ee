//! Requests that no route takes, and where sign-ins lead.
use rocket::{
    async_test,
    http::{ContentType, Header, Method, Status},
};
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp};

async fn send(app: &TestApp, method: Method, path: &str, kind: Option<ContentType>) -> Answer {
    let mut request = app.client.req(method, path.to_owned());
    if let Some(kind) = kind {
        request.add_header(kind);
    }
    Answer::of(app.send(request.body("{}")).await).await
}

#[async_test]
async fn what_is_not_there_is_a_problem_under_api_and_a_page_elsewhere() {
    let app = TestApp::new().await;
    for path in ["/api", "/api/", "/api/nowhere", "/api/auth", "/api/auth/session/x", "/health", "/health/x"] {
        for method in [Method::Get, Method::Post, Method::Delete] {
            let answer = send(&app, method, path, None).await;
            assert_eq!(answer.status, Status::NotFound, "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
            let problem = answer.json();
            assert_eq!((&problem["status"], &problem["code"]), (&json!(404), &json!("not_found")), "{problem}");
            for member in ["type", "title", "detail"] {
                assert!(!problem[member].as_str().unwrap().is_empty(), "{problem}");
            }
        }
    }
    for path in ["/nowhere", "/apix", "/signin/x", "/dashboard/x", "/.git/config", "/%00", "/static", "/dev"] {
        let answer = send(&app, Method::Get, path, None).await;
        assert_eq!(answer.status, Status::NotFound, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(answer.body.contains("There is nothing here"), "{path}: {}", answer.body);
    }
}

#[async_test]
async fn the_wrong_method_is_told_the_right_ones() {
    let app = TestApp::new().await;
    for (method, path, allow) in [
        (Method::Get, "/logout", "POST"),
        (Method::Delete, "/signin", "GET, HEAD, POST"),
        (Method::Put, "/signin/", "GET, HEAD, POST"),
        (Method::Post, "/dashboard", "GET, HEAD"),
        (Method::Patch, "/", "GET, HEAD"),
        (Method::Head, "/logout", "POST"),
        (Method::Options, "/signin", "GET, HEAD, POST"),
        (Method::Get, "/api/auth/signin", "POST"),
        (Method::Get, "/api/auth/logout/", "POST"),
        (Method::Post, "/api/auth/session", "GET, HEAD"),
        (Method::Options, "/api/auth/session", "GET, HEAD"),
        (Method::Post, "/health/live", "GET, HEAD"),
        (Method::Delete, "/static/app.css", "GET, HEAD"),
    ] {
        let answer = send(&app, method, path, None).await;
        assert_eq!((answer.status, answer.header("allow")), (Status::MethodNotAllowed, Some(allow)), "{method} {path}");
        let api = path.starts_with("/api") || path.starts_with("/health");
        if api {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
            assert_eq!(answer.json()["code"], "method_not_allowed");
            assert!(answer.json()["detail"].as_str().unwrap().contains(allow), "{}", answer.body);
        } else {
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{method} {path}");
        }
    }
}

#[async_test]
async fn the_wrong_content_type_is_told_the_right_one() {
    let app = TestApp::new().await;
    let wrong = || [None, Some(ContentType::Plain), Some(ContentType::XML), Some(ContentType::Binary)];
    for path in ["/api/auth/signin", "/api/auth/signup/", "/api/auth/reset-password"] {
        for kind in wrong().into_iter().chain([Some(ContentType::Form), Some(ContentType::FormData)]) {
            let answer = send(&app, Method::Post, path, kind.clone()).await;
            assert_eq!(answer.status, Status::UnsupportedMediaType, "{path} with {kind:?}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert_eq!(answer.json()["code"], "unsupported_media_type");
            assert!(answer.json()["detail"].as_str().unwrap().contains("application/json"), "{}", answer.body);
        }
    }
    for path in ["/signin", "/signup", "/forgot-password/"] {
        for kind in wrong().into_iter().chain([Some(ContentType::JSON), Some(ContentType::FormData)]) {
            let answer = send(&app, Method::Post, path, kind.clone()).await;
            assert_eq!(answer.status, Status::UnsupportedMediaType, "{path} with {kind:?}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
            assert!(answer.body.contains("application/x-www-form-urlencoded"), "{}", answer.body);
        }
    }
}

#[async_test]
async fn a_charset_beside_the_content_type_is_fine() {
    let app = TestApp::new().await;
    for (path, kind) in [
        ("/api/auth/signin", ContentType::new("application", "json").with_params(("charset", "utf-8"))),
        ("/signin", ContentType::new("application", "x-www-form-urlencoded").with_params(("charset", "UTF-8"))),
    ] {
        let answer = send(&app, Method::Post, path, Some(kind)).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{path}: {}", answer.body);
    }
}

#[async_test]
async fn every_path_may_end_with_a_slash_and_every_page_answers_head() {
    let app = TestApp::new().await;
    let paths: Vec<(Method, String)> = app
        .client
        .rocket()
        .routes()
        .filter(|route| !route.uri.path().contains('<') && route.uri.path() != "/")
        .map(|route| (route.method, route.uri.path().to_string()))
        .collect();
    assert!(paths.len() >= 20, "{paths:?}");
    for (method, path) in paths {
        let plain = send(&app, method, &path, None).await;
        let slash = send(&app, method, &format!("{path}/"), None).await;
        assert_eq!(slash.status, plain.status, "{method} {path}/");
        if method == Method::Get {
            let head = send(&app, Method::Head, &path, None).await;
            assert_eq!((head.status, head.body.as_str()), (plain.status, ""), "HEAD {path}");
            assert_eq!(head.headers.get("content-security-policy"), plain.headers.get("content-security-policy"));
        }
    }
    app.letters().await;
}

#[async_test]
async fn an_error_page_repeats_nothing_that_was_sent() {
    let app = TestApp::new().await;
    for path in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/x?y=%3Csvg%20onload=x%3E",
        "/%7B%7B7777*7777%7D%7D",
        "/signin/%22%3E%3Cb%3E",
    ] {
        let request = app.client.get(path).header(Header::new("User-Agent", "<svg onload=x>"));
        let answer =
            Answer::of(request.header(Header::new("Referer", "http://<script>alert(1)</script>")).dispatch().await)
                .await;
        assert_eq!(answer.status, Status::NotFound);
        for evil in ["alert(1)", "<svg", "onload", "60481729", "<b>"] {
            assert!(!answer.body.contains(evil), "{evil} in the answer to {path}: {}", answer.body);
        }
    }
}

#[async_test]
async fn a_fault_of_ours_tells_a_number_and_nothing_else() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    app.execute("DROP TABLE letters").await;
    let typed = json!({ "email": "ann@example.com" });
    let api = Answer::of(app.post_json("/api/auth/forgot-password", typed).await).await;
    let page = Answer::of(app.post_form("/forgot-password", &[("email", "ann@example.com")]).await).await;
    assert_eq!((api.status, page.status), (Status::InternalServerError, Status::InternalServerError));
    let problem = api.json();
    assert_eq!((&problem["code"], problem["request_id"].as_str().map(str::len)), (&json!("internal"), Some(16)));
    let mut numbers = vec![problem["request_id"].to_string()];
    numbers.push(page.body.split("<code>").nth(1).unwrap().split("</code>").next().unwrap().to_owned());
    assert_ne!(numbers[0], numbers[1]);
    for word in ["letters", "table", "sql", "INSERT", "relation"] {
        assert!(!api.body.contains(word) && !page.body.contains(word), "{word}: {} {}", api.body, page.body);
    }
}

/// Where a sign-in with this wish leads.
async fn led_to(app: &TestApp, wish: &str) -> String {
    app.forget_cookies();
    let fields = [("email", "ann@example.com"), ("password", PASSWORD), ("next", wish)];
    let answer = Answer::of(app.post_form("/signin", &fields).await).await;
    assert_eq!(answer.status, Status::SeeOther, "{wish}: {}", answer.body);
    answer.header("location").unwrap().to_owned()
}

/// What the sign-in page would send along for `query`, unescaped.
async fn hidden_field(app: &TestApp, query: &str) -> Option<String> {
    app.forget_cookies();
    let page = app.get(&format!("/signin?{query}")).await.into_string().await.unwrap();
    let value = page.split("name=\"next\" value=\"").nth(1)?.split('"').next().unwrap();
    Some(
        value
            .replace("&#x2F;", "/")
            .replace("&#39;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

#[async_test]
async fn a_sign_in_leads_to_own_paths_only() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let encoded = |wish: &str| url::form_urlencoded::Serializer::new(String::new()).append_pair("next", wish).finish();
    for own in ["/dashboard", "/", "/account?tab=a%20b&c=d#e", "/a//b", "/x?next=https://evil.example.test", "/a:b@c"] {
        assert_eq!(led_to(&app, own).await, own);
        assert_eq!(hidden_field(&app, &encoded(own)).await.as_deref(), Some(own));
    }
    for foreign in [
        "",
        "dashboard",
        "https://evil.example.test",
        "http:evil.example.test",
        "HTTPS://evil.example.test/dashboard",
        "//evil.example.test",
        "///evil.example.test",
        "/\\evil.example.test",
        "\\/evil.example.test",
        "/\t/evil.example.test",
        "\t//evil.example.test",
        "/\n/evil.example.test",
        "/\r\nSet-Cookie: a=b",
        " //evil.example.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "?x",
        "#x",
        "@evil.example.test",
        "/\u{2028}x",
        "/<script>",
        &format!("/{}", "x".repeat(2000)),
    ] {
        assert_eq!(led_to(&app, foreign).await, "/dashboard", "{foreign:?}");
        assert_eq!(hidden_field(&app, &encoded(foreign)).await.as_deref(), Some("/dashboard"), "{foreign:?}");
    }
    assert_eq!(hidden_field(&app, "other=1").await, None);
    assert_eq!(hidden_field(&app, "next=%2Fa&next=%2F%2Fevil.example.test").await, None, "which of the two was meant?");
}

#[async_test]
async fn a_failed_sign_in_keeps_the_way_on() {
    let app = TestApp::new().await;
    for (wish, kept) in [("/account?a=b", "account?a=b"), ("//evil.example.test", "dashboard")] {
        let fields = [("email", "ann@example.com"), ("password", "wrong"), ("next", wish)];
        let answer = Answer::of(app.post_form("/signin", &fields).await).await;
        assert_eq!(answer.status, Status::Unauthorized);
        assert!(answer.body.contains(kept) && !answer.body.contains("evil"), "{}", answer.body);
    }
}

#[async_test]
async fn a_page_is_no_file_whatever_ending_is_put_behind_it() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for page in ["dashboard", "account", "sessions", "api/account", "api/auth/session"] {
        for behind in ["/x.css", "%2fx.css", ";x.css", ".css", "%00.css", "%0a.css", "/..%2fx.css", "%3fx.css"] {
            let answer = Answer::of(app.get(&format!("/{page}{behind}")).await).await;
            assert!(matches!(answer.status.code, 400 | 404), "/{page}{behind}: {answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "/{page}{behind}");
            assert!(!answer.body.contains("ann@example.com"), "/{page}{behind}");
        }
        assert_eq!(app.get(&format!("/{page}")).await.status(), Status::Ok);
    }
}

#[async_test]
async fn no_answer_is_a_script_for_other_sites() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in ["/api/auth/session", "/api/account", "/api/account/sessions", "/api/account/events"] {
        for query in ["callback=x", "jsonp=x", "_callback=x"] {
            let answer = Answer::of(app.get(&format!("{path}?{query}")).await).await;
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}?{query}");
            assert!(answer.json().is_object(), "{}", answer.body);
        }
    }
}

#[async_test]
async fn scripts_and_styles_are_the_same_for_everybody() {
    let app = TestApp::new().await;
    let files = ["/static/app.js", "/static/idle.js", "/static/app.css"];
    let mut before = Vec::new();
    for file in files {
        before.push(Answer::of(app.get(file).await).await);
    }
    app.sign_up("ann@example.com").await;
    for (file, before) in files.into_iter().zip(before) {
        let after = Answer::of(app.get(file).await).await;
        assert_eq!((before.status, before.body == after.body), (Status::Ok, true), "{file}");
    }
}

#[async_test]
async fn a_browser_holds_few_cookies_however_often_somebody_signs_in_and_fails() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for round in 0..40 {
        let password = if round % 2 == 0 { PASSWORD } else { "wrong-wrong-wrong" };
        app.sign_in("ann@example.com", password).await;
        app.post_form("/forgot-password", &[("email", "ann@example.com")]).await;
        app.post_form("/reset-password", &[("code", "12345678"), ("password", PASSWORD)]).await;
        app.get("/dashboard").await;
        app.get(&format!("/nowhere?{}", "x".repeat(1_000))).await;
    }
    let held = app.cookie_header().unwrap();
    assert!(held.len() < 4_096 && held.matches('=').count() <= 3, "{held}");
    app.letters().await;
}
