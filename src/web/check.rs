//! Tells `nightlatch check`, and nobody else, how a request of its own arrived.
use std::time::Duration;

use rocket::{
    Request, Route, State, get,
    http::{CookieJar, Status},
    outcome::try_outcome,
    request::{FromRequest, Outcome},
    routes,
    serde::json::Json,
};
use serde::{Deserialize, Serialize};

use super::{Site, client, cookies};
use crate::{
    clock::{Clock, Timestamp},
    secret::Prover,
};

/// Where it is asked.
pub const PATH: &str = "/.well-known/nightlatch-check";

/// The header with the question.
pub const HEADER: &str = "X-Nightlatch-Check";

/// How long a question may be asked; clocks that differ are a finding and must not end the check.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

/// The one route; to everybody without the secret there is nothing here.
pub fn routes() -> Vec<Route> {
    routes![show]
}

/// What proves and verifies that both sides hold the same secret.
pub struct Checkpoint {
    /// Made of the secret.
    pub prover: Prover,
    /// The time it goes by.
    pub clock: Clock,
}

/// A question: when it was asked, with the proof that the asker holds the secret. `nonce` makes each its own.
pub fn question(prover: &Prover, now: Timestamp, nonce: &str) -> String {
    let asked = format!("{}.{nonce}", now.millis());
    format!("{asked}.{}", prover.prove(&format!("question {asked}")))
}

/// How the question arrived.
#[derive(Serialize, Deserialize)]
pub struct Arrival {
    /// Proves that the answer comes from a holder of the secret, and to this question.
    pub proof: String,
    /// Who is connected to the node: the caller or the last proxy.
    pub peer: String,
    /// Whom the node takes the caller for.
    pub address: String,
    /// `X-Forwarded-For`, as it came.
    pub forwarded: Option<String>,
    /// The node's public URL.
    pub public_url: String,
    /// The node's time, in milliseconds.
    pub now: i64,
}

impl Arrival {
    /// Whether this answers the question and comes from a holder of the secret.
    pub fn answers(&self, prover: &Prover, question: &str) -> bool {
        prover.is_proof(&self.proof, &answer(question))
    }
}

fn answer(question: &str) -> String {
    format!("answer {question}")
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Arrival {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        let here = try_outcome!(request.guard::<&State<Checkpoint>>().await);
        let question = request.headers().get_one(HEADER).filter(|question| is_asked_by_us(question, here));
        let (Some(question), Some(peer), Some(address)) = (question, request.remote(), client::address(request, site))
        else {
            return Outcome::Forward(Status::NotFound);
        };
        let forwarded: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
        Outcome::Success(Self {
            proof: here.prover.prove(&answer(question)),
            peer: peer.ip().to_canonical().to_string(),
            address: address.to_string(),
            forwarded: (!forwarded.is_empty()).then(|| forwarded.join(", ")),
            public_url: site.url.clone(),
            now: here.clock.now().millis(),
        })
    }
}

fn is_asked_by_us(question: &str, here: &Checkpoint) -> bool {
    let Some((asked, proof)) = question.rsplit_once('.') else { return false };
    let Some(at) = asked.split_once('.').and_then(|(at, _)| at.parse().ok()).map(Timestamp::from_millis) else {
        return false;
    };
    let now = here.clock.now();
    here.prover.is_proof(proof, &format!("question {asked}")) && now.since(at).max(at.since(now)) <= GOOD_FOR
}

/// With a cookie of the past that has every attribute of the real ones, to see whether a proxy changes them.
#[get("/.well-known/nightlatch-check")]
fn show(arrival: Arrival, site: &State<Site>, jar: &CookieJar<'_>) -> Json<Arrival> {
    cookies::remove(jar, site, &cookie(&site.session_cookie));
    Json(arrival)
}

/// What the probe is called beside the session cookie.
pub fn cookie(session_cookie: &str) -> String {
    format!("{session_cookie}-check")
}
