//! What no browser and no sensible program sends: always refused by name, never a fault of ours, and nothing is stored.
use rocket::{
    async_test,
    http::{ContentType, Method, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApp};

/// A route with a body, as it is sent well.
struct Case {
    path: &'static str,
    fields: &'static [Field],
}

struct Field {
    name: &'static str,
    good: &'static str,
    /// The most characters.
    limit: usize,
    required: bool,
    /// Whether any text is taken and compared: what is no address or no request is merely unknown.
    compared: bool,
}

const fn field(name: &'static str, good: &'static str, limit: usize) -> Field {
    Field { name, good, limit, required: true, compared: false }
}

const fn compared(name: &'static str, good: &'static str, limit: usize) -> Field {
    Field { compared: true, ..field(name, good, limit) }
}

const EMAIL: Field = field("email", "ann@example.com", 254);
const NAME: Field = Field { required: false, ..field("name", "Ann", 100) };
const CHOSEN: Field = field("password", PASSWORD, 256);
const CODE: Field = field("code", "1234 5678", 8);
/// Every text may name a request; whoever has a wrong one is told that the code is.
const REQUEST: Field = compared("request", "AAAAAAAAAAAAAAAAAAAAAA", usize::MAX);
const LOGIN: Field = compared("email", "ann@example.com", 254);
const GIVEN: Field = compared("password", PASSWORD, 256);
const NEXT: Field = Field { required: false, ..compared("next", "/dashboard", usize::MAX) };

const CALLS: [Case; 6] = [
    Case { path: "/api/auth/signup", fields: &[EMAIL, CHOSEN, NAME] },
    Case { path: "/api/auth/verify-email", fields: &[REQUEST, CODE] },
    Case { path: "/api/auth/verify-email/resend", fields: &[REQUEST] },
    Case { path: "/api/auth/signin", fields: &[LOGIN, GIVEN] },
    Case { path: "/api/auth/forgot-password", fields: &[EMAIL] },
    Case { path: "/api/auth/reset-password", fields: &[REQUEST, CODE, CHOSEN] },
];

const FORMS: [Case; 5] = [
    Case { path: "/signup", fields: &[EMAIL, CHOSEN, NAME] },
    Case { path: "/verify-email", fields: &[CODE] },
    Case { path: "/signin", fields: &[LOGIN, GIVEN, NEXT] },
    Case { path: "/forgot-password", fields: &[EMAIL] },
    Case { path: "/reset-password", fields: &[CODE, CHOSEN] },
];

#[async_test]
async fn a_call_is_refused_by_the_name_of_the_field_at_fault() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    for case in &CALLS {
        for field in case.fields {
            for (what, value) in of_wrong_type().into_iter().chain([("NUL", json!(format!("{}\0", field.good)))]) {
                let answer = call(&app, case.path, &case.with(field.name, Some(value))).await;
                assert_names(&answer, field.name, &format!("{} {} {what}", case.path, field.name));
            }
            if field.required {
                let answer = call(&app, case.path, &case.with(field.name, None)).await;
                assert_names(&answer, field.name, &format!("{} without {}", case.path, field.name));
            }
            let doubled = case.doubled(field);
            let answer = call(&app, case.path, &doubled).await;
            assert_names(&answer, field.name, &format!("{} {doubled}", case.path));
        }
        for unknown in ["x", "Email", "__proto__", "role", "_method", ""] {
            let answer = call(&app, case.path, &case.with(unknown, Some(json!("x")))).await;
            assert_names(&answer, unknown, &format!("{} with {unknown:?}", case.path));
            assert_eq!(answer.json()["errors"][0]["code"], "unknown");
        }
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_text_beyond_its_alphabet_or_length_is_refused() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    for case in &CALLS {
        for field in case.fields {
            for (what, text) in bad_texts(field) {
                let answer = call(&app, case.path, &case.with(field.name, Some(json!(text)))).await;
                let what = format!("{} {} {what}", case.path, field.name);
                assert_names(&answer, field.name, &what);
            }
        }
    }
    for case in &FORMS {
        for field in case.fields {
            for (what, text) in bad_texts(field) {
                let fields: Vec<_> = case.fields.iter().map(|other| (other.name, other.good)).collect();
                let swapped = |(name, good)| if name == field.name { (name, text.as_str()) } else { (name, good) };
                let fields: Vec<_> = fields.into_iter().map(swapped).collect();
                let answer = Answer::of(app.post_form(case.path, &fields).await).await;
                let what = format!("{} {} {what}: {answer:?}", case.path, field.name);
                assert_eq!(answer.status, Status::UnprocessableEntity, "{what}");
                assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
            }
        }
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn an_address_that_mail_cannot_reach_is_refused() {
    let app = TestApp::new().await;
    for email in [
        "ann",
        "ann@localhost",
        "ann@example.com.",
        "ann@example..com",
        "ann@.example.com",
        "ann@-example.com",
        "ann@exa_mple.com",
        "ann@127.0.0.1",
        "ann@[127.0.0.1]",
        "ann@example.com:25",
        "ann@example.com/x",
        "ann..b@example.com",
        "ann.@example.com",
        "ann@b@example.com",
        "ann@example.com,eve@example.com",
        "Ann <ann@example.com>",
        "\"ann\"@example.com",
        "ann(x)@example.com",
        "änn@example.com",
    ] {
        for path in ["/api/auth/signup", "/api/auth/forgot-password"] {
            let mut body = json!({ "email": email, "password": PASSWORD });
            if path.ends_with("forgot-password") {
                body.as_object_mut().unwrap().remove("password");
            }
            assert_names(&app.call(path, body).await, "email", &format!("{path} {email}"));
        }
    }
    assert_eq!(stored(&app).await, 0);
}

#[async_test]
async fn a_text_at_its_limit_is_taken() {
    let app = TestApp::new().await;
    let domain = format!("{}.{}.{}.example", "b".repeat(60), "c".repeat(60), "d".repeat(60));
    let email = format!("{}@{domain}", "a".repeat(254 - 1 - domain.len()));
    assert_eq!(email.len(), 254);
    let password: String = format!("{PASSWORD} ").chars().cycle().take(256).collect();
    let name = "\u{5c71}".repeat(100);
    let answer = app.call("/api/auth/signup", json!({ "email": email, "password": password, "name": name })).await;
    assert_eq!(answer.status, Status::Accepted, "{answer:?}");
    let body = json!({ "request": answer.json()["request"], "code": app.mailed_code().await });
    assert_eq!(app.call("/api/auth/verify-email", body).await.json()["user"]["name"], json!(name));
    let answer = app.call("/api/auth/signin", json!({ "email": email, "password": password })).await;
    assert_eq!(answer.status, Status::Ok, "{answer:?}");
}

#[async_test]
async fn what_is_compared_only_is_wrong_whatever_it_holds() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    for text in ["", " ", "\r\nBcc: eve@example.com", "'; DROP TABLE users; --", "{{ 7*7 }}", "%00", "🔑"] {
        let answer = app.call("/api/auth/signin", json!({ "email": text, "password": PASSWORD })).await;
        assert_eq!(answer.status, Status::Unauthorized, "{text:?}");
        let answer = app.call("/api/auth/signin", json!({ "email": "ann@example.com", "password": text })).await;
        assert_eq!(answer.status, Status::Unauthorized, "{text:?}");
        let answer = app.call("/api/auth/verify-email", json!({ "request": text, "code": "12345678" })).await;
        assert_eq!((answer.status.code, &answer.json()["code"]), (422, &json!("invalid_code")), "{text:?}");
        let body = json!({ "request": text, "code": "12345678", "password": PASSWORD });
        let answer = app.call("/api/auth/reset-password", body).await;
        assert_eq!((answer.status.code, &answer.json()["code"]), (422, &json!("invalid_code")), "{text:?}");
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_body_that_is_no_object_is_refused() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    let nested = |open: &str, close: &str, depth| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "true",
        "7",
        "\"x\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}{}",
        "{} x",
        "{\"email\"}",
        "{\"email\":}",
        "{email:1}",
        "{\"email\":\"\\ud800\"}",
        "{\"email\":1e999}",
        "\u{feff}{}",
        "email=ann%40example.com",
        "<a/>",
        "{\"email\":\"a\nb\"}",
    ]
    .map(|body| body.as_bytes().to_vec())
    .into();
    bodies.push(b"{\"email\":\"\xff\xfe\"}".to_vec());
    bodies.push(b"\xff".to_vec());
    bodies.push(nested("[", "]", 4000).into_bytes());
    bodies.push(format!("{{\"email\":{}}}", nested("[", "]", 4000)).into_bytes());
    bodies.push(format!("{}1{}", "{\"email\":".repeat(1500), "}".repeat(1500)).into_bytes());
    for case in &CALLS {
        for body in &bodies {
            let answer = send(&app, case.path, ContentType::JSON, body.clone()).await;
            let what = format!("{} {:?}: {answer:?}", case.path, String::from_utf8_lossy(&body[..body.len().min(60)]));
            assert!([400, 422].contains(&answer.status.code), "{what}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
            assert_eq!(answer.json()["code"], "invalid_input", "{what}");
        }
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_form_that_is_incomplete_doubled_or_no_text_is_refused() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    for case in &FORMS {
        let good = case.form();
        let mut bodies: Vec<Vec<u8>> = vec![
            b"".to_vec(),
            b"\xff=\xff".to_vec(),
            format!("{good}&x=y").into_bytes(),
            format!("{good}&{good}").into_bytes(),
            format!("{good}&__proto__=1").into_bytes(),
            format!("{good}&=").into_bytes(),
            format!("{good}&%ff=1").into_bytes(),
        ];
        for field in case.fields {
            let without: Vec<_> =
                good.split('&').filter(|pair| !pair.starts_with(&format!("{}=", field.name))).collect();
            let without = without.join("&");
            if field.required {
                bodies.push(without.clone().into_bytes());
            }
            for bad in ["=%00", "=a%00b", "=%ff", "=%c3%28", "[]=x", ".x=y", "[a]=x"] {
                bodies.push(format!("{without}&{}{bad}", field.name).into_bytes());
            }
            bodies.push(format!("{good}&{}={}", field.name, field.good.replace(' ', "+")).into_bytes());
        }
        for body in bodies {
            let answer = send(&app, case.path, ContentType::Form, body.clone()).await;
            let what = format!("{} {:?}: {answer:?}", case.path, String::from_utf8_lossy(&body));
            assert!([400, 422].contains(&answer.status.code), "{what}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
        }
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_body_of_20_kb_is_too_large() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    for case in &CALLS {
        for field in case.fields {
            let body = case.with(field.name, Some(json!("a".repeat(20_000))));
            let answer = call(&app, case.path, &body).await;
            assert_eq!(answer.status, Status::PayloadTooLarge, "{} {}", case.path, field.name);
            assert_eq!(answer.json()["code"], "payload_too_large");
        }
    }
    for case in &FORMS {
        let body = format!("{}{}", case.form(), "a".repeat(20_000)).into_bytes();
        let answer = send(&app, case.path, ContentType::Form, body).await;
        assert_eq!(answer.status, Status::PayloadTooLarge, "{}", case.path);
        assert!(answer.body.contains("16 KiB"), "{}", answer.body);
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_body_of_another_content_type_is_refused() {
    let app = TestApp::new().await;
    let before = stored(&app).await;
    let multipart = ContentType::new("multipart", "form-data").with_params(("boundary", "x"));
    let others =
        [ContentType::Plain, ContentType::XML, ContentType::Binary, multipart, ContentType::new("text", "json")];
    for case in &CALLS {
        let body = case.with("", None);
        for kind in others.iter().chain([&ContentType::Form]) {
            let answer = send(&app, case.path, kind.clone(), body.clone().into_bytes()).await;
            assert_eq!(answer.status, Status::UnsupportedMediaType, "{} {kind}", case.path);
            assert_eq!(answer.json()["code"], "unsupported_media_type");
            assert!(answer.json()["detail"].as_str().unwrap().contains("application/json"), "{answer:?}");
        }
        let bare = Answer::of(app.client.post(case.path).body(&body).dispatch().await).await;
        assert_eq!(bare.status, Status::UnsupportedMediaType, "{} without a type", case.path);
    }
    for case in &FORMS {
        let body = case.form();
        for kind in others.iter().chain([&ContentType::JSON]) {
            let answer = send(&app, case.path, kind.clone(), body.clone().into_bytes()).await;
            assert_eq!(answer.status, Status::UnsupportedMediaType, "{} {kind}", case.path);
            assert!(answer.body.contains("application/x-www-form-urlencoded"), "{answer:?}");
        }
        let bare = Answer::of(app.client.post(case.path).body(&body).dispatch().await).await;
        assert_eq!(bare.status, Status::UnsupportedMediaType, "{} without a type", case.path);
    }
    assert_eq!(stored(&app).await, before);
}

#[async_test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::new().await;
    let calls = CALLS.iter().map(|case| (case.path, "POST"));
    let pages = FORMS.iter().map(|case| (case.path, "GET, HEAD, POST"));
    let others = [
        ("/verify-email/resend", "POST"),
        ("/logout", "POST"),
        ("/api/auth/logout", "POST"),
        ("/api/auth/session", "GET, HEAD"),
        ("/dashboard", "GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/health/live", "GET, HEAD"),
    ];
    for (path, allow) in calls.chain(pages).chain(others) {
        for method in [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete, Method::Options] {
            if allow.contains(method.as_str()) {
                continue;
            }
            let answer = Answer::of(app.client.req(method, path).dispatch().await).await;
            assert_eq!(answer.status, Status::MethodNotAllowed, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
            if path.starts_with("/api") {
                assert_eq!(answer.json()["code"], "method_not_allowed", "{method} {path}");
            }
        }
    }
}

#[async_test]
async fn a_strange_address_is_no_fault_of_ours() {
    let app = TestApp::new().await;
    for path in [
        "/signin?next=%00",
        "/signin?next=%ff%fe",
        "/signin?next[]=x&next[a]=y",
        "/signin?next=/a&next=/b",
        "/signin?notice=%22%3E%3Cscript%3E",
        "/verify-email?resent=perhaps",
        "/verify-email?resent=%00",
        "/dev/mailbox/%2e%2e%2fsecret",
        "/dev/mailbox/%00",
        "/static/%2e%2e/%2e%2e/Cargo.toml",
        "/static/%00",
        "/api/%00",
        "/api/auth/%ff",
        "/%F0%9F%94%91",
    ] {
        let answer = Answer::of(app.get(path).await).await;
        assert!([200, 303, 400, 404, 422].contains(&answer.status.code), "{path}: {answer:?}");
        assert!(!answer.body.contains("<script>\"") && !answer.body.contains("\"><script>"), "{path}");
    }
}

impl Case {
    /// The JSON body with one member changed, added or left out.
    fn with(&self, name: &str, value: Option<Value>) -> String {
        let mut body: serde_json::Map<String, Value> =
            self.fields.iter().map(|field| (field.name.to_owned(), json!(field.good))).collect();
        body.remove(name);
        body.extend(value.map(|value| (name.to_owned(), value)));
        Value::Object(body).to_string()
    }

    fn doubled(&self, field: &Field) -> String {
        let body = self.with("", None);
        format!("{{{}:{},{}", json!(field.name), json!(field.good), &body[1..])
    }

    fn form(&self) -> String {
        let fields = self.fields.iter().map(|field| (field.name, field.good));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    }
}

fn of_wrong_type() -> Vec<(&'static str, Value)> {
    vec![
        ("null", Value::Null),
        ("number", json!(12_345_678)),
        ("negative", json!(-1)),
        ("float", json!(1.5)),
        ("truth", json!(true)),
        ("array", json!(["ann@example.com"])),
        ("empty array", json!([])),
        ("object", json!({ "$ne": "" })),
        ("empty object", json!({})),
        ("deep", serde_json::from_str(&format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap()),
    ]
}

/// Texts that a field refuses.
fn bad_texts(field: &Field) -> Vec<(&'static str, String)> {
    let mut texts = Vec::new();
    if field.limit < usize::MAX {
        let too_long = match field.name {
            "email" => format!("ann@{}.example", "a.".repeat(field.limit / 2)),
            "code" => "1".repeat(field.limit + 1),
            _ => field.good.chars().cycle().take(field.limit + 1).collect(),
        };
        texts.push(("limit + 1", too_long));
    }
    if !field.compared {
        let middle = field.good.len() / 2;
        texts.push(("CRLF", format!("{}\r\nBcc: eve@example.com{}", &field.good[..middle], &field.good[middle..])));
        texts.push(("bell", format!("{}\u{7}{}", &field.good[..middle], &field.good[middle..])));
        if field.required {
            texts.push(("empty", String::new()));
        }
    }
    texts
}

async fn call(app: &TestApp, path: &str, body: &str) -> Answer {
    send(app, path, ContentType::JSON, body.as_bytes().to_vec()).await
}

async fn send(app: &TestApp, path: &str, kind: ContentType, body: Vec<u8>) -> Answer {
    Answer::of(app.client.post(path.to_owned()).header(kind).body(body).dispatch().await).await
}

fn assert_names(answer: &Answer, field: &str, what: &str) {
    assert_eq!(answer.status, Status::UnprocessableEntity, "{what}: {answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let problem = answer.json();
    assert_eq!(problem["code"], "invalid_input", "{what}: {answer:?}");
    assert_eq!(problem["errors"][0]["field"], field, "{what}: {answer:?}");
    assert!(problem["errors"][0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}");
}

/// All that a refused request must not have added to.
async fn stored(app: &TestApp) -> i64 {
    let count = |table: &str| format!("(SELECT COUNT(*) FROM {table})");
    let counts = ["users", "sessions", "requests", "letters"].map(count);
    app.count(&format!("SELECT {}", counts.join(" + "))).await
}
