//! The mail queue and the conversation with a mail server.
use std::{
    collections::HashSet,
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use mail_parser::{Message, MessageParser};
use nightlatch::{
    mail::Post,
    settings::{Settings, rocket_figment},
    workers::postman::Postman,
};
use rocket::{
    async_test,
    futures::future::join_all,
    http::Status,
    tokio::{
        self,
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::{TcpListener, TcpStream},
        sync::Notify,
        time::timeout,
    },
};
use serde_json::json;

use crate::support::{Options, PASSWORD, TestApp, code_in};

const ANN: &str = "ann@example.com";

/// Far more than anything here takes, and less than a mail server is waited for.
const SOON: Duration = Duration::from_secs(6);

#[async_test]
async fn a_letter_leaves_in_one_smtp_conversation() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Takes).await;
    let begun = app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    let request = begun.json()["request"].as_str().unwrap().to_owned();
    assert_eq!(postman(&app, &server.url()).deliver().await.unwrap(), 1);

    let said = server.said();
    assert!(said[0].starts_with("EHLO "), "{said:?}");
    assert!(said[1].starts_with("MAIL FROM:<no-reply@localhost>"), "{said:?}");
    assert_eq!(said[2..4], ["RCPT TO:<ann@example.com>", "DATA"]);
    assert_eq!(said.iter().filter(|line| line.starts_with("RCPT")).count(), 1);

    let letters = server.letters();
    let [raw] = letters.as_slice() else { panic!("one letter was expected: {letters:?}") };
    let letter = parsed(raw);
    assert_eq!(letter.subject(), Some("Your code to sign up at Nightlatch"));
    assert_eq!(letter.from().unwrap().first().unwrap().address(), Some("no-reply@localhost"));
    assert_eq!(letter.to().unwrap().first().unwrap().address(), Some(ANN));
    assert_eq!(letter.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
    assert_eq!(letter.date().unwrap().to_rfc3339(), "2026-09-21T14:13:20Z");
    assert!(letter.message_id().unwrap().ends_with("@localhost"));

    assert_eq!((letter.text_body_count(), letter.html_body_count()), (1, 1));
    let (text, html) = (letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
    let code = code_in(&text).expect("the text has a code");
    assert!(html.starts_with("<!doctype html>") && html.contains(&format!(">{code}</p>")), "{html}");
    for part in [&text, &html] {
        assert!(!part.contains(&request), "the request stays with the browser that began it");
        for url in part.split(['"', ' ', '\n', '<', '>']).filter(|word| word.contains("://")) {
            assert!(["http://localhost:8000", "http://localhost:8000,"].contains(&url.trim()), "{url}");
        }
    }
    let body = json!({ "request": request, "code": code });
    assert_eq!(app.call("/api/auth/verify-email", body).await.status, Status::Created);
}

#[async_test]
async fn every_letter_is_plain_in_its_subject_and_has_no_secret_in_its_links() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Takes).await;
    let postman = postman(&app, &server.url());
    app.sign_up(ANN).await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    app.call("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    let begun = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    assert_eq!(postman.deliver().await.unwrap(), 3);
    let code = server.letters().iter().find_map(|raw| {
        let letter = parsed(raw);
        let is_reset = letter.subject().unwrap().contains("new password");
        is_reset.then(|| code_in(&letter.body_text(0).unwrap()).unwrap())
    });
    let body = json!({ "request": begun.json()["request"], "code": code, "password": "gravel-teapot-orbit-lantern" });
    assert_eq!(app.call("/api/auth/reset-password", body).await.status, Status::NoContent);
    assert_eq!(postman.deliver().await.unwrap(), 1);

    let letters = server.letters();
    let subjects: HashSet<String> = letters.iter().map(|raw| parsed(raw).subject().unwrap().to_owned()).collect();
    assert_eq!(subjects.len(), 4, "four kinds of letters: {subjects:?}");
    for raw in &letters {
        let letter = parsed(raw);
        let subject = raw.lines().skip_while(|line| !line.starts_with("Subject: ")).take(2).collect::<Vec<_>>();
        assert!(subject[1].contains(": "), "the subject is one line: {subject:?}");
        let pages = ["", "/signin", "/forgot-password"].map(|page| format!("http://localhost:8000{page}"));
        for part in [letter.body_text(0).unwrap(), letter.body_html(0).unwrap()] {
            for url in part.split(['"', ' ', '\n', '<', '>', ',', '\r']).filter(|word| word.contains("://")) {
                assert!(pages.contains(&url.to_owned()), "{url}");
            }
        }
    }
}

