//! `/health/live` and `/health/ready`
use std::{borrow::Cow, time::Duration};

use rocket::{Route, Shutdown, State, futures::FutureExt, get, http::Status, routes, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{Accounts, Fault};

/// What a probe asks.
pub fn routes() -> Vec<Route> {
    routes![live, ready]
}

/// One word.
#[derive(Serialize, ToSchema)]
pub struct LiveAnswer {
    /// `ok`.
    status: &'static str,
}

/// Whether this node should get requests, and how it keeps up with the others.
#[derive(Serialize, ToSchema)]
pub struct ReadyAnswer {
    /// `ok`, or what is wrong.
    status: Cow<'static, str>,
    /// Nodes on this database, this one included; `null` when it does not answer.
    nodes: Option<i64>,
    /// How long ago this node began to read what others ended, as far as it trusts that; `null` before the first time.
    feed_age_ms: Option<u64>,
    /// How long the last ending of a session made here took until every node refused it; `null` before the first.
    last_settle_ms: Option<u64>,
}

/// The process answers.
#[utoipa::path(
    operation_id = "isLive",
    tag = "Health",
    responses(
        (status = 200, description = "It does", body = LiveAnswer),
    ),
)]
#[get("/live")]
fn live() -> Json<LiveAnswer> {
    Json(LiveAnswer { status: "ok" })
}

/// This node should get requests: it is not stopping, the database answers, its clock is right and it knows what others ended.
#[utoipa::path(
    operation_id = "isReady",
    tag = "Health",
    responses(
        (status = 200, description = "It should", body = ReadyAnswer),
        (status = 503, description = "It should not: `status` says why", body = ReadyAnswer),
    ),
)]
#[get("/ready")]
async fn ready(accounts: &State<Accounts>, shutdown: Shutdown) -> (Status, Json<ReadyAnswer>) {
    let readiness = accounts.readiness().await;
    let fault = if shutdown.now_or_never().is_some() { Some(Fault::Stopping) } else { readiness.fault };
    let wrong = fault.map(in_words);
    let status = if wrong.is_some() { Status::ServiceUnavailable } else { Status::Ok };
    let answer = ReadyAnswer {
        status: wrong.unwrap_or("ok".into()),
        nodes: readiness.nodes,
        feed_age_ms: readiness.feed_age.map(millis),
        last_settle_ms: readiness.last_settle.map(millis),
    };
    (status, Json(answer))
}

fn in_words(fault: Fault) -> Cow<'static, str> {
    match fault {
        Fault::Stopping => "this node is stopping".into(),
        Fault::NoDatabase => "the database does not answer".into(),
        Fault::Behind => "this node has lost touch with the others".into(),
        Fault::WrongClock(ahead) => {
            let seconds = Duration::from_millis(ahead.unsigned_abs()).as_secs_f64();
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            format!("the clock of this machine is {seconds:.1} s {side} the database's").into()
        }
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
