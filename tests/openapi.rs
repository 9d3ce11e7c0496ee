//! The document is what is mounted, each call answers what the document says, and the page for people shows all of it.
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use nightlatch::web::generated;
use rocket::{
    async_test, get,
    http::{ContentType, Header, Method, Status},
};
use serde_json::{Map, Value, json};

use crate::support::{Answer, Options, SESSION_COOKIE, TestApp};

/// What is mounted beside the API and meant for no client: a browser's way to a page, and what only a holder of the secret sees.
const UNDOCUMENTED: [&str; 3] =
    ["/.well-known/change-password", "/.well-known/nightlatch-check", "/.well-known/security.txt"];

/// The kinds of problems that programs can rely on.
const PROBLEMS: [(u16, &str); 18] = [
    (400, "invalid_input"),
    (401, "invalid_credentials"),
    (401, "not_signed_in"),
    (401, "second_factor_required"),
    (403, "cross_site"),
    (403, "forbidden"),
    (403, "fresh_sign_in_required"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    // A body that is sent too slowly; the listener says so.
    (408, "invalid_input"),
    (409, "conflict"),
    (413, "payload_too_large"),
    (415, "unsupported_media_type"),
    (422, "invalid_code"),
    (422, "invalid_input"),
    (429, "too_many_requests"),
    (500, "internal"),
    (503, "overloaded"),
];

/// What a call answers beside the problems that its kind of call has in common.
const OF_THEIR_OWN: [(&str, &[(u16, &str)]); 33] = [
    ("signUp", &[(409, "conflict"), (429, "too_many_requests")]),
    ("verifyEmail", &[(409, "conflict"), (422, "invalid_code"), (429, "too_many_requests")]),
    ("resendCode", &[(429, "too_many_requests")]),
    ("forgetPassword", &[(429, "too_many_requests")]),
    ("signIn", &[(401, "invalid_credentials"), (401, "second_factor_required"), (429, "too_many_requests")]),
    ("signInWithCode", &[(422, "invalid_code"), (429, "too_many_requests")]),
    ("issueTokens", &[(401, "invalid_credentials"), (401, "second_factor_required"), (429, "too_many_requests")]),
    ("issueTokensWithCode", &[(422, "invalid_code"), (429, "too_many_requests")]),
    ("refreshTokens", &[(401, "not_signed_in")]),
    ("confirmPassword", &[(401, "invalid_credentials"), (422, "invalid_code"), (429, "too_many_requests")]),
    ("resetPassword", &[(422, "invalid_code"), (429, "too_many_requests")]),
    ("changePassword", &[(401, "invalid_credentials"), (403, "fresh_sign_in_required"), (429, "too_many_requests")]),
    ("changeEmail", &[(401, "invalid_credentials"), (403, "fresh_sign_in_required"), (429, "too_many_requests")]),
    ("confirmEmail", &[(409, "conflict"), (422, "invalid_code"), (429, "too_many_requests")]),
    ("deleteAccount", &[(401, "invalid_credentials"), (403, "fresh_sign_in_required"), (429, "too_many_requests")]),
    ("beginSecondFactor", &[(403, "fresh_sign_in_required"), (409, "conflict")]),
    ("confirmSecondFactor", &FACTOR),
    ("replaceRecoveryCodes", &FACTOR),
    ("removeSecondFactor", &FACTOR),
    ("listEvents", &[(422, "invalid_input")]),
    ("endSession", &[(403, "fresh_sign_in_required"), (404, "not_found")]),
    ("endOtherSessions", &[(403, "fresh_sign_in_required")]),
    ("listUsers", &[(422, "invalid_input")]),
    ("listAllSessions", &[(422, "invalid_input")]),
    ("listAllEvents", &[(422, "invalid_input")]),
    ("showUser", &[(404, "not_found")]),
    ("createUser", &[(403, "fresh_sign_in_required"), (409, "conflict")]),
    ("changeUser", &[(403, "fresh_sign_in_required"), (404, "not_found"), (409, "conflict")]),
    ("deleteUser", &[(403, "fresh_sign_in_required"), (404, "not_found"), (409, "conflict")]),
    ("forceLogout", &[(403, "fresh_sign_in_required"), (404, "not_found")]),
    ("sendReset", &[(403, "fresh_sign_in_required"), (404, "not_found")]),
    ("resetSecondFactor", &[(403, "fresh_sign_in_required"), (404, "not_found"), (409, "conflict")]),
    ("logOutEveryone", &[(403, "fresh_sign_in_required")]),
];

/// What calls answer that take a code of the second factor.
const FACTOR: [(u16, &str); 4] =
    [(403, "fresh_sign_in_required"), (409, "conflict"), (422, "invalid_code"), (429, "too_many_requests")];

/// Every method that Rocket knows and its local client can send.
const METHODS: [Method; 8] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Options,
    Method::Trace,
];

