//! The outbox of events, and what becomes of it whatever the broker says; tests/rabbitmq has a real one.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use nightlatch::{
    amqp::{Broker, End, Fate, Message, Outage, Report, Step},
    model::{
        client::Client,
        event::{Event, EventKind},
    },
    store::{
        events::insert,
        outbox::{Backlog, backlog},
    },
    workers::{postman::Postman, publisher::Publisher, sealer::Sealer},
};
use rocket::{
    async_test,
    futures::future::join_all,
    http::Status,
    tokio::{
        select,
        task::{JoinSet, yield_now},
    },
};
use serde_json::{Value, json};

use crate::{
    audit::pool,
    support::{PASSWORD, TestApp},
};

const ANN: &str = "ann@example.com";

const MINUTE: Duration = Duration::from_secs(60);

/// What the broker was sent: each batch, and in it each event.
type Sent = Arc<Mutex<Vec<Vec<Value>>>>;

#[async_test]
async fn without_a_broker_no_event_waits() {
    let app = TestApp::new().await;
    app.sign_up(ANN).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 2);
    assert_eq!(waiting(&app).await, Backlog::default());
    assert_eq!(app.count("SELECT COUNT(*) FROM events WHERE sequence IS NOT NULL").await, 0);
}

#[async_test]
async fn every_event_waits_until_the_broker_has_it() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    assert_eq!((waiting(&app).await.pending, waiting(&app).await.oldest), (2, Some(app.now())));
    let (publisher, sent) = publisher(&app, "one", confirm);
    assert_eq!(publisher.deliver().await.unwrap(), 2);
    assert_eq!(publisher.deliver().await.unwrap(), 0, "each once");
    assert_eq!(waiting(&app).await, Backlog::default());

    let sent = sent.lock().unwrap().clone();
    let [created, started] = &sent[0][..] else { panic!("{sent:?}") };
    let user = app.ask::<String>("SELECT id FROM users").await;
    let session = app.ask::<String>("SELECT id FROM sessions").await;
    let id = app.ask::<String>("SELECT id FROM events WHERE type = 'session.started'").await;
    assert_eq!((&created["type"], &created["sequence"]), (&json!("user.created"), &json!("0000000000000000001")));
    let data = json!({ "actor_id": user, "session_id": session, "ip": null, "user_agent": null });
    let whole = json!({
        "specversion": "1.0", "id": id, "source": "http://localhost:8000", "type": "session.started",
        "time": "2026-09-21T14:13:20.000Z", "subject": user, "sequence": "0000000000000000002",
        "datacontenttype": "application/json", "data": data,
    });
    assert_eq!(started, &whole);
}

