//! Rendering the dashboard of somebody who has signed in often.
use std::hint::black_box;

use criterion::Criterion;
use nightlatch::{clock::Timestamp, templates::Templates};
use serde_json::{Value, json};
use tera::{Context, context};

use crate::NOW;

/// Renders it.
pub fn bench(criterion: &mut Criterion) {
    let (templates, context) = (Templates::new().expect("the templates have no fault"), dashboard());
    let render = || templates.render("dashboard.html.tera", black_box(&context)).expect("a page");
    assert!(render().contains("Firefox on Linux"));
    criterion.benchmark_group("page").bench_function("dashboard", |bencher| bencher.iter(render));
}

/// What `pages::dashboard` and `view` put together.
fn dashboard() -> Context {
    let user = "01a212142765700086a96f3ee4676fd5";
    let signins: Vec<Value> = (0..5).map(signin).collect();
    context! {
        site => &json!({ "name": "Nightlatch", "url": "https://id.example.com", "verifies_email": true, "open_signup": true }),
        user => &json!({
            "id": user, "role": "user", "name": "Ann", "email": "ann@example.com", "without_address": false,
            "created_at": moment(NOW),
        }),
        session => &json!({
            "user": user, "role": "user", "expires_at": moment(NOW), "ends_at": moment(NOW), "seconds_left": 600,
        }),
        idle => "10 minutes",
        path => "/dashboard",
        mailbox => &Value::Null,
        signins => &signins,
        withheld => &false,
    }
}

fn signin(number: i64) -> Value {
    let at = moment(Timestamp::from_hours(NOW.hours() - number));
    json!({
        "at": at, "ip": "192.0.2.7", "device": "Firefox on Linux", "current": number == 0, "state": "Signed out",
    })
}

fn moment(at: Timestamp) -> Value {
    json!({ "iso": at.rfc3339(), "text": at.to_string() })
}