const JSON: Option<ContentType> = Some(ContentType::JSON);
const TOO_LONG: usize = 16 * 1024 + 1;

/// A call as the document describes it.
struct Call {
    method: Method,
    path: String,
    operation: Value,
}

impl Call {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn id(&self) -> &str {
        self.operation["operationId"].as_str().unwrap()
    }

    /// Statuses and codes of the problems it says that it answers.
    fn problems(&self) -> BTreeSet<(u16, String)> {
        let mut all = BTreeSet::new();
        for (status, response) in members(&self.operation["responses"]) {
            let schema = &response["content"]["application/problem+json"]["schema"];
            for code in items(&schema["allOf"][1]["properties"]["code"]["enum"]) {
                all.insert((status.parse().unwrap(), code.as_str().unwrap().to_owned()));
            }
        }
        all
    }
}

async fn document(app: &TestApp) -> Value {
    let answer = Answer::of(app.client.get("/api/openapi.json").dispatch().await).await;
    assert_eq!((answer.status, answer.header("content-type")), (Status::Ok, Some("application/json")));
    answer.json()
}

fn calls(document: &Value) -> Vec<Call> {
    let mut all = Vec::new();
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            let (method, operation) = (method.to_uppercase().parse().unwrap(), operation.clone());
            all.push(Call { method, path: path.clone(), operation });
        }
    }
    all
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn items(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

/// Calls that are mounted and not documented, or documented and not mounted.
fn differences(app: &TestApp, document: &Value) -> Vec<String> {
    let mounted: BTreeSet<String> = app
        .client
        .rocket()
        .routes()
        .filter(|route| ["/api", "/health", "/.well-known"].iter().any(|below| route.uri.path().starts_with(below)))
        .filter(|route| !UNDOCUMENTED.contains(&route.uri.path()))
        .map(|route| format!("{} {}", route.method, route.uri.path().replace('<', "{").replace('>', "}")))
        .collect();
    let documented: BTreeSet<String> = calls(document).iter().map(Call::name).collect();
    mounted.symmetric_difference(&documented).cloned().collect()
}

#[get("/planted/<_id>")]
fn planted(_id: &str) {}

#[test]
fn what_the_handlers_say_is_what_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let mut said = generated().unwrap().to_string();
    said.push('\n');
    if env::var_os("WRITE").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept == said, "`WRITE=1 cargo test what_the_handlers_say` brings docs/openapi.json up to date");
}

#[async_test]
async fn the_document_and_the_routes_are_the_same() {
    let app = TestApp::new().await;
    let mut document = document(&app).await;
    assert!(calls(&document).len() >= 21);
    assert_eq!(differences(&app, &document), Vec::<String>::new());
    document["paths"]["/api/nowhere"] = json!({ "post": {} });
    document["paths"]["/api/account"].as_object_mut().unwrap().remove("patch");
    assert_eq!(differences(&app, &document), ["PATCH /api/account", "POST /api/nowhere"]);
}

#[async_test]
async fn a_route_that_is_not_in_the_document_is_noticed() {
    let mount = |rocket: rocket::Rocket<rocket::Build>| {
        rocket.mount("/api", rocket::routes![planted]).mount("/.well-known", rocket::routes![planted])
    };
    let app = TestApp::with(Options { mount: Some(mount), ..Options::default() }).await;
    let document = document(&app).await;
    assert_eq!(differences(&app, &document), ["GET /.well-known/planted/{_id}", "GET /api/planted/{_id}"]);
}