#[async_test]
async fn an_event_says_why_and_holds_no_secret() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    app.call("/api/auth/signin", json!({ "email": ANN, "password": "gravel-teapot-orbit-lantern" })).await;
    app.call("/api/auth/signin", json!({ "email": "bob@example.com", "password": PASSWORD })).await;
    let tokens = app.call("/api/auth/token", json!({ "email": ANN, "password": PASSWORD })).await.json();
    app.letters().await;
    let (publisher, sent) = publisher(&app, "one", confirm);
    publisher.deliver().await.unwrap();
    let sent = sent.lock().unwrap().clone();
    let failed: Vec<_> = sent[0].iter().filter(|event| event["type"] == "session.failed").collect();
    assert_eq!((&failed[0]["data"]["reason"], failed[0]["subject"].is_string()), (&json!("wrong"), true));
    assert_eq!((&failed[1]["data"]["reason"], failed[1].get("subject")), (&json!("unknown"), None));
    let text = format!("{sent:?}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for secret in [ANN, "bob@example.com", PASSWORD, "gravel-teapot-orbit-lantern", refresh, &app.token().unwrap()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[async_test]
async fn an_outage_is_waited_out_and_costs_nobody_anything() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    let (publisher, sent) = publisher(&app, "one", |batch| Report { fates: vec![None; batch.len()], end: outage() });
    let mut tries = 0;
    for _ in 0..30 * 60 {
        publisher.deliver().await.unwrap();
        let now = sent.lock().unwrap().len();
        if now > tries {
            tries = now;
            assert_eq!(publisher.deliver().await.unwrap(), 0, "it is not asked again at once");
        }
        app.advance(Duration::from_secs(1));
    }
    assert!((60..70).contains(&tries), "after 1, 2, 4, 8, 16 s and then every 30 s: {tries} tries in half an hour");
    let backlog = waiting(&app).await;
    assert_eq!((backlog.pending, backlog.parked), (2, 0), "an outage parks nothing");
    assert_eq!(app.now().since(backlog.oldest.unwrap()), 30 * MINUTE);
    assert_eq!(backlog.error.as_deref(), Some("the broker cannot be reached: gone fishing"));
    assert_eq!(app.sign_in(ANN, PASSWORD).await.status(), Status::SeeOther);
    let sent = sent.lock().unwrap().clone();
    assert!(sent[1..].iter().all(|batch| batch.len() == 1), "a broker in trouble is asked with one event");
    assert!(sent.iter().all(|batch| batch[0] == sent[0][0]), "and a repeated event is the same, number and all");

    app.advance(MINUTE);
    let (again, sent) = self::publisher(&app, "one", confirm);
    while again.deliver().await.unwrap() > 0 {}
    assert_eq!(waiting(&app).await, Backlog::default());
    let numbers: Vec<_> = sent.lock().unwrap().concat().iter().map(|event| event["sequence"].clone()).collect();
    let expected: Vec<_> = (1..=numbers.len()).map(|number| json!(format!("{number:019}"))).collect();
    assert_eq!(numbers, expected, "in order, without a gap");
}

#[async_test]
async fn what_was_confirmed_before_the_connection_broke_is_not_sent_again() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    let (first, _) = publisher(&app, "one", |batch| {
        let fates = batch.iter().enumerate().map(|(index, _)| (index == 1).then_some(Fate::Confirmed)).collect();
        Report { fates, end: outage() }
    });
    first.deliver().await.unwrap();
    app.advance(MINUTE);
    let (second, sent) = publisher(&app, "one", confirm);
    while second.deliver().await.unwrap() > 0 {}
    let sent = sent.lock().unwrap().concat();
    assert_eq!((sent.len(), &sent[0]["type"], &sent[0]["sequence"]), (1, &json!("user.created"), &json!(number(1))));
}

#[async_test]
async fn events_that_no_queue_takes_wait_for_one_and_hold_nobody_up() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    let (publisher, sent) = publisher(&app, "one", |batch| {
        answer(batch, |message| match &*message.key {
            "user.created" => Fate::Refused("no queue takes user.created".into()),
            _ => Fate::Confirmed,
        })
    });
    for _ in 0..50 {
        while publisher.deliver().await.unwrap() > 0 {}
        app.session_elsewhere(ANN, PASSWORD).await;
        app.advance(5 * MINUTE);
    }
    app.letters().await;
    let backlog = waiting(&app).await;
    assert_eq!((backlog.pending, backlog.parked), (2, 0), "the last sign-in, and what nobody takes");
    assert_eq!(backlog.error.as_deref(), Some("no queue takes user.created"));
    let tries = sent.lock().unwrap().concat().iter().filter(|event| event["type"] == "user.created").count();
    assert_eq!(tries, 50);

    let (taken, _) = self::publisher(&app, "one", confirm);
    while taken.deliver().await.unwrap() > 0 {}
    assert_eq!(waiting(&app).await, Backlog::default());
}

