//! Templates: every one is rendered, and every page is whole, escaped and loads nothing from elsewhere.
use std::{collections::BTreeSet, fs, path::Path};

use nightlatch::templates::Templates;
use rocket::{async_test, http::Status};
use serde_json::{Value, json};
use tera::Context;

use crate::support::{Answer, Options, PASSWORD, TestApp};

/// What an attacker calls himself.
const EVIL: &str = "<svg onload=x>{{ 7777*7777 }}\"'&";

/// What stands in a page where that was worked out.
const WORKED_OUT: &str = "60481729";

fn moment() -> Value {
    json!({ "iso": "2026-11-21T14:05:00Z", "text": "21 Nov 2026, 14:05 UTC" })
}

/// The templates that are rendered, each with contexts in which every value that people choose is evil.
fn samples() -> Vec<(&'static str, Vec<Value>)> {
    let form = json!({ "form": { "email": EVIL, "name": EVIL, "code": EVIL }, "errors": {}, "problem": null });
    let errors = json!({ "email": EVIL, "name": EVIL, "code": EVIL, "password": EVIL });
    let failed = with(&form, json!({ "errors": errors }));
    let told = with(&form, json!({ "problem": EVIL }));
    let forms = |more: Value| vec![with(&form, more.clone()), with(&failed, more.clone()), with(&told, more)];
    let help = json!({ "min_length": 15, "suggestion": "plum harbor velvet signal" });
    let known = json!({ "email": EVIL, "code_minutes": 10, "resent": true });
    let unknown = json!({ "email": null, "code_minutes": 10, "resent": false });
    let signin = json!({ "at": moment(), "ip": EVIL, "device": EVIL, "current": true, "state": "Signed out" });
    let owner = json!({ "name": EVIL, "email": EVIL, "created_at": moment(), "second_factor_at": moment() });
    let end = json!({ "iso": "2026-11-21T23:05:00Z", "text": "21 Nov 2026, 23:05 UTC" });
    let session = json!({ "user": "01", "expires_at": moment(), "ends_at": end, "seconds_left": 600 });
    let last = json!({ "user": "01", "expires_at": end, "ends_at": end, "seconds_left": 59 });
    let signed_in = json!({ "user": { "id": "1" }, "session": session });
    let member = with(&signed_in, json!({ "user": owner }));
    let dashboard = with(&member, json!({ "idle": "10 minutes", "signins": [signin], "withheld": true }));
    let mut open = json!({
        "id": "1", "kind": "api", "device": EVIL, "ip": EVIL, "created_at": moment(), "last_seen_at": moment(), "current": true,
    });
    let own = open.clone();
    open["current"] = false.into();
    let sessions = with(&member, json!({ "sessions": [own, open], "notice": null, "fresh": true }));
    // Only own paths come through to it.
    let stay = json!({ "user": { "id": "1" }, "session": session, "next": "/account?a=b&c=\"d\"" });
    let confirm = with(&member, json!({ "fresh": "5 minutes" }));
    let mut confirms = forms(with(&confirm, json!({ "next": EVIL })));
    confirms.extend(forms(with(&confirm, json!({ "second_factor": true }))));
    let letter = json!({ "id": "1", "to": EVIL, "from": EVIL, "subject": EVIL, "at": moment(), "text": EVIL });
    let error = json!({ "status": 500, "title": EVIL, "detail": EVIL, "request_id": EVIL });
    let mut again = forms(with(&help, known.clone()));
    again.extend(forms(with(&help, unknown.clone())));
    let settings = with(&with(&member, help.clone()), json!({ "code_minutes": 10, "notice": EVIL }));
    let mut account = Vec::new();
    for section in [json!(null), json!("name"), json!("email"), json!("code"), json!("password"), json!("delete")] {
        for pending in [json!(null), json!(EVIL)] {
            account.extend(forms(with(&settings, json!({ "section": section, "pending": pending }))));
        }
    }
    let step = json!({ "next": "/dashboard", "again": "/signin", "minutes": 10, "open": true, "section": "recovery" });
    let late = with(&step, json!({ "open": false, "section": "app" }));
    let qr = json!({ "side": 29, "path": "M4 4h1v1h-1z" });
    let factor =
        json!({ "left": 3, "enabled_at": null, "proposal": null, "withheld": true, "section": null, "notice": EVIL });
    let factor = with(&signed_in, factor);
    let asked = with(&factor, json!({ "proposal": { "secret": "ABCD EFGH", "qr": qr }, "section": "confirm" }));
    let on = with(&factor, json!({ "enabled_at": moment(), "section": "codes" }));
    let factors = [
        forms(asked),
        forms(with(&on, json!({ "section": "remove" }))),
        forms(on),
        forms(with(&factor, json!({ "section": "begin" }))),
    ];
    let codes = with(&signed_in, json!({ "codes": ["ABCD EFGH JKMN PQRS"], "fresh": true }));
    vec![
        ("signin_code.html.tera", [forms(step), forms(late)].concat()),
        ("second_factor.html.tera", factors.concat()),
        ("recovery_codes.html.tera", vec![with(&codes, json!({ "fresh": false })), codes]),
        ("home.html.tera", vec![json!({}), signed_in.clone()]),
        ("signup.html.tera", forms(help.clone())),
        ("verify_email.html.tera", [forms(known), forms(unknown)].concat()),
        ("signin.html.tera", forms(json!({ "next": "/dashboard", "notice": EVIL }))),
        ("forgot_password.html.tera", forms(json!({}))),
        ("reset_password.html.tera", again),
        ("account.html.tera", account),
        ("confirm.html.tera", confirms),
        ("stay.html.tera", vec![stay.clone(), with(&stay, json!({ "session": last }))]),
        ("dashboard.html.tera", vec![dashboard.clone(), with(&dashboard, json!({ "signins": [] }))]),
        ("sessions.html.tera", vec![sessions.clone(), with(&sessions, json!({ "fresh": false, "notice": EVIL }))]),
        ("dev_mailbox.html.tera", vec![json!({ "letters": [letter] }), json!({ "letters": [] })]),
        ("dev_letter.html.tera", vec![json!({ "letter": letter })]),
        ("api_docs.html.tera", vec![api()]),
        ("admin/figures.html.tera", vec![figures(&signed_in)]),
        ("admin/users.html.tera", users(&signed_in)),
        ("admin/user.html.tera", user(&signed_in)),
        ("admin/sessions.html.tera", all_sessions(&signed_in)),
        ("admin/events.html.tera", events(&signed_in)),
        ("error.html.tera", vec![error.clone(), with(&error, signed_in)]),
    ]
}