#[async_test]
async fn the_document_lists_the_problems_of_the_contract_and_no_others() {
    let app = TestApp::new().await;
    let document = document(&app).await;
    let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let listed: BTreeSet<&str> = items(codes).map(|code| code.as_str().unwrap()).collect();
    assert_eq!(listed, PROBLEMS.iter().map(|(_, code)| *code).collect());
    for call in calls(&document) {
        for (status, response) in members(&call.operation["responses"]) {
            let what = format!("{} {status}: {response}", call.name());
            assert!(!response["description"].as_str().unwrap().is_empty(), "{what}");
            if status.as_str() >= "4" && (call.id(), status.as_str()) != ("isReady", "503") {
                let kinds: Vec<&String> = members(&response["content"]).map(|(kind, _)| kind).collect();
                assert_eq!(kinds, ["application/problem+json"], "{what}");
            }
        }
        for (status, code) in call.problems() {
            assert!(PROBLEMS.contains(&(status, &code)), "{} {status} {code}", call.name());
        }
    }
}

/// Sends what a call cannot take, with a session or without; answers what came back.
struct Caller<'a> {
    app: &'a TestApp,
    session: Option<String>,
}

impl Caller<'_> {
    async fn send(&self, method: Method, path: &str, kind: Option<ContentType>, body: impl AsRef<[u8]>) -> Answer {
        self.send_from("same-origin", method, path, kind, body).await
    }

    async fn send_from(
        &self,
        site: &'static str,
        method: Method,
        path: &str,
        kind: Option<ContentType>,
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let mut request = self.app.client.req(method, path.to_owned()).header(Header::new("Sec-Fetch-Site", site));
        if let Some(token) = &self.session {
            request.add_header(Header::new("Cookie", format!("{SESSION_COOKIE}={token}")));
        }
        if let Some(kind) = kind {
            request.add_header(kind);
        }
        // What every browser sends, so that a page would come if one could.
        request.add_header(Header::new("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
        Answer::of(request.body(body).dispatch().await).await
    }
}

/// Three visitors of one server: a stranger, a superuser and somebody else who is signed in.
async fn visitors(app: &TestApp) -> [Caller<'_>; 3] {
    let root = app.superuser().await;
    app.sign_up("ann@example.com").await;
    app.letters().await;
    [None, Some(root), app.token()].map(|session| Caller { app, session })
}

fn is_problem(answer: &Answer) -> bool {
    answer.header("content-type") == Some("application/problem+json")
}

#[async_test]
async fn each_call_answers_the_problems_it_documents() {
    let app = TestApp::new().await;
    let [stranger, root, ann] = visitors(&app).await;
    let mut of_their_own = BTreeMap::from(OF_THEIR_OWN);
    for call in calls(&document(&app).await) {
        let (method, path) = (call.method, call.path.replace("{id}", "x"));
        let path = path.as_str();
        let sends = call.operation.get("requestBody").is_some();
        let json = || sends.then_some(ContentType::JSON);
        let mut answers = vec![root.send(Method::Trace, path, None, "").await];
        if method != Method::Get {
            answers.push(root.send_from("cross-site", method, path, json(), "{}").await);
        }
        if sends {
            answers.push(root.send(method, path, None, "{}").await);
            answers.push(root.send(method, path, JSON, "{\"unheard-of\":1}").await);
            answers.push(root.send(method, path, JSON, "a".repeat(TOO_LONG)).await);
        }
        if call.operation["tags"][0] == "Administration" {
            answers.push(ann.send(method, path, json(), if sends { "{}" } else { "" }).await);
        }
        let guarded = call.operation.get("security").is_some();
        let without = stranger.send(method, path, json(), if sends { "{}" } else { "" }).await;
        assert_eq!(
            guarded,
            without.status == Status::Unauthorized,
            "{} has a guard or has none: {without:?}",
            call.name()
        );
        if guarded {
            // A refresh token in the body signs its session out without either.
            let optional = call.id() == "signOut";
            let mut ways = if optional { vec![json!({})] } else { Vec::new() };
            ways.extend([json!({ "session": [] }), json!({ "accessToken": [] })]);
            assert_eq!(call.operation["security"], json!(ways), "{}", call.name());
            answers.push(without);
        }
        // What takes more to provoke: broken requests that Rocket refuses, and faults of ours.
        let mut expected = BTreeSet::from([(400, "invalid_input".to_owned()), (500, "internal".to_owned())]);
        if !["Health", "This document"].contains(&call.operation["tags"][0].as_str().unwrap()) {
            expected.insert((503, "overloaded".to_owned()));
        }
        if sends {
            expected.insert((408, "invalid_input".to_owned()));
        }
        for answer in answers {
            assert!(is_problem(&answer), "{}: {answer:?}", call.name());
            expected.insert((answer.status.code, answer.json()["code"].as_str().unwrap().to_owned()));
        }
        for (status, code) in of_their_own.remove(call.id()).unwrap_or_default() {
            expected.insert((*status, (*code).to_owned()));
        }
        assert_eq!(call.problems(), expected, "{}", call.name());
    }
    assert!(of_their_own.is_empty(), "there are no such calls: {of_their_own:?}");
}

#[async_test]
async fn the_session_cookie_and_the_access_token_are_the_security_schemes() {
    let app = TestApp::new().await;
    let document = document(&app).await;
    assert_eq!(document.get("security"), None, "calls say for themselves");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(members(schemes).count(), 2, "{schemes}");
    let token = &schemes["accessToken"];
    assert_eq!((&token["type"], &token["scheme"]), (&json!("http"), &json!("bearer")));
    let session = &schemes["session"];
    assert_eq!((&session["type"], &session["in"]), (&json!("apiKey"), &json!("cookie")));
    assert_eq!(session["name"], SESSION_COOKIE);
    assert_eq!(document["servers"], json!([{ "url": "http://localhost:8000" }]));
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
}

#[async_test]
async fn the_document_knows_the_settings() {
    let app = TestApp::with_settings(&[
        ("NIGHTLATCH_PUBLIC_URL", "https://id.example.test"),
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://mail.example.test"),
        ("NIGHTLATCH_PROXY__TRUSTED", "none"),
        ("NIGHTLATCH_PASSWORD__MIN_LENGTH", "21"),
    ])
    .await;
    let document = document(&app).await;
    assert_eq!(document["servers"][0]["url"], "https://id.example.test");
    assert_eq!(document["components"]["securitySchemes"]["session"]["name"], "__Host-nightlatch");
    for schema in ["Signup", "ResetPassword", "ChangePassword"] {
        let password = &document["components"]["schemas"][schema]["properties"]["password"];
        assert_eq!(password["minLength"], 21, "{schema}");
    }
}

/// Whether a path is answered in JSON.
fn is_api(path: &str) -> bool {
    ["/api", "/health", "/.well-known/jwks.json"].iter().any(|below| path.starts_with(below))
}

/// Every path that is mounted, something in place of its parameters, with its methods and what they take.
fn table(app: &TestApp) -> BTreeMap<String, Vec<(Method, Option<ContentType>)>> {
    let mut table = BTreeMap::<_, Vec<_>>::new();
    for route in app.client.rocket().routes() {
        let path: Vec<&str> =
            route.uri.path().split('/').map(|part| if part.starts_with('<') { "x" } else { part }).collect();
        let kind = route.format.clone().map(|format| ContentType(format.clone()));
        table.entry(path.join("/")).or_default().push((route.method, kind));
    }
    assert!(table.len() >= 35, "{table:?}");
    table
}

fn assert_kind(answer: &Answer, status: Status, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    let path = what.split(' ').nth(1).unwrap();
    let kind = if is_api(path) { "application/problem+json" } else { "text/html; charset=utf-8" };
    assert_eq!(answer.header("content-type"), Some(kind), "{what}");
    if !what.starts_with("HEAD ") {
        let start = if is_api(path) { "{\"type\":" } else { "<!doctype html>" };
        assert!(answer.body.starts_with(start), "{what}: {answer:?}");
    }
}

#[async_test]
async fn every_route_tells_a_wrong_method_the_right_ones() {
    let app = TestApp::new().await;
    let visitors = visitors(&app).await;
    for (path, routes) in table(&app) {
        let mut allowed: BTreeSet<&str> = routes.iter().map(|(method, _)| method.as_str()).collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD");
        }
        let allow = allowed.iter().copied().collect::<Vec<_>>().join(", ");
        for visitor in &visitors {
            for method in METHODS.into_iter().filter(|method| !allowed.contains(method.as_str())) {
                // Another route takes any word in the place of the last one.
                if (method, path.as_str()) == (Method::Delete, "/api/account/sessions/end-others") {
                    continue;
                }
                let what = format!("{method} {path}");
                let answer = visitor.send(method, &path, None, "").await;
                assert_kind(&answer, Status::MethodNotAllowed, &what);
                assert_eq!(answer.header("allow"), Some(allow.as_str()), "{what}");
            }
        }
    }
}

