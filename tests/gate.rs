//! What stands before every handler: the cross-site rule, planted cookies, overridden methods, other names of this machine.
use rocket::{
    async_test,
    http::{ContentType, Header, Method, Status},
};

use crate::support::{Answer, PASSWORD, SECURE_COOKIE, SESSION_COOKIE, TestApp};

const ORIGIN: &str = "http://localhost:8000";

type Headers = &'static [(&'static str, &'static str)];

/// What a request says of where it comes from, with or without a cookie of ours, and whether it is let through.
const CROSS_SITE: [(Headers, bool, bool); 24] = [
    (&[("Sec-Fetch-Site", "same-origin")], true, true),
    (&[("Sec-Fetch-Site", "same-origin")], false, true),
    (&[("Sec-Fetch-Site", "same-origin"), ("Origin", ORIGIN)], true, true),
    (&[("Sec-Fetch-Site", "same-site")], true, false),
    (&[("Sec-Fetch-Site", "same-site"), ("Origin", ORIGIN)], true, false),
    (&[("Sec-Fetch-Site", "cross-site")], true, false),
    (&[("Sec-Fetch-Site", "cross-site")], false, false),
    (&[("Sec-Fetch-Site", "cross-site"), ("X-Requested-With", "x")], true, false),
    (&[("Sec-Fetch-Site", "none")], true, false),
    (&[("Sec-Fetch-Site", "")], true, false),
    (&[("Sec-Fetch-Site", "Same-Origin")], true, false),
    (&[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-origin")], true, false),
    (&[("Origin", ORIGIN)], true, true),
    (&[("Origin", ORIGIN)], false, true),
    (&[("Origin", "https://evil.example.test")], true, false),
    (&[("Origin", "https://evil.example.test")], false, false),
    (&[("Origin", "https://evil.example.test"), ("X-Requested-With", "x")], true, false),
    (&[("Origin", "null")], true, false),
    (&[("Origin", "http://localhost:8001")], true, false),
    (&[("Origin", "https://localhost:8000")], true, false),
    (&[("Origin", "http://localhost:8000.evil.example.test")], true, false),
    (&[], true, false),
    (&[("X-Requested-With", "curl")], true, true),
    (&[], false, true),
];

/// Every route that changes something, with the content type it takes.
fn changing(app: &TestApp) -> Vec<(Method, String, Option<ContentType>)> {
    let routes = app.client.rocket().routes().filter(|route| route.method != Method::Get);
    let path = |uri: &str| {
        uri.split('/').map(|part| if part.starts_with('<') { "x" } else { part }).collect::<Vec<_>>().join("/")
    };
    let form = |kind: &rocket::http::MediaType| if kind.is_form() { ContentType::Form } else { ContentType::JSON };
    routes.map(|route| (route.method, path(route.uri.path()), route.format.as_ref().map(form))).collect()
}

#[async_test]
async fn every_changing_route_is_closed_to_other_sites() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let routes = changing(&app);
    assert!(routes.len() >= 14, "{routes:?}");
    for (method, path, kind) in &routes {
        for (headers, cookie, allowed) in CROSS_SITE {
            let mut request = app.client.req(*method, path.clone());
            // What takes any kind is sent a form, as another site could, but for methods that no form has.
            let any = if *method == Method::Post { ContentType::Form } else { ContentType::JSON };
            request.add_header(kind.clone().unwrap_or(any));
            if cookie {
                request.add_header(Header::new("Cookie", format!("{SESSION_COOKIE}=x")));
            }
            for (name, value) in headers {
                request.add_header(Header::new(*name, *value));
            }
            let answer = Answer::of(request.dispatch().await).await;
            let what = format!("{method} {path} with {headers:?}, cookie: {cookie}");
            assert_eq!(answer.status != Status::Forbidden, allowed, "{what}: {}", answer.body);
            if !allowed && path.starts_with("/api/") {
                assert_eq!(answer.json()["code"], "cross_site", "{what}");
                let detail = answer.json()["detail"].to_string();
                assert!(detail.contains("X-Requested-With") && detail.contains(ORIGIN), "{detail}");
            } else if !allowed {
                assert!(answer.body.contains("The request came from another site"), "{what}: {}", answer.body);
            }
        }
    }
    assert_eq!(app.get("/dashboard").await.status(), Status::Ok, "nobody was signed out by all this");
    app.letters().await;
}

#[async_test]
async fn the_flow_cookie_is_a_cookie_of_ours_too() {
    let app = TestApp::new().await;
    let answer =
        |cookie: &'static str| app.client.post("/verify-email/resend").header(Header::new("Cookie", cookie)).dispatch();
    assert_eq!(answer("nightlatch-8000-flow=x").await.status(), Status::Forbidden);
    assert_eq!(answer("another=x").await.status(), Status::SeeOther);
    app.letters().await;
}

#[async_test]
async fn behind_https_the_origin_is_that_of_the_public_url() {
    let app = TestApp::https().await;
    let send = async |origin: &'static str| {
        let body = format!("email=ann%40example.com&password={PASSWORD}");
        let request = app.client.post("/signin").header(ContentType::Form).body(body);
        let cookie = Header::new("Cookie", format!("{SECURE_COOKIE}=x"));
        request.header(cookie).header(Header::new("Origin", origin)).dispatch().await.status()
    };
    assert_eq!(send("https://id.example.test").await, Status::Unauthorized);
    for origin in
        ["http://id.example.test", "https://id.example.test:444", "https://example.test", "https://x.id.example.test"]
    {
        assert_eq!(send(origin).await, Status::Forbidden, "{origin}");
    }
}

