//! Log lines: which request they are about, and what cannot be smuggled into them.
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use nightlatch::{log::lines, settings::LogFormat};
use rocket::{
    async_test,
    http::{ContentType, Header, Status},
};
use serde_json::{Value, json};
use tracing::{Level, dispatcher};

use crate::support::{Answer, SESSION_COOKIE, TestApp};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// What this thread logs until the guard is dropped is written here.
    fn put_under(&self, format: LogFormat) -> dispatcher::DefaultGuard {
        let paper = self.clone();
        let wanted = tracing_subscriber::filter::Targets::new().with_target("nightlatch", Level::INFO);
        dispatcher::set_default(&lines(wanted, format, move || paper.clone()))
    }

    fn text(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }

    /// The name of the request in each line.
    fn requests(&self) -> Vec<String> {
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["span"]["request_id"].clone();
        self.text().lines().map(|text| line(text).as_str().unwrap_or_else(|| panic!("{text}")).to_owned()).collect()
    }
}

#[async_test]
async fn every_line_about_a_request_has_the_number_that_its_answer_shows() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let paper = Paper::default();
    let _guard = paper.put_under(LogFormat::Json);
    let mut seen = Vec::new();

    let foreign = app.client.post("/logout").header(Header::new("Sec-Fetch-Site", "cross-site"));
    let refused = Answer::of(foreign.dispatch().await).await;
    assert_eq!((refused.status, paper.requests()), (Status::Forbidden, vec![shown(&refused)]));
    seen.push(shown(&refused));

    app.execute("DROP TABLE letters").await;
    let typed = json!({ "email": "ann@example.com" });
    let api = Answer::of(app.post_json("/api/auth/forgot-password", typed).await).await;
    assert_eq!((api.status, paper.requests()), (Status::InternalServerError, vec![shown(&api)]));
    assert_eq!(api.json()["request_id"], shown(&api));
    seen.push(shown(&api));

    let page = Answer::of(app.post_form("/forgot-password", &[("email", "ann@example.com")]).await).await;
    assert_eq!((page.status, paper.requests()), (Status::InternalServerError, vec![shown(&page)]));
    seen.push(shown(&page));

    for path in ["/nowhere", "/api/nowhere", "/static/nowhere"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!((answer.status, answer.body.contains("request_id")), (Status::NotFound, false));
        assert!(path.starts_with("/api") || answer.body.contains(&shown(&answer)), "{}", answer.body);
        seen.push(shown(&answer));
    }
    let wrong = Answer::of(app.post_form("/signin", &[("email", "ann@example.com"), ("password", "no")]).await).await;
    seen.push(shown(&wrong));
    assert_eq!(paper.text(), "", "what people do wrong is no line");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((wrong.status, seen.len()), (Status::Unauthorized, 7));
}

