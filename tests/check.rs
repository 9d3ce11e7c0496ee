//! What `nightlatch check` asks a server, and that it answers nobody else.
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use nightlatch::{
    clock::Timestamp,
    secret::Secret,
    web::check::{Arrival, HEADER, PATH, question},
};
use rocket::{
    async_test,
    http::{Header, Status},
};
use serde_json::Value;

use crate::{
    settings::{TempDir, run},
    support::{Answer, SESSION_COOKIE, TestApp, secret as ours, secret_text},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn theirs() -> Secret {
    Secret::new(&*Secret::draw()).unwrap()
}

async fn ask(app: &TestApp, question: String) -> Answer {
    let request = app.client.get(PATH).remote("127.0.0.1:4711".parse().unwrap());
    Answer::of(request.header(Header::new(HEADER, question)).dispatch().await).await
}

#[async_test]
async fn a_holder_of_the_secret_learns_how_the_request_arrived() {
    let app = TestApp::new().await;
    let asked = question(&ours().prover(), app.now(), "once");
    let answer = ask(&app, asked.clone()).await;
    assert_eq!(answer.status, Status::Ok);
    let arrival: Arrival = serde_json::from_value(answer.json()).unwrap();
    assert!(arrival.answers(&ours().prover(), &asked));
    assert_eq!((&*arrival.peer, &*arrival.address), ("127.0.0.1", "127.0.0.1"));
    assert_eq!((&*arrival.public_url, arrival.now), ("http://localhost:8000", app.now().millis()));
    assert_eq!(answer.json()["forwarded"], Value::Null);
    let probe = answer.cookie(&format!("{SESSION_COOKIE}-check")).unwrap();
    assert!(probe.contains("Max-Age=0") && probe.contains("HttpOnly"), "{probe}");

    let other = question(&ours().prover(), app.now(), "twice");
    assert!(!arrival.answers(&ours().prover(), &other), "an answer is to its own question only");
    assert!(!arrival.answers(&theirs().prover(), &asked), "and from a holder of the secret only");
}

#[async_test]
async fn to_everybody_else_there_is_nothing_here() {
    let app = TestApp::new().await;
    let nothing = Answer::of(app.client.get("/.well-known/nothing").dispatch().await).await;
    let bare = Answer::of(app.client.get(PATH).dispatch().await).await;
    assert_eq!((bare.status, bare.outline("")), (Status::NotFound, nothing.outline("")));

    let right = question(&ours().prover(), app.now(), "once");
    let (asked, proof) = right.rsplit_once('.').unwrap();
    for wrong in [
        String::new(),
        "..".into(),
        asked.into(),
        proof.into(),
        format!("{asked}."),
        format!("{asked}x.{proof}"),
        format!("-{right}"),
        question(&theirs().prover(), app.now(), "once"),
        question(&ours().prover(), app.now().minus(DAY + Duration::from_secs(1)), "once"),
        question(&ours().prover(), app.now().plus(DAY + Duration::from_secs(1)), "once"),
        question(&ours().prover(), Timestamp::from_millis(i64::MIN), "once"),
        question(&ours().prover(), Timestamp::from_millis(i64::MAX), "once"),
    ] {
        let answer = ask(&app, wrong.clone()).await;
        assert_eq!((answer.status, answer.outline("")), (Status::NotFound, nothing.outline("")), "{wrong}");
    }
    for near in [app.now().minus(DAY), app.now().plus(DAY)] {
        let answer = ask(&app, question(&ours().prover(), near, "once")).await;
        assert_eq!(answer.status, Status::Ok, "a clock that is a day off is told and not refused");
    }
}

#[test]
fn the_check_follows_nobody_to_another_host() {
    let folder = TempDir::new("redirects");
    let (ours, theirs) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.2:0").unwrap());
    theirs.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/", theirs.local_addr().unwrap());
    let site = format!("http://localhost:{}", ours.local_addr().unwrap().port());
    let to = elsewhere.clone();
    let answers = thread::spawn(move || {
        let (mut caller, _) = ours.accept().unwrap();
        let asked = caller.read(&mut [0; 4096]).unwrap();
        write!(caller, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        asked
    });
    let vars = [("NIGHTLATCH_PUBLIC_URL", &*site), ("NIGHTLATCH_SECRET_KEY", secret_text())];
    let (code, said, _, _) = run(&folder, &["check"], &vars);
    assert!(answers.join().unwrap() > 0);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("problem  public URL: {site} redirects to {elsewhere}")), "{said}");
    // Whoever had come would wait here.
    assert_eq!(theirs.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