#[async_test]
async fn every_route_with_a_body_refuses_another_kind_and_too_much() {
    let app = TestApp::new().await;
    let visitors = visitors(&app).await;
    let mut seen = 0;
    for (path, routes) in table(&app) {
        for (method, kind) in routes {
            let Some(kind) = kind else { continue };
            seen += 1;
            let what = format!("{method} {path}");
            let other = if kind.is_json() { ContentType::Form } else { ContentType::JSON };
            for wrong in
                [None, Some(ContentType::Plain), Some(ContentType::XML), Some(ContentType::FormData), Some(other)]
            {
                for visitor in &visitors {
                    let answer = visitor.send(method, &path, wrong.clone(), "{}").await;
                    assert_kind(&answer, Status::UnsupportedMediaType, &what);
                }
            }
            let mut bodies = vec![
                ("a".repeat(TOO_LONG).into_bytes(), Status::PayloadTooLarge),
                (b"\xff\xfe".to_vec(), Status::UnprocessableEntity),
            ];
            // A form without fields may be whole.
            bodies.extend(kind.is_json().then(|| (Vec::new(), Status::UnprocessableEntity)));
            // Whom the guard turns away gets no further; another visitor does.
            for (body, refused) in bodies {
                let mut refusals = 0;
                for visitor in &visitors {
                    let answer = visitor.send(method, &path, Some(kind.clone()), &body).await;
                    if ![401, 403, 303, 307].contains(&answer.status.code) {
                        assert_kind(&answer, refused, &what);
                        refusals += 1;
                    }
                }
                assert!(refusals > 0, "{what} turned every visitor away");
            }
        }
    }
    assert!(seen >= 22, "{seen}");
}