/// The number of a request in its answer.
fn shown(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[async_test]
async fn whoever_tries_to_get_around_the_rules_leaves_a_line_that_says_how() {
    let app = TestApp::with_settings(&[
        ("NIGHTLATCH_PROXY__TRUSTED", "10.0.0.0/8"),
        ("NIGHTLATCH_LIMITS__ENABLED", "true"),
        ("NIGHTLATCH_LIMITS__CODES_PER_MINUTE", "1"),
    ])
    .await;
    app.sign_up("ann@example.com").await;
    let cookie = format!("{SESSION_COOKIE}={}", app.token().unwrap());
    let ours = || Header::new("Sec-Fetch-Site", "same-origin");
    let stranger: std::net::SocketAddr = "192.0.2.9:1".parse().unwrap();
    let proxied = || app.client.post("/signin").header(ours()).header(ContentType::Form).body("email=a&password=b");
    let coded = || {
        let body = json!({ "request": "x".repeat(22), "code": "12345678" }).to_string();
        app.client.post("/api/auth/verify-email").header(ours()).header(ContentType::JSON).body(body).remote(stranger)
    };
    let get = |path: &'static str| app.client.get(path);
    let paper = Paper::default();
    let _guard = paper.put_under(LogFormat::Json);
    for (request, status, words) in [
        (get("/admin").header(Header::new("Cookie", cookie.clone())), 403, "refused what only superusers may do"),
        (
            get("/dashboard").header(Header::new("Cookie", format!("{SESSION_COOKIE}=forged"))),
            303,
            "refused a token that is none of ours",
        ),
        (
            get("/api/account").header(Header::new("Authorization", "Bearer forged")),
            401,
            "refused a token that is none of ours",
        ),
        (
            get("/signin").header(Header::new("Cookie", format!("{cookie}; {cookie}"))),
            400,
            "refused a cookie that came twice or in disguise",
        ),
        (
            app.client.post("/api/account/sessions/1").header(ours()).header(ContentType::Form).body("_method=DELETE"),
            400,
            "refused a form under another method",
        ),
        (
            app.client.post("/logout").header(Header::new("Sec-Fetch-Site", "cross-site")),
            403,
            "refused a cross-site request",
        ),
        (
            proxied().remote(stranger).header(Header::new("X-Forwarded-For", "198.51.100.1")),
            401,
            "a caller that is no trusted proxy says whom it calls for",
        ),
        (coded(), 422, ""),
        (coded(), 429, "a network does this too often and has to wait"),
    ] {
        let answer = Answer::of(request.dispatch().await).await;
        let text = paper.text();
        assert_eq!(answer.status.code, status, "{words}: {answer:?}");
        assert!(words.is_empty() == text.is_empty() && text.contains(words), "{words}: {text}");
        let line = text.lines().next().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let about = line.as_ref().map(|line| line["span"]["request_id"].as_str().unwrap());
        let shown = answer.header("x-request-id");
        assert!(about.is_none() || about == shown || shown.is_none(), "{text}");
        assert!(!text.contains("forged") && !text.contains(&cookie), "{text}");
    }
}

#[async_test]
async fn whatever_is_in_a_request_its_lines_are_json_one_each() {
    let evil = "a\r\n{\"level\":\"ERROR\"}\u{1b}[2J\u{2028}\u{202e}\"\\";
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let encoded: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
    let paper = Paper::default();
    let _guard = paper.put_under(LogFormat::Json);
    app.execute("DROP TABLE letters").await;
    for path in ["/forgot-password", "/signin", "/signup", "/api/auth/token"] {
        let header = |name: &'static str| Header::new(name, evil);
        let (path, json) = (format!("{path}?{encoded}"), path.starts_with("/api"));
        let kind = if json { ContentType::JSON } else { ContentType::Form };
        let fields = json!({ "email": "ann@example.com", "password": evil, "name": evil }).to_string();
        let body = if json { fields } else { format!("email=ann%40example.com&password={encoded}&name={encoded}") };
        let request = app.client.post(path).header(kind).body(body);
        let names = ["User-Agent", "X-Forwarded-For", "Referer", "Cookie", "X-Request-Id", "Accept", "Origin"];
        names.into_iter().fold(request, |request, name| request.header(header(name))).dispatch().await;
    }
    let text = paper.text();
    assert!(!text.is_empty());
    for line in text.split_terminator('\n') {
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{line:?}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{line:?}");
    }
}

#[test]
fn what_somebody_sent_begins_no_line_and_steers_no_terminal() {
    let evil = "a\r\nERROR a forged line\t\u{7}\u{8}\u{1b}[2J\u{7f}\u{85}\u{9b}31m\u{2028}b\0";
    for format in [LogFormat::Text, LogFormat::Json] {
        let paper = Paper::default();
        {
            let _guard = paper.put_under(format);
            tracing::warn!(target: "nightlatch", path = evil, shown = %evil, debugged = ?evil, "said {evil}");
        }
        let text = paper.text();
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{line:?}");
        if format == LogFormat::Json {
            let read: Value = serde_json::from_str(line).unwrap();
            assert!(read["path"].as_str().unwrap().contains("a forged line"), "nothing is lost: {line}");
        }
    }
}