#[async_test]
async fn looking_is_never_judged() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    for path in ["/dashboard", "/api/auth/session", "/"] {
        for method in [Method::Get, Method::Head] {
            let request = app.client.req(method, path).header(Header::new("Cookie", app.cookie_header().unwrap()));
            let request = request.header(Header::new("Sec-Fetch-Site", "cross-site"));
            let answer = request.header(Header::new("Origin", "https://evil.example.test")).dispatch().await;
            assert_eq!(answer.status(), Status::Ok, "{method} {path}");
        }
    }
}

#[async_test]
async fn a_form_cannot_say_that_it_is_another_method() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let token = app.token().unwrap();
    for path in ["/signin", "/logout", "/dashboard", "/api/auth/session", "/api/auth/logout"] {
        for method in ["get", "GET", "delete", "put", "PATCH", "head"] {
            let answer = Answer::of(app.post_form(path, &[("_method", method), ("email", "x")]).await).await;
            let what = format!("{method} of {path}: {}", answer.status);
            assert!([400, 405, 415].contains(&answer.status.code), "{what}");
            assert_eq!(
                answer.headers.get("set-cookie").map(Vec::len),
                answer.cookie(SESSION_COOKIE).map(|_| 1),
                "{what}"
            );
        }
    }
    // Nor that it is a POST of another kind: an unknown field like any other.
    let answer = app.post_form("/forgot-password", &[("_method", "post"), ("email", "ann@example.com")]).await;
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    assert_eq!(app.session_of(&token).await.status, Status::Ok);
}

/// Ways to plant a second cookie beside the one called `name`.
fn planted(name: &str) -> Vec<String> {
    let other_case: String =
        name.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    vec![
        format!("{name}=a; {name}=b"),
        format!("{name}=a;{name}=a"),
        format!("{name}=; {name}=b"),
        format!("{name}=a; other=x; {name}=b"),
        name.replacen('h', "%68", 1) + "=a",
        name.replace('-', "%2D") + "=a",
        name.replace('-', "%2d") + "=a",
        format!("{name}=a; {}=b", name.replacen('t', "%74", 1)),
        format!("{name}=a; {other_case}=b"),
        format!("{}=a", name.to_uppercase()),
        format!("{other_case}=a"),
        // The letter in another case, percent-encoded.
        name.replacen('t', "%54", 1) + "=a",
        format!("  {} =a", name.to_uppercase()),
    ]
}

#[async_test]
async fn a_planted_cookie_is_refused_before_anybody_reads_it() {
    for (app, session) in [(TestApp::new().await, SESSION_COOKIE), (TestApp::https().await, SECURE_COOKIE)] {
        for name in [session.to_owned(), format!("{session}-flow")] {
            let mut cookies = planted(&name);
            if session == SECURE_COOKIE {
                cookies.push(format!("{}=a", name.to_lowercase()));
                cookies.push(format!("{}=a", name.replace("__", "%5F%5F")));
            }
            for cookie in cookies {
                for path in ["/signin", "/dashboard", "/api/auth/session"] {
                    let answer =
                        Answer::of(app.client.get(path).header(Header::new("Cookie", cookie.clone())).dispatch().await)
                            .await;
                    assert_eq!(answer.status, Status::BadRequest, "{path} with {cookie}");
                    assert!(answer.body.contains("A cookie of this site came twice or in disguise"), "{}", answer.body);
                }
                let request = app.client.post("/api/auth/logout").header(Header::new("Cookie", cookie.clone()));
                let answer = request.header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await;
                assert_eq!(answer.status(), Status::BadRequest, "{cookie}");
            }
        }
    }
}

#[async_test]
async fn the_same_cookie_in_two_lines_is_a_cookie_twice() {
    let app = TestApp::new().await;
    let line = |value: &str| Header::new("Cookie", format!("{SESSION_COOKIE}={value}"));
    let answer = app.client.get("/signin").header(line("a")).header(line("b")).dispatch().await;
    assert_eq!(answer.status(), Status::BadRequest);
}

#[async_test]
async fn cookies_of_others_are_nobodys_business() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let ours = app.cookie_header().unwrap();
    for other in [
        "a=1; a=2",
        "A%20b=1",
        "nightlatch-8001=x",
        "nightlatch=x",
        "xnightlatch-8000=x",
        "nightlatch-8000x=1",
        "=x",
        "x",
        "a=%",
        "%=1",
    ] {
        for cookie in [format!("{other}; {ours}"), format!("{ours}; {other}")] {
            let answer = app.client.get("/dashboard").header(Header::new("Cookie", cookie.clone())).dispatch().await;
            assert_eq!(answer.status(), Status::Ok, "{cookie}");
        }
    }
}

