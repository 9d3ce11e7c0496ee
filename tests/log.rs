//! Log lines: which request they are about, and what cannot be smuggled into them.
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use nightlatch::{log::lines, settings::LogFormat};
use rocket::{
    async_test,
    http::{Header, Status},
};
use serde_json::{Value, json};
use tracing::{Level, dispatcher};

use crate::support::{Answer, TestApp};

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
    answer.header("x-request-id").unwrap().to_owned()
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
