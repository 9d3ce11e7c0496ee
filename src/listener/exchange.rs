//! One request and its answer: hyper's outside, Rocket's inside.
use std::{fmt, future::poll_fn, net::SocketAddr, sync::Arc};

use hyper::{
    Request, Response, Version,
    body::Incoming,
    header::{CONNECTION, HOST, HeaderValue},
    http::request::Parts,
};
use rocket::{
    futures::FutureExt,
    http::{Header, Method, uri::Origin},
    local::asynchronous::{Client, LocalRequest},
};
use tokio::sync::oneshot;

use super::{
    Door,
    answer::{self, Answer, Serving},
    body::{self, Read, Trouble},
    seat::Seat,
    work::Work,
};
use crate::web::{Late, Problem, Trace, keep, panicked};

/// The connection has no answer to give.
#[derive(Debug)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place was given to another connection, or an answer could not be made")
    }
}

impl std::error::Error for Lost {}

/// What Rocket is asked.
enum Asked {
    /// What the client asks.
    This(Parts, Vec<u8>),
    /// Nothing: the client is told what is wrong, as a page or as JSON.
    Refusal(&'static str, Problem),
}

/// Reads the rest of a request, and answers it.
///
/// # Errors
/// The place was lost meanwhile, or everything panics.
pub async fn exchange(
    door: Arc<Door>,
    seat: Arc<Seat>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Lost> {
    if !seat.read() {
        return Err(Lost);
    }
    let (head, body) = request.into_parts();
    let kind = kind(&head);
    let (asked, whole) = match body::read(body, door.patience.body).await {
        Ok(Read { bytes, whole }) => (Asked::This(head, bytes), whole),
        Err(Trouble::Slow) => (Asked::Refusal(kind, Problem::too_slow()), false),
        Err(Trouble::Broken) => (Asked::Refusal(kind, Problem::cut_off()), false),
    };
    if !seat.answer() {
        return Err(Lost);
    }
    let serving = Serving(seat);
    let answer = match ask(&door, peer, asked).await {
        Ok(answer) => answer,
        Err(Lost) => ask(&door, peer, Asked::Refusal(kind, panicked())).await?,
    };
    let mut answer = answer.map(|body| body.of(serving));
    if !whole {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

/// A path that tells pages from JSON.
fn kind(head: &Parts) -> &'static str {
    if head.uri.path().starts_with("/api/") { "/api" } else { "/" }
}

/// What was begun is done, whether or not the client waits for the answer.
async fn ask(door: &Arc<Door>, peer: SocketAddr, asked: Asked) -> Result<Response<answer::Body>, Lost> {
    let (tell, mut told) = oneshot::channel();
    let door = Arc::clone(door);
    let mut work = Work::new(async move {
        let mut request = match &asked {
            Asked::This(head, bytes) => this(&door.client, head, bytes),
            Asked::Refusal(kind, problem) => refusal(&door.client, kind, problem.clone()),
        };
        request.inner_mut().set_remote(peer);
        let (late, bodiless) = (Arc::new(Late::default()), request.inner().method() == Method::Head);
        Trace::begin(request.inner(), &late);
        answer::send(request.dispatch().await, &late, bodiless, tell).await;
    });
    let answer = poll_fn(|cx| {
        work.go_on(cx);
        told.poll_unpin(cx)
    });
    answer.await.map_err(|_| Lost)
}

/// The same request as Rocket's own server makes of it.
fn this<'c>(client: &'c Client, head: &'c Parts, body: &[u8]) -> LocalRequest<'c> {
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return refusal(client, kind(head), Problem::no_host());
    }
    let target = head.uri.path_and_query().map(|target| target.as_str());
    // What CONNECT leads to is no path.
    let target = target.or((head.method == hyper::Method::CONNECT).then_some("/"));
    let Some(uri) = target.and_then(|target| Origin::parse(target).ok()) else {
        return refusal(client, kind(head), Problem::bad_address());
    };
    let mut request = client.req(method(&head.method), uri);
    let inner = request.inner_mut();
    for (name, value) in &head.headers {
        // Rocket's headers are text.
        if let Ok(value) = std::str::from_utf8(value.as_bytes()) {
            inner.add_header(Header::new(name.as_str(), value));
        }
    }
    if !body.is_empty() {
        request.set_body(body);
    }
    request
}

/// Nothing takes TRACE, so that nothing is done, and the catcher answers with what is kept.
fn refusal<'c>(client: &'c Client, kind: &'static str, problem: Problem) -> LocalRequest<'c> {
    let request = client.req(Method::Trace, kind);
    keep(request.inner(), problem);
    request
}

/// A method that nobody knows is one that nothing takes.
fn method(method: &hyper::Method) -> Method {
    match *method {
        hyper::Method::GET => Method::Get,
        hyper::Method::HEAD => Method::Head,
        hyper::Method::POST => Method::Post,
        hyper::Method::PUT => Method::Put,
        hyper::Method::PATCH => Method::Patch,
        hyper::Method::DELETE => Method::Delete,
        hyper::Method::OPTIONS => Method::Options,
        _ => Method::Trace,
    }
}
