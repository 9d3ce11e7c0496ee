//! `/health/live` and `/health/ready`
use std::{borrow::Cow, time::Duration};

use rocket::{
    Request, Route, Shutdown, State,
    futures::FutureExt,
    get,
    http::Status,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
    routes,
    serde::json::Json,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::{Accounts, Fault},
    web::{Site, client},
};

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

/// Whether this node should get requests and, for callers at its own machine alone (ASVS 13.4.5), how it keeps up with the others.
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

/// Whether the caller is at this machine.
struct Here(bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Here {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        Outcome::Success(Self(client::is_here(request, site)))
    }
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
async fn ready(accounts: &State<Accounts>, shutdown: Shutdown, here: Here) -> (Status, Json<ReadyAnswer>) {
    let readiness = accounts.readiness().await;
    let fault = if shutdown.now_or_never().is_some() { Some(Fault::Stopping) } else { readiness.fault };
    let wrong = fault.map(in_words);
    let status = if wrong.is_some() { Status::ServiceUnavailable } else { Status::Ok };
    let told = here.0.then_some(readiness);
    let told = told.as_ref();
    let answer = ReadyAnswer {
        status: wrong.unwrap_or("ok".into()),
        nodes: told.and_then(|told| told.nodes),
        feed_age_ms: told.and_then(|told| told.feed_age).map(millis),
        last_settle_ms: told.and_then(|told| told.last_settle).map(millis),
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
