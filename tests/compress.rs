//! What is sent in fewer bytes, and what is not.
use std::io::Read;

use flate2::read::GzDecoder;
use rocket::{
    async_test,
    http::{Header, Status},
    local::asynchronous::LocalResponse,
};

use crate::support::TestApp;

const FIXED: [&str; 4] = ["/static/app.css", "/static/idle.js", "/api/docs", "/api/openapi.json"];

async fn asked<'c>(app: &'c TestApp, path: &'c str, codings: &str) -> LocalResponse<'c> {
    app.send(app.client.get(path).header(Header::new("Accept-Encoding", codings.to_owned()))).await
}

fn coding(answer: &LocalResponse<'_>) -> Option<String> {
    answer.headers().get_one("Content-Encoding").map(str::to_owned)
}

#[async_test]
async fn what_is_the_same_for_everybody_is_compressed() {
    let app = TestApp::new().await;
    for path in FIXED {
        let plain = app.get(path).await.into_bytes().await.unwrap();
        for codings in ["gzip", "br, GZIP;q=0.5, *;q=0.1", "deflate,gzip; q=1"] {
            let answer = asked(&app, path, codings).await;
            assert_eq!(coding(&answer).as_deref(), Some("gzip"), "{path} for {codings}");
            assert_eq!(answer.headers().get_one("Vary"), Some("Accept-Encoding"), "{path}");
            let length = answer.headers().get_one("Content-Length").map(|length| length.parse().unwrap());
            let packed = answer.into_bytes().await.unwrap();
            assert!(length.is_none_or(|length: usize| length == packed.len()), "{path}");
            assert!(packed.len() < plain.len() / 2, "{path}: {} of {}", packed.len(), plain.len());
            let mut unpacked = Vec::new();
            GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, plain, "{path}");
        }
    }
}

#[async_test]
async fn nobody_gets_a_coding_they_did_not_ask_for() {
    let app = TestApp::new().await;
    for path in FIXED {
        for codings in ["", "br", "gzip;q=0", "gzip; q=0.000", "identity", "notgzip"] {
            let answer = asked(&app, path, codings).await;
            assert_eq!(coding(&answer), None, "{path} for {codings}");
            assert_eq!(answer.headers().get_one("Vary"), Some("Accept-Encoding"), "{path}");
        }
    }
}

#[async_test]
async fn pages_and_answers_about_a_person_are_not_compressed() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in
        ["/", "/signin?next=/a", "/dashboard", "/account", "/api/account/export", "/api/auth/session", "/nowhere"]
    {
        assert_eq!(coding(&asked(&app, path, "gzip").await), None, "{path}");
    }
}

#[async_test]
async fn whoever_has_a_file_already_is_told_so_and_nothing_else() {
    let app = TestApp::new().await;
    let first = app.get("/static/app.css").await;
    let tag = first.headers().get_one("ETag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    for known in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"other\", {tag}"), "*".to_owned()] {
        for codings in ["", "gzip"] {
            let request = app.client.get("/static/app.css").header(Header::new("If-None-Match", known.clone()));
            let answer = app.send(request.header(Header::new("Accept-Encoding", codings))).await;
            assert_eq!(answer.status(), Status::NotModified, "{known}");
            assert_eq!(answer.headers().get_one("ETag"), Some(&*tag));
            for (name, value) in [("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding")] {
                assert_eq!(answer.headers().get_one(name), Some(value), "{name}");
            }
            assert!(answer.into_bytes().await.is_none_or(|body| body.is_empty()));
        }
    }
    for other in ["\"other\"", "", "W/\"\""] {
        let request = app.client.get("/static/app.css").header(Header::new("If-None-Match", other));
        assert_eq!(app.send(request).await.status(), Status::Ok, "{other}");
    }
    let other = app.get("/static/idle.js").await;
    assert_ne!(other.headers().get_one("ETag"), Some(&*tag));
}