/// The figures; nothing there is chosen by anybody but what a broker says.
fn figures(signed_in: &Value) -> Value {
    let chart = json!({ "width": 20, "line": "60.0", "up": "M0 60.0h7v-60.0h-7z", "down": "M10 60.0h7v40.0h-7z" });
    let ends = json!(["20 Nov, 14:00", "21 Nov, 13:00"]);
    let signins = json!({
        "chart": chart, "signins": "1,204", "failures": "7", "most": "90", "rows": [["20 Nov, 14:00", "90", "7"]], "ends": ends,
    });
    let made = json!({ "chart": chart, "accounts": "3", "most": "2", "rows": [["20 Nov 2026", "2"]], "ends": ends });
    let counts = json!({
        "at": moment(), "sessions": "4", "browsers": "3", "programs": "1", "accounts": "5", "active": "3", "invited": "1",
        "locked": "1", "superusers": "1", "letters": "2", "oldest_letter": moment(), "events": "1", "oldest_event": moment(),
        "parked": "1", "trouble": EVIL, "nodes": "2",
    });
    with(signed_in, json!({ "counts": counts, "hourly": signins, "daily": signins, "made": made }))
}

fn users(signed_in: &Value) -> Vec<Value> {
    let account = json!({
        "id": "1", "email": EVIL, "name": EVIL, "username": EVIL, "role": "superuser", "status": "active", "created_at": moment(),
        "last_signin_at": moment(),
    });
    let list = json!({
        "accounts": [account], "next": "/admin/users?cursor=x", "first": "/admin/users", "filtered": false, "fresh": true,
        "section": null, "notice": EVIL, "errors": {}, "problem": null, "form": { "q": EVIL, "status": "", "sort": "" },
    });
    let list = with(signed_in, list);
    let failed = json!({
        "section": "new", "fresh": false, "form": { "email": EVIL, "name": EVIL, "username": EVIL, "role": "user" },
        "errors": { "email": EVIL, "name": EVIL, "username": EVIL, "role": EVIL }, "accounts": [], "filtered": true,
    });
    let conflict =
        json!({ "section": "new", "problem": EVIL, "form": {}, "accounts": [], "next": null, "first": null });
    vec![with(&list, failed), with(&list, conflict), list]
}

