//! Who connects and does not keep up, who comes when there is no room, and what is finished when the server stops; over real sockets.
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use nightlatch::listener::{Limits, Listener, Patience};
use rocket::{
    Build, Rocket, State, async_test,
    fairing::AdHoc,
    get, post,
    response::stream::ByteStream,
    routes,
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::Notify,
        task::JoinHandle,
        time::timeout,
    },
};

use crate::support::{Options, TestApp};

/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// What a client gets that has to be seen to be let go.
const SHORT: Duration = Duration::from_millis(50);

const PATIENT: Patience = Patience { head: LONG, body: LONG, idle: Some(LONG), stall: LONG, linger: SHORT };

/// What the routes of these tests share with them.
#[derive(Default)]
struct Signs {
    /// A handler was called.
    begun: Notify,
    /// It may go on.
    go_on: Notify,
    /// It was done.
    done: Notify,
    dropped: Arc<AtomicBool>,
}

#[get("/waits")]
async fn waits(signs: &State<Arc<Signs>>) -> &'static str {
    signs.begun.notify_one();
    signs.go_on.notified().await;
    signs.done.notify_one();
    "at last"
}

/// Notes that whoever held it is gone.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[get("/endless")]
fn endless(signs: &State<Arc<Signs>>) -> ByteStream![Vec<u8>] {
    let held = Held(Arc::clone(&signs.dropped));
    ByteStream! {
        let _held = held;
        loop {
            yield vec![b'x'; 65_536];
        }
    }
}

#[get("/long")]
fn long() -> Vec<u8> {
    vec![b'y'; 300_000]
}

#[post("/echo", data = "<body>")]
fn echo(body: Vec<u8>) -> Vec<u8> {
    body
}

fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
    let late = AdHoc::on_response("late", |request, _| {
        Box::pin(async move { assert!(!request.headers().contains("X-Late"), "a planted panic") })
    });
    rocket.manage(Arc::<Signs>::default()).attach(late).mount("/", routes![waits, endless, long, echo])
}

/// A server that is served by our own listener.
struct House {
    app: TestApp,
    address: SocketAddr,
    served: JoinHandle<()>,
}

impl House {
    async fn with(patience: Patience, most: usize) -> Self {
        let app = TestApp::with(Options { mount: Some(mount), ..Options::default() }).await;
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let limits = Limits { most, per_network: 1, trusted_proxies: Vec::new() };
        let door = Listener::on(tcp, patience, limits);
        let served = rocket::tokio::spawn(door.serve(Arc::clone(&app.client), LONG));
        Self { app, address, served }
    }

    fn signs(&self) -> &Signs {
        self.app.client.rocket().state::<Arc<Signs>>().unwrap()
    }

    async fn visit(&self) -> Visit {
        Visit(TcpStream::connect(self.address).await.unwrap())
    }

    async fn ask(&self, path: &str) -> String {
        let mut visit = self.visit().await;
        visit.say(&format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n")).await;
        visit.rest().await
    }

    async fn stop(self) {
        self.app.client.rocket().shutdown().notify();
        timeout(LONG, self.served).await.expect("a stop that ends").unwrap();
    }
}

/// One connection.
struct Visit(TcpStream);

impl Visit {
    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes until the server closes.
    async fn rest(&mut self) -> String {
        let mut said = Vec::new();
        timeout(LONG, self.0.read_to_end(&mut said)).await.expect("the server closes").unwrap();
        String::from_utf8(said).unwrap()
    }

    /// One answer, as long as it says.
    async fn answer(&mut self) -> String {
        let mut said = Vec::new();
        loop {
            let read = timeout(LONG, self.0.read_buf(&mut said)).await.expect("an answer").unwrap();
            let text = String::from_utf8(said.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
                if body.len() == length.unwrap().parse::<usize>().unwrap() {
                    return text;
                }
            }
            assert!(read > 0, "cut off: {text}");
        }
    }
}

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost:8000\r\n\r\n";

/// Whether an answer carries what every answer does.
fn is_complete(answer: &str) -> bool {
    [
        "content-security-policy: ",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: same-origin",
    ]
    .iter()
    .all(|header| answer.contains(&format!("\r\n{header}")))
}

#[async_test]
async fn a_head_that_does_not_end_is_waited_for_no_longer_than_that() {
    let house = House::with(Patience { head: SHORT, ..PATIENT }, 10).await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: loc"] {
        let mut visit = house.visit().await;
        visit.say(begun).await;
        assert_eq!(visit.rest().await, "", "{begun}");
    }
    // The second request of a connection has the same time.
    let mut visit = house.visit().await;
    visit.say(LIVE).await;
    assert!(visit.answer().await.starts_with("HTTP/1.1 200"));
    visit.say("GET / HT").await;
    assert_eq!(visit.rest().await, "");
    house.stop().await;
}