#[async_test]
async fn every_way_to_write_a_path_leads_to_the_same_guards() {
    let app = TestApp::new().await;
    for path in ["/signin", "//signin", "/signin/", "/%73ignin", "/signin//"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        let foreign = Header::new("Sec-Fetch-Site", "cross-site");
        let answer = app.client.post(path).header(ContentType::Form).header(foreign).dispatch().await;
        assert_eq!(answer.status(), Status::Forbidden, "{path}");
    }
    for path in ["/dashboard", "//dashboard", "/dashboard/", "/%64ashboard"] {
        assert_eq!(app.get(path).await.status(), Status::SeeOther, "{path}");
    }
    for path in ["/api/auth/session", "//api/auth/session", "/api//auth/session/", "/%61pi/auth/session"] {
        let answer = Answer::of(app.get(path).await).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (Status::Unauthorized, Some("application/problem+json")),
            "{path}"
        );
    }
}

#[async_test]
async fn other_names_of_this_machine_lead_to_the_public_url() {
    let app = TestApp::new().await;
    let get = async |host: &'static str, path: &'static str| {
        Answer::of(app.client.get(path).header(Header::new("Host", host)).dispatch().await).await
    };
    for host in ["127.0.0.1:8000", "[::1]:8000", "127.0.0.1", "127.1.2.3:80", "2130706433:8000", "x.localhost:8000"] {
        for path in ["/", "/signin?next=/dashboard%3Fa%3Db&x=%20y", "/api/auth/session?passive", "/dashboard"] {
            let answer = get(host, path).await;
            assert_eq!(answer.status, Status::TemporaryRedirect, "{host}{path}");
            assert_eq!(answer.header("location"), Some(&*format!("{ORIGIN}{path}")), "{host}");
            assert_eq!(answer.headers.get("set-cookie"), None);
        }
        assert_eq!(get(host, "/health/live").await.status, Status::Ok, "{host}");
        assert_eq!(get(host, "/health/ready").await.status, Status::Ok, "{host}");
    }
    // Another port of the same name may be a tunnel to this one.
    for host in ["localhost:8000", "localhost:9000", "LOCALHOST"] {
        let answer = get(host, "/signin").await;
        assert_eq!((answer.status, answer.header("location")), (Status::Ok, None), "{host}");
    }
    // Names that somebody else's page made to lead here read nothing, no mailed code either.
    for host in ["id.example.test", "192.168.1.9:8000", "localhost.example.test", "", "a b"] {
        for path in ["/signin", "/dev/mailbox", "/api/auth/session"] {
            assert_eq!(get(host, path).await.status, Status::BadRequest, "{host}{path}");
        }
    }
}

#[async_test]
async fn behind_https_no_name_leads_anywhere_and_none_is_believed() {
    let app = TestApp::https().await;
    for host in ["127.0.0.1:8000", "localhost", "evil.example.test"] {
        let request = app.client.get("/").header(Header::new("Host", host));
        let request = request.header(Header::new("X-Forwarded-Host", "evil.example.test"));
        let answer =
            Answer::of(request.header(Header::new("Forwarded", "host=evil.example.test")).dispatch().await).await;
        assert_eq!((answer.status, answer.header("location")), (Status::Ok, None), "{host}");
        assert!(answer.body.contains("https://id.example.test") && !answer.body.contains("evil"), "{}", answer.body);
    }
}

#[async_test]
async fn what_is_mine_is_no_picture_script_or_frame_of_another_site() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let ask = async |path: &'static str, site: &'static str, mode: &'static str, place: &'static str, cookie: bool| {
        let mut request = app.client.get(path);
        for (name, value) in [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", place)] {
            request.add_header(Header::new(name, value));
        }
        if cookie {
            request.add_header(Header::new("Cookie", app.cookie_header().unwrap()));
        }
        let answer = Answer::of(request.dispatch().await).await;
        (answer.status.code, answer.token().is_some())
    };
    for path in ["/dashboard", "/api/account", "/api/auth/session", "/"] {
        for site in ["cross-site", "same-site"] {
            for (mode, place) in [
                ("no-cors", "image"),
                ("no-cors", "script"),
                ("cors", "empty"),
                ("navigate", "iframe"),
                ("navigate", "object"),
            ] {
                assert_eq!(ask(path, site, mode, place, true).await, (403, false), "{path} {site} {mode} {place}");
            }
            assert_eq!(
                ask(path, site, "navigate", "document", true).await.0,
                200,
                "a link leads to {path} from {site}"
            );
        }
        assert_eq!(ask(path, "same-origin", "cors", "empty", true).await.0, 200, "{path}");
        assert_eq!(ask(path, "none", "navigate", "document", true).await.0, 200, "{path}");
    }
    assert_eq!(ask("/signin", "cross-site", "no-cors", "image", false).await.0, 200, "nobody is signed in");
}