fn user(signed_in: &Value) -> Vec<Value> {
    let account = json!({
        "id": "1", "email": EVIL, "verified_at": moment(), "name": EVIL, "username": EVIL, "role": "superuser", "status": "active",
        "locked_at": moment(), "created_at": moment(), "last_signin_at": moment(), "has_password": true, "own": true,
    });
    let bare = json!({
        "name": "", "username": null, "verified_at": null, "locked_at": null, "last_signin_at": null, "has_password": false,
        "own": false, "role": "user", "status": "invited",
    });
    let page = json!({
        "account": account, "sessions": [session_row()], "events": [event_row()], "fresh": true, "notice": EVIL, "section": null,
        "form": {}, "errors": {}, "problem": null,
    });
    let page = with(signed_in, page);
    let mut pages =
        vec![with(&page, json!({ "account": with(&account, bare), "sessions": [], "events": [], "fresh": false }))];
    for section in ["lock", "logout", "reset", "factor", "role", "delete"] {
        pages.push(with(&page, json!({ "section": section, "problem": EVIL })));
    }
    pages.push(with(&page, json!({ "section": "delete", "errors": { "understood": EVIL } })));
    pages.push(page);
    pages
}

fn all_sessions(signed_in: &Value) -> Vec<Value> {
    let open = with(&session_row(), json!({ "kind": "browser", "ended_at": null, "reason": null }));
    let list = json!({
        "sessions": [session_row(), open], "next": "/admin/sessions?cursor=x", "first": null, "form": { "state": "open" },
        "whose": { "id": "1", "email": EVIL }, "fresh": true, "errors": {}, "problem": null,
    });
    let list = with(signed_in, list);
    let gone = json!({ "whose": { "id": "1", "email": null }, "sessions": [], "fresh": false, "next": null });
    vec![with(&list, gone), with(&list, json!({ "whose": null })), list]
}

fn events(signed_in: &Value) -> Vec<Value> {
    let unknown = json!({ "user": null, "actor": null, "words": "" });
    let gone = json!({ "actor": { "id": "2", "email": null }, "own": true });
    let rows = json!([event_row(), with(&event_row(), unknown), with(&event_row(), gone)]);
    let list = json!({
        "events": rows, "next": "/admin/events?cursor=x", "first": "/admin/events", "csv": "/admin/events.csv",
        "jsonl": "/admin/events.jsonl", "form": { "from": EVIL, "to": EVIL }, "kinds": [{ "word": "user.created", "chosen": true }],
        "whose": { "id": "1", "email": EVIL }, "errors": {}, "problem": null,
    });
    let list = with(signed_in, list);
    let failed =
        json!({ "events": null, "whose": null, "errors": { "from": EVIL, "to": EVIL }, "next": null, "first": null });
    vec![with(&list, failed), with(&list, json!({ "events": [] })), list]
}

fn session_row() -> Value {
    json!({
        "user_id": "1", "email": EVIL, "kind": "api", "device": EVIL, "ip": EVIL, "created_at": moment(), "ended_at": moment(),
        "reason": "role changed",
    })
}

fn event_row() -> Value {
    let person = json!({ "id": "1", "email": EVIL });
    json!({
        "at": moment(), "kind": "session.ended", "user": person, "actor": person, "own": false, "ip": EVIL, "device": EVIL,
        "words": EVIL,
    })
}