#[async_test]
async fn a_body_that_does_not_end_is_answered_408() {
    let house = House::with(Patience { body: SHORT, ..PATIENT }, 10).await;
    for (path, kind) in [("/signin", "text/html; charset=utf-8"), ("/api/auth/signin", "application/problem+json")] {
        let mut visit = house.visit().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
        );
        visit.say(&head).await;
        let answer = visit.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(
            answer.contains(&format!("\r\ncontent-type: {kind}\r\n")) && answer.contains("\r\nconnection: close\r\n"),
            "{answer}"
        );
        assert!(is_complete(&answer) && answer.contains("\r\nx-request-id: "), "{answer}");
    }
    house.stop().await;
}

#[async_test]
async fn a_connection_is_kept_for_the_next_request_as_long_as_rocket_is_told() {
    let house = House::with(Patience { idle: Some(SHORT), ..PATIENT }, 10).await;
    let mut visit = house.visit().await;
    for _ in 0..3 {
        visit.say(LIVE).await;
        assert!(visit.answer().await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(visit.rest().await, "");
    house.stop().await;
    let house = House::with(Patience { idle: None, ..PATIENT }, 10).await;
    let mut visit = house.visit().await;
    visit.say(LIVE).await;
    assert!(visit.rest().await.contains("\r\nconnection: close\r\n"));
    house.stop().await;
}

#[async_test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let house = House::with(Patience { stall: SHORT, ..PATIENT }, 10).await;
    let mut visit = house.visit().await;
    visit.say("GET /endless HTTP/1.1\r\nHost: localhost:8000\r\n\r\n").await;
    let dropped = Arc::clone(&house.signs().dropped);
    let given_up = async {
        while !dropped.load(Ordering::SeqCst) {
            rocket::tokio::task::yield_now().await;
        }
    };
    timeout(LONG, given_up).await.expect("it is given up");
    house.stop().await;
}

#[async_test]
async fn what_is_sent_of_a_body_that_is_too_long_is_no_next_request() {
    let house = House::with(PATIENT, 10).await;
    for framing in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let mut visit = house.visit().await;
        let head = format!(
            "POST /api/auth/signin HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
        );
        let body = if framing.starts_with('C') {
            "G".repeat(100_000)
        } else {
            format!("186A0\r\n{}\r\n0\r\n\r\n", "G".repeat(100_000))
        };
        visit.say(&(head + &body)).await;
        let answer = visit.rest().await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n") && is_complete(&answer), "{answer}");
    }
    house.stop().await;
}

#[async_test]
async fn whoever_waits_longest_makes_room_for_the_next() {
    let house = House::with(PATIENT, 2).await;
    let (mut silent, mut half) = (house.visit().await, house.visit().await);
    half.say("GET / HT").await;
    assert!(house.ask("/health/live").await.starts_with("HTTP/1.1 200"));
    assert_eq!(silent.rest().await, "");
    assert!(house.ask("/health/live").await.starts_with("HTTP/1.1 200"));
    house.stop().await;
}

#[async_test]
async fn whoever_is_being_answered_makes_room_for_nobody() {
    let house = House::with(PATIENT, 1).await;
    let mut visit = house.visit().await;
    visit.say("GET /waits HTTP/1.1\r\nHost: localhost:8000\r\n\r\n").await;
    house.signs().begun.notified().await;
    let mut next = house.visit().await;
    assert_eq!(next.rest().await, "");
    house.signs().go_on.notify_one();
    assert!(visit.answer().await.ends_with("at last"));
    house.stop().await;
}

#[async_test]
async fn what_http_knows_and_nothing_here_takes_is_refused_as_a_whole_answer() {
    let house = House::with(PATIENT, 10).await;
    for (request, status) in [
        ("FOO /signin", 405),
        ("get /signin", 405),
        ("TRACE /signin", 405),
        ("CONNECT localhost:443", 405),
        ("FOO /nowhere", 404),
        ("OPTIONS *", 400),
        ("GET signin", 400),
        ("GET /sign|in", 400),
        ("GET /api/\u{fc}", 400),
        ("GET /%", 404),
    ] {
        let mut visit = house.visit().await;
        visit
            .say(&format!("{request} HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\nX-Secret: plum\r\n\r\n"))
            .await;
        let answer = visit.rest().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(is_complete(&answer) && !answer.contains("plum"), "{request}: {answer}");
        assert_eq!(answer.contains("\r\nallow: "), status == 405, "{request}: {answer}");
    }
    house.stop().await;
}