#[async_test]
async fn nothing_under_api_is_answered_with_a_page() {
    let app = TestApp::new().await;
    let [stranger, _, ann] = visitors(&app).await;
    for path in [
        "/api",
        "/api/",
        "/api//",
        "/api/nowhere",
        "/api//nowhere",
        "/api/account/nowhere",
        "/api/docs/nowhere",
        "/api/%FF",
        "/api/%C3%28",
        "/api/%00",
        "/api/%",
        "/api/%zz",
        "/api/%2e%2e/signin",
        "/api/..%2f..%2fsignin",
        "/api/account%2Fexport",
        "/api/%3Cscript%3E",
        "/api/nowhere?a=%FF&a[]=%00&=",
        "/health",
        "/health/",
        "/health/%FF",
        "/health/nowhere",
    ] {
        for visitor in [&stranger, &ann] {
            for method in METHODS {
                for kind in [None, JSON, Some(ContentType::Form), Some(ContentType::HTML)] {
                    let answer = visitor.send(method, path, kind.clone(), "\u{fffd}").await;
                    let what = format!("{method} {path} with {kind:?}: {answer:?}");
                    assert!([400, 404].contains(&answer.status.code), "{what}");
                    assert!(is_problem(&answer), "{what}");
                    if method != Method::Head {
                        assert_eq!(answer.json()["status"], answer.status.code, "{what}");
                    }
                }
            }
        }
    }
}