#[async_test]
async fn an_event_at_fault_is_found_among_many_and_parked_after_five_tries() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    for _ in 0..20 {
        app.session_elsewhere(ANN, PASSWORD).await;
    }
    app.letters().await;
    let (publisher, sent) = publisher(&app, "one", |batch| {
        let culprit = |message: &Message| message.key == "user.created";
        match batch {
            [one] if culprit(one) => Report { fates: vec![Some(Fate::Faulty("too large".into()))], end: End::Suspect },
            _ if batch.iter().any(culprit) => Report { fates: vec![None; batch.len()], end: End::Suspect },
            _ => confirm(batch),
        }
    });
    while publisher.deliver().await.unwrap() > 0 {}
    assert_eq!(waiting(&app).await.pending, 1, "the others do not wait for it");
    for _ in 0..5 {
        app.advance(MINUTE);
        while publisher.deliver().await.unwrap() > 0 {}
    }
    let backlog = waiting(&app).await;
    assert_eq!((backlog.pending, backlog.parked, backlog.error), (0, 1, None));
    let alone =
        sent.lock().unwrap().iter().filter(|batch| batch.len() == 1 && batch[0]["type"] == "user.created").count();
    assert_eq!(alone, 5);
    assert_eq!(app.ask::<String>("SELECT publish_error FROM events WHERE parked_at IS NOT NULL").await, "too large");
}

#[async_test]
async fn a_row_that_is_no_event_is_parked_and_holds_nobody_up() {
    let app = streaming().await;
    for (id, kind, data) in
        [("a", "session.failed", "no JSON"), ("b", &*"x".repeat(256), "{}"), ("c", "session.failed", "[]")]
    {
        let sql = format!(
            "INSERT INTO events (id, type, data, created_at, publish_after) VALUES ('{id}', '{kind}', '{data}', 1, 1)"
        );
        app.execute(&sql).await;
    }
    app.sign_up(ANN).await;
    let (publisher, sent) = publisher(&app, "one", confirm);
    for _ in 0..6 {
        while publisher.deliver().await.unwrap() > 0 {}
        app.advance(MINUTE);
    }
    let backlog = waiting(&app).await;
    assert_eq!((backlog.pending, backlog.parked), (0, 3));
    assert_eq!(sent.lock().unwrap().concat().len(), 2);
}

#[async_test]
async fn one_node_publishes_at_a_time_and_another_when_it_has_gone() {
    let app = streaming().await;
    let (one, _) = publisher(&app, "one", confirm);
    let (two, _) = publisher(&app, "two", confirm);
    app.sign_up(ANN).await;
    assert_eq!(one.deliver().await.unwrap(), 2);
    app.session_elsewhere(ANN, PASSWORD).await;
    assert_eq!(two.deliver().await.unwrap(), 0, "the lease is another's");
    app.advance(Duration::from_secs(14));
    assert_eq!(two.deliver().await.unwrap(), 0, "still");
    app.advance(Duration::from_secs(1));
    assert_eq!(two.deliver().await.unwrap(), 1, "the other is taken for dead");
    app.session_elsewhere(ANN, PASSWORD).await;
    assert_eq!(one.deliver().await.unwrap(), 0, "it was not, but has lost the lease");
    two.leave().await;
    assert_eq!(one.deliver().await.unwrap(), 1, "a node that stops gives it back");
    app.letters().await;
}

#[async_test]
async fn a_node_that_does_not_reach_the_broker_keeps_no_other_from_it() {
    let app = streaming().await;
    let (one, _) = publisher(&app, "one", |batch| Report { fates: vec![None; batch.len()], end: outage() });
    let (two, _) = publisher(&app, "two", confirm);
    app.sign_up(ANN).await;
    one.deliver().await.unwrap();
    app.advance(Duration::from_secs(1));
    assert_eq!(two.deliver().await.unwrap(), 2);
    assert_eq!(waiting(&app).await, Backlog::default());
}