#[async_test]
async fn the_html_of_a_letter_is_escaped_and_its_text_is_not() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Takes).await;
    let postman = Postman { public_url: "http://localhost:8000/<i>&".into(), ..postman(&app, &server.url()) };
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    postman.deliver().await.unwrap();
    let letters = server.letters();
    let letter = parsed(&letters[0]);
    let (text, html) = (letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
    assert!(text.contains("localhost:8000/<i>&"), "{text}");
    assert!(html.contains("&lt;i&gt;&amp;") && !html.contains("<i>"), "{html}");
}

#[async_test]
async fn every_address_that_is_taken_can_be_written_to() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Takes).await;
    let addresses = [
        "o'neill@example.com".to_owned(),
        "ann+tag=1@example.com".to_owned(),
        "!#$%&'*+/=?^_`{|}~-@example.com".to_owned(),
        format!("{}@example.com", "a".repeat(64)),
        "ann@xn--bcher-kva.example".to_owned(),
        "a@b.cd".to_owned(),
    ];
    for email in &addresses {
        let answer = app.call("/api/auth/signup", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, Status::Accepted, "{email}: {answer:?}");
    }
    assert_eq!(postman(&app, &server.url()).deliver().await.unwrap(), addresses.len());
    for email in &addresses {
        assert!(server.said().contains(&format!("RCPT TO:<{email}>")), "{email}: {:?}", server.said());
    }
    assert_eq!(server.letters().len(), addresses.len());
}

#[async_test]
async fn a_mail_server_that_asks_for_a_name_and_a_password_gets_them() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Takes).await;
    let url = format!("smtp://night%40latch:p%40ss%3Aword@{}", server.address);
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(postman(&app, &url).deliver().await.unwrap(), 1);
    let given = STANDARD.encode("\0night@latch\0p@ss:word");
    assert_eq!(server.said()[1], format!("AUTH PLAIN {given}"));
    assert_eq!(server.letters().len(), 1);
}

#[async_test]
async fn a_letter_waits_ever_longer_for_a_server_that_is_away_and_is_sent_once() {
    let app = TestApp::new().await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    let nobody_there = postman(&app, &closed_port().await);
    for (attempt, wait) in [5, 10, 20, 40].into_iter().enumerate() {
        let wait = Duration::from_secs(wait);
        assert_eq!(nobody_there.deliver().await.unwrap(), 1);
        assert_eq!(app.count("SELECT attempts FROM letters").await, attempt as i64 + 1);
        let due = app.now().plus(wait).millis();
        assert_eq!(app.count("SELECT next_attempt_at FROM letters").await, due);
        let kept = "SELECT COUNT(*) FROM letters WHERE sealed <> '' AND last_error IS NOT NULL AND sent_at IS NULL";
        assert_eq!(app.count(kept).await, 1);
        app.advance(wait - Duration::from_millis(1));
        assert_eq!(nobody_there.deliver().await.unwrap(), 0, "too soon");
        app.advance(Duration::from_millis(1));
    }
    let server = SmtpServer::start(Manner::Takes).await;
    let postman = postman(&app, &server.url());
    assert_eq!(postman.deliver().await.unwrap(), 1);
    app.advance(Duration::from_secs(24 * 3600));
    assert_eq!(postman.deliver().await.unwrap(), 0);
    assert_eq!(server.letters().len(), 1);
    let sent = "SELECT COUNT(*) FROM letters WHERE sealed = '' AND last_error IS NULL AND sent_at IS NOT NULL";
    assert_eq!(app.count(sent).await, 1);
}

#[async_test]
async fn a_letter_that_the_server_refuses_is_tried_again_and_holds_no_other_up() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Refuses("<ann@example.com>")).await;
    let postman = postman(&app, &server.url());
    for email in [ANN, "bob@example.com"] {
        app.call("/api/auth/signup", json!({ "email": email, "password": PASSWORD })).await;
    }
    assert_eq!(postman.deliver().await.unwrap(), 2);
    assert_eq!(app.ask::<String>("SELECT recipient FROM letters WHERE sent_at IS NOT NULL").await, "bob@example.com");
    let error = app.ask::<String>("SELECT last_error FROM letters WHERE sent_at IS NULL").await;
    assert!(error.contains("not now"), "what the server said is kept for the operator: {error}");
    assert_eq!(server.letters().len(), 1);
}

#[async_test]
async fn a_letter_that_the_server_refuses_for_good_is_given_up_at_once() {
    let app = TestApp::new().await;
    let server = SmtpServer::start(Manner::Rejects("<ann@example.com>")).await;
    let postman = postman(&app, &server.url());
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    assert_eq!(postman.deliver().await.unwrap(), 1);
    assert_eq!(app.ask::<String>("SELECT sealed FROM letters WHERE dropped_at IS NOT NULL").await, "");
    app.advance(Duration::from_secs(3600));
    assert_eq!(postman.deliver().await.unwrap(), 0);
}

