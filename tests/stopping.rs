//! What a panic leaves standing, and what is finished when the server stops.
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use nightlatch::{
    web::Careful,
    workers::{
        crew::{Crew, Stop},
        postman::Postman,
    },
};
use rocket::{
    async_test,
    fairing::AdHoc,
    get,
    http::{Cookie, CookieJar, Status},
    routes,
    tokio::sync::Notify,
};
use serde_json::json;

use crate::{
    headers::ALWAYS,
    support::{Answer, Options, PASSWORD, TestApp},
};

/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(60);

#[async_test]
async fn a_worker_that_panics_begins_anew_and_the_others_notice_nothing() {
    let crew = Crew::new(Duration::from_millis(1));
    let (begun, well, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let work = {
        let (begun, well) = (Arc::clone(&begun), Arc::clone(&well));
        move |stop: Stop| {
            let (begun, well) = (Arc::clone(&begun), Arc::clone(&well));
            async move {
                assert!(begun.fetch_add(1, Ordering::SeqCst) >= 3, "a planted panic");
                well.notify_one();
                stop.wait().await;
            }
        }
    };
    let steady = {
        let others = Arc::clone(&others);
        move |stop: Stop| {
            let others = Arc::clone(&others);
            async move {
                others.notify_one();
                stop.wait().await;
            }
        }
    };
    crew.hire("unlucky", work);
    crew.hire("steady", steady);
    well.notified().await;
    others.notified().await;
    assert!(crew.is_done(LONG).await);
    assert_eq!(begun.load(Ordering::SeqCst), 4, "three panics, and the fourth time it went well");
}

#[async_test]
async fn a_worker_finishes_what_it_is_at_and_begins_nothing_more() {
    let crew = Crew::new(LONG);
    let (at_it, go_on, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let work = {
        let (at_it, go_on, done) = (Arc::clone(&at_it), Arc::clone(&go_on), Arc::clone(&done));
        move |stop: Stop| {
            let (at_it, go_on, done) = (Arc::clone(&at_it), Arc::clone(&go_on), Arc::clone(&done));
            async move {
                while !stop.is_set() {
                    at_it.notify_one();
                    go_on.notified().await;
                    done.fetch_add(1, Ordering::SeqCst);
                    stop.sleep(LONG).await;
                }
            }
        }
    };
    crew.hire("worker", work);
    at_it.notified().await;
    crew.dismiss();
    go_on.notify_one();
    assert!(crew.is_done(LONG).await);
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[async_test]
async fn a_stop_does_not_wait_for_ever() {
    let crew = Crew::new(LONG);
    let begun = Arc::new(Notify::new());
    let begins = Arc::clone(&begun);
    crew.hire("stuck", move |_| {
        begins.notify_one();
        pending()
    });
    begun.notified().await;
    assert!(!crew.is_done(Duration::from_millis(10)).await);
}

#[async_test]
async fn a_stop_finishes_the_letter_at_hand_and_gives_the_others_back() {
    let app = TestApp::new().await;
    for name in ["ann", "ben", "cem"] {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        assert_eq!(app.call("/api/auth/signup", body).await.status, Status::Accepted);
    }
    let postman = app.client.rocket().state::<Arc<Postman>>().unwrap();
    let asked = AtomicUsize::new(0);
    postman.deliver_until(|| asked.fetch_add(1, Ordering::SeqCst) > 0).await.unwrap();
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NOT NULL").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NULL AND attempts = 0").await, 2);
    // Whoever comes next need not wait until the lease is over.
    assert_eq!(app.letters().await.len(), 3);
}

#[get("/panics")]
fn panics() {
    panic!("a planted panic");
}

#[get("/sets-a-cookie")]
fn sets_a_cookie(jar: &CookieJar<'_>) -> &'static str {
    jar.add(Cookie::new("half", "done"));
    "an answer that a fairing does not finish"
}

#[async_test]
async fn a_panic_in_a_handler_or_a_fairing_is_one_500() {
    let mount = |rocket: rocket::Rocket<rocket::Build>| {
        let early = AdHoc::on_request("early", |request, _| {
            Box::pin(async move { assert!(!request.headers().contains("X-Early"), "a planted panic") })
        });
        let late = AdHoc::on_response("late", |request, _| {
            Box::pin(async move { assert!(!request.headers().contains("X-Late"), "a planted panic") })
        });
        rocket.attach(Careful(early)).attach(Careful(late)).mount("/", routes![panics, sets_a_cookie])
    };
    let app = TestApp::with(Options { mount: Some(mount), ..Options::default() }).await;
    let (early, late) = (rocket::http::Header::new("X-Early", "1"), rocket::http::Header::new("X-Late", "1"));
    let requests = [
        app.client.get("/panics"),
        app.client.get("/signin").header(early),
        app.client.get("/sets-a-cookie").header(late),
    ];
    for request in requests {
        let answer = Answer::of(request.dispatch().await).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (Status::InternalServerError, None));
        assert!(!answer.body.contains("planted") && answer.body.contains(answer.header("x-request-id").unwrap()));
        for (name, value) in ALWAYS {
            assert_eq!(answer.header(name), Some(value));
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    }
    assert_eq!(app.get("/signin").await.status(), Status::Ok);
    assert!(!include_str!("../Cargo.toml").contains("panic ="), "a release that aborts would answer nothing");
}