#[async_test]
async fn the_page_for_people_shows_the_whole_document_and_loads_nothing_from_outside() {
    let app = TestApp::new().await;
    let page = Answer::of(app.client.get("/api/docs").dispatch().await).await;
    assert_eq!((page.status, page.header("content-type")), (Status::Ok, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; script-src 'self';"));
    let shown = |text: &str| assert!(page.body.contains(text), "{text} is not on the page");
    let document = document(&app).await;
    for call in calls(&document) {
        shown(&format!("<b>{}</b> {}", call.method, call.path));
        shown(&format!("href=\"#{}\"", call.id()));
        shown(&format!("http://localhost:8000{}", call.path));
    }
    assert_eq!(page.body.matches("<code>curl ").count(), calls(&document).len());
    for (name, schema) in members(&document["components"]["schemas"]) {
        for (field, _) in members(&schema["properties"]).filter(|_| name.ends_with("Answer")) {
            assert!(page.body.contains(&format!("{field}</code>")), "{field} of {name} is not on the page");
        }
    }
    for (_, code) in PROBLEMS {
        shown(&format!("<code>{code}</code>"));
    }
    let attributes = |name: &str| {
        let before = format!(" {name}=\"");
        page.body.split(&before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = attributes("id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an anchor is there twice: {ids:?}");
    for value in ["href", "src", "action", "srcset", "data"].into_iter().flat_map(attributes) {
        let here = value.starts_with('/') && !value.starts_with("//");
        let anchor = value.strip_prefix('#').is_some_and(|id| ids.iter().any(|there| there == id));
        assert!(here || anchor, "{value} leads outside or nowhere");
    }
    for load in ["<script>", "<iframe", "<object", "<embed", "style=\"", "@import", "url("] {
        assert!(!page.body.contains(load), "{load}");
    }
}

/// Where `answer` has other members than `schema` says, at any depth.
fn unlike(document: &Value, schema: &Value, answer: &Value, place: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(name.trim_start_matches('#')).unwrap();
        return unlike(document, schema, answer, place);
    }
    match answer {
        Value::Object(members) => {
            let known: BTreeSet<&String> = schema["properties"].as_object().into_iter().flat_map(Map::keys).collect();
            let given: BTreeSet<&String> = members.keys().collect();
            let free = schema["additionalProperties"].is_object();
            let own = (!free && known != given).then(|| format!("{place}: {given:?} and not {known:?}"));
            let deeper = members.iter().flat_map(|(name, value)| {
                unlike(document, &schema["properties"][name], value, &format!("{place}.{name}"))
            });
            own.into_iter().chain(deeper).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| unlike(document, &schema["items"], item, place)).collect(),
        _ => Vec::new(),
    }
}

#[async_test]
async fn an_answer_has_the_members_that_are_documented_and_no_others() {
    let app = TestApp::new().await;
    let [_, root, _] = visitors(&app).await;
    let document = document(&app).await;
    let id: String = app.ask("SELECT id FROM users WHERE email = 'ann@example.com'").await;
    let (mut seen, mut differ) = (0, Vec::new());
    for call in calls(&document).iter().filter(|call| call.method == Method::Get) {
        let schema = &call.operation["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_null() || ["showDocument", "isReady"].contains(&call.id()) || call.path.ends_with("openapi.json") {
            continue;
        }
        let answer = root.send(Method::Get, &call.path.replace("{id}", &id), None, "").await;
        assert_eq!(answer.status, Status::Ok, "{}", call.name());
        differ.extend(unlike(&document, schema, &answer.json(), &call.name()));
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
    assert_eq!(differ, Vec::<String>::new());
    let planted = json!({ "user_id": "1", "password_hash": "x" });
    let session = json!({ "properties": { "user_id": {} } });
    assert_eq!(unlike(&document, &session, &planted, "planted").len(), 1);
}