#[async_test]
async fn a_letter_that_cannot_be_opened_holds_no_other_up() {
    let app = TestApp::new().await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    app.execute("UPDATE letters SET sealed = 'AAAA'").await;
    app.call("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    assert_eq!(app.letters().await.len(), 1);
    assert_eq!(app.ask::<String>("SELECT recipient FROM letters WHERE sent_at IS NULL").await, ANN);
}

#[async_test]
async fn a_code_that_expired_in_the_queue_is_never_sent() {
    let app = TestApp::new().await;
    app.sign_up("bob@example.com").await;
    app.execute("DELETE FROM letters").await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    app.call("/api/auth/signup", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    app.call("/api/auth/forgot-password", json!({ "email": "bob@example.com" })).await;
    app.advance(Duration::from_secs(600));
    assert!(app.letters().await.is_empty());
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE dropped_at IS NOT NULL AND sealed = ''").await, 3);
    app.advance(Duration::from_secs(24 * 3600));
    assert!(app.letters().await.is_empty());
}

#[async_test]
async fn a_code_is_sent_up_to_its_last_moment() {
    let app = TestApp::new().await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    app.advance(Duration::from_millis(599_999));
    assert_eq!(app.letters().await.len(), 1);
}

#[async_test]
async fn a_notice_is_sent_however_late() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let begun = app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    let code = app.mailed_code().await;
    let body = json!({ "request": begun.json()["request"], "code": code, "password": "gravel-teapot-orbit-lantern" });
    app.call("/api/auth/reset-password", body).await;
    app.advance(Duration::from_secs(24 * 3600));
    let letters = app.letters().await;
    assert!(letters[0].contains("on 21 Sep 2026, 14:13 UTC"), "it tells when it happened: {letters:?}");
}

#[async_test]
async fn a_letter_rests_sealed_and_is_forgotten_when_it_left() {
    let app = TestApp::new().await;
    app.call("/api/auth/signup", json!({ "email": ANN, "password": PASSWORD })).await;
    app.call("/api/auth/forgot-password", json!({ "email": "nil@example.com" })).await;
    let sealed = app.ask::<String>("SELECT sealed FROM letters WHERE recipient = 'ann@example.com'").await;
    let code = app.mailed_code().await;
    let digits = code.replace(' ', "");
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    for clear in [code.as_bytes(), digits.as_bytes(), b"signup_code"] {
        assert!(
            !bytes.windows(clear.len()).any(|window| window == clear)
                && !sealed.as_bytes().windows(clear.len()).any(|w| w == clear)
        );
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sealed = '' AND sent_at IS NOT NULL").await, 2);
    let in_clear = format!("SELECT COUNT(*) FROM requests WHERE code_mac LIKE '%{digits}%' OR id LIKE '%{digits}%'");
    assert_eq!(app.count(&in_clear).await, 0);
}

#[async_test]
async fn postmen_at_work_at_the_same_time_send_each_letter_once() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    let server = SmtpServer::start(Manner::Takes).await;
    for _ in 0..30 {
        app.call("/api/auth/forgot-password", json!({ "email": ANN })).await;
    }
    let postmen: Vec<Postman> = (0..4).map(|_| postman(&app, &server.url())).collect();
    let at_work = postmen.iter().map(|postman| async move { while postman.deliver().await.unwrap() > 0 {} });
    join_all(at_work).await;
    let ids: HashSet<String> =
        server.letters().iter().map(|raw| parsed(raw).message_id().unwrap().to_owned()).collect();
    assert_eq!((server.letters().len(), ids.len()), (30, 30));
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NULL").await, 0);
}

#[async_test]
async fn nobody_waits_for_a_mail_server_that_hangs() {
    let server = SmtpServer::start(Manner::Hangs).await;
    let vars = vec![("NIGHTLATCH_MAIL__SMTP_URL", server.url())];
    let app = TestApp::with(Options { vars, smtp: true, ..Options::default() }).await;
    let signup = |email: &'static str| app.call("/api/auth/signup", json!({ "email": email, "password": PASSWORD }));
    let begun = soon(signup(ANN)).await;
    assert_eq!(begun.status, Status::Accepted);
    soon(server.visited.notified()).await;
    // The postman stands at the server's door now.
    let forgot = app.call("/api/auth/forgot-password", json!({ "email": ANN }));
    let resend = app.call("/api/auth/verify-email/resend", json!({ "request": begun.json()["request"] }));
    let sign_in = app.call("/api/auth/signin", json!({ "email": ANN, "password": PASSWORD }));
    let statuses = [soon(signup("bob@example.com")).await, soon(forgot).await, soon(resend).await, soon(sign_in).await];
    assert_eq!(statuses.map(|answer| answer.status.code), [202, 202, 202, 401]);
    assert_eq!(app.count("SELECT COUNT(*) FROM letters WHERE sent_at IS NULL").await, 4);
}

#[async_test]
async fn letters_leave_by_themselves() {
    let server = SmtpServer::start(Manner::Takes).await;
    let vars = vec![("NIGHTLATCH_MAIL__SMTP_URL", server.url())];
    let app = TestApp::with(Options { vars, smtp: true, ..Options::default() }).await;
    for (taken, email) in [(1, ANN), (2, "bob@example.com")] {
        app.call("/api/auth/signup", json!({ "email": email, "password": PASSWORD })).await;
        soon(server.taken.notified()).await;
        assert_eq!(server.letters().len(), taken);
    }
}

async fn soon<T>(task: impl Future<Output = T>) -> T {
    timeout(SOON, task).await.expect("this took too long")
}

/// A second postman of `app`, who brings its letters to the mail server at `url`.
fn postman(app: &TestApp, url: &str) -> Postman {
    let own = app.client.rocket().state::<Arc<Postman>>().unwrap();
    let vars = [("NIGHTLATCH_MAIL__SMTP_URL".into(), url.into())];
    let post = Post::new(&Settings::load(rocket_figment(), vars).unwrap()).unwrap();
    Postman {
        db: own.db.clone(),
        clock: own.clock.clone(),
        secret: Arc::clone(&own.secret),
        templates: Arc::clone(&own.templates),
        post: Arc::new(post),
        public_url: own.public_url.clone(),
    }
}

async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("smtp://{}", listener.local_addr().unwrap())
}