/// A document of one call; its words are the program's own.
fn api() -> Value {
    let fields = json!([{ "name": "email", "kind": "string", "about": ["An address, ", "a@b"], "required": true }]);
    let call = json!({
        "tag": "Sign-in", "id": "signIn", "method": "POST", "path": "/api/auth/signin", "summary": ["Signs in."], "about": [],
        "signed_in": true, "query": fields, "body": fields, "answers": [{ "status": "200", "about": "Done", "fields": fields }],
        "curl": "curl http://localhost:8000/api/auth/signin -d '{}'",
        "problems": [{ "status": "422", "codes": ["invalid_input", "invalid_code"] }],
    });
    json!({ "api": {
        "version": "0.1.0", "about": ["Accounts."], "session": { "cookie": "nightlatch-8000", "about": ["It slides."] },
        "groups": [{ "name": "Sign-in", "id": "sign-in", "about": "In and out.", "calls": [call] }],
        "problems": [{ "status": 422, "code": "invalid_code", "title": "This code does not work" }],
    } })
}

/// The letters, each with what its template needs.
fn letters() -> Vec<(&'static str, Value)> {
    let code = json!({ "code": "1234 5678", "minutes": 10 });
    let at = json!({ "at": "21 Nov 2026, 14:05 UTC" });
    vec![
        ("signup_code", code.clone()),
        ("signup_taken", json!({})),
        ("reset_code", code.clone()),
        ("password_reset", at.clone()),
        ("password_changed", at.clone()),
        ("email_code", code),
        ("email_taken", json!({})),
        ("email_change_requested", at.clone()),
        ("email_changed", at.clone()),
        ("new_device", with(&at, json!({ "ip": "192.0.2.7", "device": "Firefox on Linux" }))),
        ("token_reused", with(&at, json!({ "ip": "192.0.2.7", "device": "curl" }))),
        ("role_changed", with(&at, json!({ "role": "superuser" }))),
        ("invited", json!({})),
        ("reset_suggested", json!({})),
        ("account_locked", at.clone()),
        ("account_unlocked", at.clone()),
        ("second_factor_enabled", at.clone()),
        ("second_factor_disabled", at.clone()),
        ("second_factor_reset", at.clone()),
        ("second_factor_failed", with(&at, json!({ "ip": "192.0.2.7", "device": "curl" }))),
        ("recovery_codes_replaced", at.clone()),
        ("recovery_code_used", with(&at, json!({ "ip": "192.0.2.7", "device": "curl", "left": 9 }))),
    ]
}

/// What other templates are made of.
const PARTS: [&str; 7] = [
    "admin/components.html.tera",
    "components.html.tera",
    "layout.html.tera",
    "narrow.html.tera",
    "mail/components.html.tera",
    "mail/layout.html.tera",
    "mail/layout.txt.tera",
];

fn with(object: &Value, more: Value) -> Value {
    let mut object = object.as_object().unwrap().clone();
    object.extend(more.as_object().unwrap().clone());
    object.into()
}