#[async_test]
async fn many_nodes_at_once_send_each_event_once_and_number_without_a_gap() {
    let app = streaming().await;
    app.sign_up(ANN).await;
    let nodes: Vec<_> = (0..4).map(|node| publisher(&app, &format!("node {node}"), confirm)).collect();
    for _ in 0..10 {
        app.session_elsewhere(ANN, PASSWORD).await;
        for outcome in join_all(nodes.iter().map(|(node, _)| node.deliver())).await {
            outcome.unwrap();
        }
        app.advance(MINUTE);
    }
    app.letters().await;
    while nodes[0].0.deliver().await.unwrap() > 0 {}
    let mut numbers: Vec<_> = Vec::new();
    for (_, sent) in &nodes {
        numbers
            .extend(sent.lock().unwrap().concat().iter().map(|event| event["sequence"].as_str().unwrap().to_owned()));
    }
    numbers.sort();
    assert_eq!(numbers, (1..=12).map(number).collect::<Vec<_>>());
}

#[async_test]
async fn publishing_and_sealing_are_in_nobodys_way() {
    let app = streaming().await;
    let (publisher, sent) = publisher(&app, "node", confirm);
    let sealer = Arc::clone(app.client.rocket().state::<Arc<Sealer>>().unwrap());
    // Each on a thread of its own, and in no order.
    let mut working = JoinSet::new();
    working.spawn(async move {
        loop {
            publisher.deliver().await.unwrap();
        }
    });
    working.spawn(async move {
        loop {
            sealer.seal().await.unwrap();
        }
    });
    let recording = join_all((0..4).map(|_| async {
        for _ in 0..12 {
            let mut tx = pool(&app).begin().await.unwrap();
            for _ in 0..40 {
                let event = Event::new(EventKind::SessionFailed, &Client::default());
                insert(&mut *tx, event, true, app.now()).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    }));
    let published = async {
        recording.await;
        // On a busy machine its turn comes late.
        while sent.lock().unwrap().is_empty() {
            yield_now().await;
        }
    };
    select! {
        done = working.join_next() => done.unwrap().unwrap(),
        () = published => {}
    }
    working.shutdown().await;
}

/// A server whose events go to a broker.
async fn streaming() -> TestApp {
    TestApp::with_settings(&[("NIGHTLATCH_AMQP_URL", "amqp://localhost")]).await
}

/// A publisher of the node of this name, and what its broker was sent, which answers as told.
fn publisher(
    app: &TestApp,
    node: &str,
    answer: impl Fn(&[Message]) -> Report + Send + Sync + 'static,
) -> (Publisher, Sent) {
    let postman = app.client.rocket().state::<Arc<Postman>>().unwrap();
    let sent = Sent::default();
    let kept = Arc::clone(&sent);
    let broker = Broker::Script(Box::new(move |batch| {
        let events = batch.iter().map(|message| {
            let event: Value = serde_json::from_slice(&message.body).unwrap();
            assert_eq!((event["id"].as_str(), event["type"].as_str()), (Some(&*message.id), Some(&*message.key)));
            event
        });
        kept.lock().unwrap().push(events.collect());
        answer(batch)
    }));
    let (db, clock, url) = (postman.db.clone(), postman.clock.clone(), postman.public_url.clone());
    (Publisher::new(db, clock, broker, url, node.into()), sent)
}

fn confirm(batch: &[Message]) -> Report {
    answer(batch, |_| Fate::Confirmed)
}

fn answer(batch: &[Message], fate: impl Fn(&Message) -> Fate) -> Report {
    Report { fates: batch.iter().map(|message| Some(fate(message))).collect(), end: End::Whole }
}

fn outage() -> End {
    End::Outage(Outage { step: Step::Reach, why: "gone fishing".into() })
}

fn number(number: usize) -> String {
    format!("{number:019}")
}

async fn waiting(app: &TestApp) -> Backlog {
    let postman = app.client.rocket().state::<Arc<Postman>>().unwrap();
    backlog(&*postman.db).await.unwrap()
}