#[async_test]
async fn answers_are_as_long_as_they_say_whatever_their_length() {
    let house = House::with(PATIENT, 10).await;
    let mut visit = house.visit().await;
    for path in ["/health/live", "/long", "/signin"] {
        visit.say(&format!("HEAD {path} HTTP/1.1\r\nHost: localhost:8000\r\n\r\n")).await;
        visit.say(&format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n\r\n")).await;
        let both = visit.answer_to_head_and_get().await;
        assert_eq!(both.matches("HTTP/1.1 200").count(), 2, "{both}");
    }
    house.stop().await;
}

impl Visit {
    /// An answer without a body, and then the same with one.
    async fn answer_to_head_and_get(&mut self) -> String {
        let mut said = Vec::new();
        let lengths = |text: &str| {
            let of = text.split("content-length: ").skip(1).map(|rest| rest.split("\r\n").next().unwrap().to_owned());
            of.collect::<Vec<_>>()
        };
        loop {
            timeout(LONG, self.0.read_buf(&mut said)).await.expect("an answer").unwrap();
            let text = String::from_utf8(said.clone()).unwrap();
            if let [of_head, of_get] = &lengths(&text)[..] {
                let body = text.rsplit_once("\r\n\r\n").map_or("", |(_, body)| body);
                assert_eq!(of_head, of_get, "{text}");
                if body.len() == of_get.parse::<usize>().unwrap() {
                    return text;
                }
            }
        }
    }
}

#[async_test]
async fn a_handler_finishes_what_it_began_when_its_client_leaves() {
    let house = House::with(PATIENT, 10).await;
    let mut visit = house.visit().await;
    visit.say("GET /waits HTTP/1.1\r\nHost: localhost:8000\r\n\r\n").await;
    house.signs().begun.notified().await;
    drop(visit);
    assert!(house.ask("/health/live").await.starts_with("HTTP/1.1 200"));
    house.signs().go_on.notify_one();
    timeout(LONG, house.signs().done.notified()).await.expect("it is done");
    house.stop().await;
}

#[async_test]
async fn a_panic_where_nobody_catches_it_is_a_500_and_ends_nothing_else() {
    let house = House::with(PATIENT, 10).await;
    let mut visit = house.visit().await;
    visit.say("GET /signin HTTP/1.1\r\nHost: localhost:8000\r\nX-Late: 1\r\n\r\n").await;
    let answer = visit.answer().await;
    assert!(answer.starts_with("HTTP/1.1 500") && is_complete(&answer) && !answer.contains("planted"), "{answer}");
    visit.say(LIVE).await;
    assert!(visit.answer().await.starts_with("HTTP/1.1 200"));
    house.stop().await;
}

#[async_test]
async fn a_stop_ends_the_silent_at_once_and_whoever_is_being_answered_with_the_answer() {
    let house = House::with(PATIENT, 10).await;
    let (mut silent, mut half, mut kept, mut visit) =
        (house.visit().await, house.visit().await, house.visit().await, house.visit().await);
    half.say("GET / HT").await;
    kept.say(LIVE).await;
    kept.answer().await;
    visit.say("GET /waits HTTP/1.1\r\nHost: localhost:8000\r\n\r\n").await;
    house.signs().begun.notified().await;
    let address = house.address;
    let asked = Arc::clone(house.app.client.rocket().state::<Arc<Signs>>().unwrap());
    let answered = Arc::new(AtomicUsize::new(0));
    let clients = {
        let answered = Arc::clone(&answered);
        rocket::tokio::spawn(async move {
            for gone in [&mut silent, &mut half, &mut kept] {
                assert_eq!(gone.rest().await, "");
            }
            drop((silent, half, kept));
            assert!(TcpStream::connect(address).await.is_err(), "the door is open");
            asked.go_on.notify_one();
            let answer = visit.rest().await;
            assert!(answer.ends_with("at last") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
            answered.fetch_add(1, Ordering::SeqCst);
        })
    };
    house.stop().await;
    clients.await.unwrap();
    assert_eq!(answered.load(Ordering::SeqCst), 1);
}