fn render(templates: &Templates, name: &str, context: &Value) -> String {
    let site = json!({
        "site": { "name": "Nightlatch", "url": "http://localhost:8000", "open_signup": true }, "path": "/x", "mailbox": true
    });
    let nobody = json!({ "user": null, "session": null });
    let context = Context::from_serialize(&with(&with(&site, nobody), context.clone())).unwrap();
    templates.render(name, &context).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_template_is_among_the_samples() {
    let mut there = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                there.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut rendered: BTreeSet<String> = PARTS.map(str::to_owned).into();
    rendered.extend(samples().iter().map(|(name, _)| (*name).to_owned()));
    for (name, _) in letters() {
        rendered.extend(["subject.txt", "body.txt", "body.html"].map(|part| format!("mail/{name}/{part}.tera")));
    }
    assert_eq!(there, rendered);
}

#[test]
fn every_page_renders_whole_and_escaped() {
    let templates = Templates::new().unwrap();
    for (name, contexts) in samples() {
        let (mut given, mut shown) = (false, false);
        for context in contexts {
            let page = render(&templates, name, &context);
            check_page(name, &page);
            assert!(!page.contains("<svg onload"), "{name}: {page}");
            assert!(!page.contains(WORKED_OUT), "{name} worked out what it was given: {page}");
            given |= context.to_string().contains("onload");
            shown |= page.contains("&lt;svg onload=x&gt;{{ 7777*7777 }}&quot;&#39;&amp;");
        }
        assert_eq!(given, shown, "{name}");
    }
}

#[test]
fn every_letter_renders_with_its_code_and_no_secret_link() {
    let templates = Templates::new().unwrap();
    for (name, context) in letters() {
        let [subject, text, html] = ["subject.txt", "body.txt", "body.html"]
            .map(|part| render(&templates, &format!("mail/{name}/{part}.tera"), &context));
        assert!(!subject.trim().is_empty() && !subject.trim().contains('\n'), "{name}: {subject:?}");
        assert!(subject.trim().len() < 70, "{name}: {subject}");
        for body in [&text, &html] {
            for value in context.as_object().unwrap().values().filter_map(Value::as_str) {
                assert!(body.contains(value), "{name} lacks {value}: {body}");
            }
            assert!(body.contains("http://localhost:8000"), "{name} does not say from where it comes: {body}");
            for link in body.split("http").skip(1) {
                let link: String = link.chars().take_while(|c| !c.is_whitespace() && !"\"<,".contains(*c)).collect();
                let place = link
                    .trim_end_matches('.')
                    .strip_prefix("://localhost:8000")
                    .unwrap_or_else(|| panic!("{name} leads to http{link}"));
                assert!(["", "/signin", "/forgot-password"].contains(&place), "{name} leads to {place}");
            }
        }
        assert!(!text.contains('<') && !text.contains("&#"), "{name}: {text}");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<link"), "{name}: {html}");
        assert!(html.contains("lang=\"en\""), "{name}: {html}");
    }
}

/// The tags of `page`: name and attributes.
fn tags(page: &str) -> Vec<(String, String)> {
    let tags = page.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
    tags.map(|tag| tag.split_once(|c: char| c.is_whitespace()).unwrap_or((tag, "")))
        .map(|(name, rest)| (name.to_lowercase(), rest.to_owned()))
        .collect()
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let begin = format!("{name}=\"");
    let at = attributes
        .match_indices(&begin)
        .find(|(at, _)| *at == 0 || attributes[..*at].ends_with(char::is_whitespace))?
        .0;
    attributes[at + begin.len()..].split('"').next()
}

/// What holds for every page.
fn check_page(name: &str, page: &str) {
    assert!(page.trim_start().starts_with("<!doctype html>"), "{name}: {page}");
    // What idle.js may put in the place of the page is no part of it yet.
    let (page, _) = page.split_once("<template").unwrap_or((page, ""));
    let tags = tags(page);
    let of = |wanted: &str| {
        tags.iter().filter(|(tag, _)| tag == wanted).map(|(_, attributes)| attributes.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        of("html").iter().map(|attributes| attribute(attributes, "lang")).collect::<Vec<_>>(),
        [Some("en")],
        "{name}"
    );
    assert_eq!((of("h1").len(), of("title").len(), of("main").len()), (1, 1, 1), "{name}: {page}");
    assert!(!page.contains("<title> ") && page.contains(" · Nightlatch</title>"), "{name}: {page}");
    assert!(of("style").is_empty(), "{name} has an inline style sheet");
    assert!(
        of("script").iter().all(|attributes| attribute(attributes, "src").is_some()),
        "{name} has an inline script"
    );
    let labels: Vec<_> = of("label").iter().filter_map(|attributes| attribute(attributes, "for")).collect();
    let ids: Vec<_> = tags.iter().filter_map(|(_, attributes)| attribute(attributes, "id")).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name} has an id twice: {ids:?}");
    for select in of("select") {
        assert!(
            labels.contains(&attribute(select, "id").unwrap_or_default()),
            "{name} has no label for <select {select}>"
        );
    }
    for input in of("input") {
        let hidden = attribute(input, "type") == Some("hidden") || attribute(input, "aria-hidden") == Some("true");
        let id = attribute(input, "id").unwrap_or_default();
        assert!(hidden || labels.contains(&id), "{name} has no label for <input {input}>");
        assert!(hidden || attribute(input, "autocomplete").is_some(), "{name} leaves <input {input}> to guesses");
        for described in attribute(input, "aria-describedby").unwrap_or_default().split_whitespace() {
            assert!(ids.contains(&described), "{name} has no {described}");
        }
        assert!(attribute(input, "type") != Some("password") || attribute(input, "value").is_none(), "{name}: {input}");
    }
    for (tag, attributes) in &tags {
        assert_eq!(attribute(attributes, "style"), None, "{name} has an inline style: <{tag} {attributes}>");
        for place in ["href", "src", "action"].iter().filter_map(|name| attribute(attributes, name)) {
            let own = (place.starts_with('/') && !place.starts_with("//")) || place.starts_with('#');
            assert!(own, "{name} leads to {place}");
        }
        let names = attributes.split('"').step_by(2).flat_map(str::split_whitespace);
        for attribute in names {
            assert!(!attribute.to_lowercase().starts_with("on"), "{name} has a handler: <{tag} {attributes}>");
        }
        let method = attribute(attributes, "method").unwrap_or_default();
        let sends = ["post", "dialog"].contains(&method)
            || (method == "get" && attribute(attributes, "role") == Some("search"));
        assert!(tag != "form" || sends, "{name}: <form {attributes}>");
        assert!(tag != "img" || attribute(attributes, "alt").is_some(), "{name}: <img {attributes}>");
    }
}

#[async_test]
async fn every_page_that_is_served_is_whole() {
    let app = TestApp::with(Options { mailbox: true, ..Options::default() }).await;
    let page = async |path: &str, status: Status| {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(answer.status, status, "{path}");
        check_page(path, &answer.body);
        answer.body
    };
    for path in [
        "/",
        "/signup",
        "/verify-email",
        "/signin",
        "/signin?next=/dashboard",
        "/forgot-password",
        "/reset-password",
        "/dev/mailbox",
    ] {
        page(path, Status::Ok).await;
    }
    page("/nowhere", Status::NotFound).await;
    page("/logout", Status::MethodNotAllowed).await;
    for (path, fields) in [
        ("/signup", &[("email", EVIL), ("password", "short"), ("name", EVIL)][..]),
        ("/signin", &[("email", EVIL), ("password", "wrong")]),
        ("/forgot-password", &[("email", EVIL)]),
        ("/verify-email", &[("code", EVIL)]),
        ("/reset-password", &[("code", EVIL), ("password", "short")]),
    ] {
        let answer = Answer::of(app.post_form(path, fields).await).await;
        assert!([401, 422].contains(&answer.status.code), "{path}: {}", answer.status);
        check_page(path, &answer.body);
        assert!(!answer.body.contains("<svg onload") && !answer.body.contains(WORKED_OUT), "{path}: {}", answer.body);
    }
}

#[async_test]
async fn a_name_is_shown_as_it_was_given_and_never_runs() {
    let app = TestApp::new().await;
    let fields = [("name", EVIL), ("email", "ann@example.com"), ("password", PASSWORD)];
    assert_eq!(app.post_form("/signup", &fields).await.status(), Status::SeeOther);
    let code = app.mailed_code().await;
    assert_eq!(app.post_form("/verify-email", &[("code", &code)]).await.status(), Status::SeeOther);
    let answer = Answer::of(app.get("/dashboard").await).await;
    for path in ["/", "/account", "/confirm?next=/account", "/stay?next=/account", "/nowhere"] {
        let page = app.get(path).await.into_string().await.unwrap();
        check_page(path, &page);
        assert!(!page.contains("<svg onload") && !page.contains(WORKED_OUT), "{path}: {page}");
    }
    check_page("/dashboard", &answer.body);
    assert!(answer.body.contains("Hello, &lt;svg onload=x&gt;{{ 7777*7777 }}&quot;&#39;&amp;</h1>"), "{}", answer.body);
    assert!(!answer.body.contains("<svg onload"), "{}", answer.body);
}