fn parsed(raw: &str) -> Message<'_> {
    MessageParser::new().parse(raw.as_bytes()).unwrap()
}

/// A mail server on this machine that does as it is told and writes down what it heard.
struct SmtpServer {
    address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
    letters: Arc<Mutex<Vec<String>>>,
    /// Told at every connection.
    visited: Arc<Notify>,
    /// Told at every letter.
    taken: Arc<Notify>,
}

#[derive(Clone, Copy)]
enum Manner {
    Takes,
    /// Takes letters, but not yet those to this recipient.
    Refuses(&'static str),
    /// Takes letters, but never those to this recipient.
    Rejects(&'static str),
    /// Accepts the connection and says nothing.
    Hangs,
}

impl SmtpServer {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            said: Arc::default(),
            letters: Arc::default(),
            visited: Arc::default(),
            taken: Arc::default(),
        };
        let (said, letters) = (Arc::clone(&server.said), Arc::clone(&server.letters));
        let (visited, taken) = (Arc::clone(&server.visited), Arc::clone(&server.taken));
        tokio::spawn(async move {
            let mut hung_up = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                visited.notify_one();
                match manner {
                    Manner::Hangs => hung_up.push(stream),
                    _ => {
                        let (said, letters, taken) = (Arc::clone(&said), Arc::clone(&letters), Arc::clone(&taken));
                        tokio::spawn(async move { converse(stream, manner, &said, &letters, &taken).await });
                    }
                }
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    fn letters(&self) -> Vec<String> {
        self.letters.lock().unwrap().clone()
    }
}

/// One conversation (RFC 5321), up to the end of the connection.
async fn converse(
    stream: TcpStream,
    manner: Manner,
    said: &Mutex<Vec<String>>,
    letters: &Mutex<Vec<String>>,
    taken: &Notify,
) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mail.test ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        said.lock().unwrap().push(line.clone());
        let answer = match (line.split([' ', ':']).next(), manner) {
            (Some("EHLO"), _) => "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            (Some("AUTH"), _) => "235 welcome",
            (Some("RCPT"), Manner::Refuses(recipient)) if line.contains(recipient) => "451 not now",
            (Some("RCPT"), Manner::Rejects(recipient)) if line.contains(recipient) => "550 no such person",
            (Some("DATA"), _) => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let mut letter = String::new();
                loop {
                    match lines.next_line().await.ok()??.as_str() {
                        "." => break,
                        line => letter.extend([line.strip_prefix('.').unwrap_or(line), "\r\n"]),
                    }
                }
                letters.lock().unwrap().push(letter);
                taken.notify_one();
                "250 taken"
            }
            (Some("QUIT"), _) => "221 bye",
            _ => "250 well",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}
