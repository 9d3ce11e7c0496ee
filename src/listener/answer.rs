//! Rocket's answers on their way to hyper: short ones at once, long ones piece by piece.
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{
    Response, StatusCode,
    body::{Bytes, Frame, SizeHint},
    header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use rocket::{http::Status, local::asynchronous::LocalResponse};
use tokio::{
    io::AsyncReadExt,
    sync::{mpsc, oneshot},
};

use super::seat::Seat;
use crate::web::Late;

/// The longest answer that is read to its end before it is sent, in bytes.
const SHORT: usize = 64 * 1024;

/// How much of a longer one is read at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// The body of an answer.
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// One piece after the other, as many bytes in all.
    Pieces(mpsc::Receiver<io::Result<Bytes>>, Option<u64>),
    /// None, though the headers may speak of one.
    Stripped,
}

/// A connection that is being answered, until the answer is handed on.
pub struct Serving(pub Arc<Seat>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// A body while it is sent.
pub struct Answer {
    body: Body,
    _serving: Serving,
}

impl Body {
    /// Sends it to that connection.
    pub fn of(self, serving: Serving) -> Answer {
        Answer { body: self, _serving: serving }
    }
}

/// Tells of `response` when its head is known, and goes on until its body has been taken or nobody waits for it.
pub async fn send(mut response: LocalResponse<'_>, late: &Late, bodiless: bool, tell: oneshot::Sender<Response<Body>>) {
    let size = response.body().preset_size();
    if bodiless || response.status() == Status::NotModified {
        let mut answer = head(&response, late, Body::Stripped);
        if let Some(size) = size {
            answer.headers_mut().insert(CONTENT_LENGTH, size.into());
        }
        // Where this fails the client has left.
        let _ = tell.send(answer);
        return;
    }
    if let Some(size) = size.filter(|size| *size <= SHORT).or(response.body().is_none().then_some(0)) {
        let mut whole = Vec::with_capacity(size);
        match response.read_to_end(&mut whole).await {
            Ok(_) => drop(tell.send(head(&response, late, Body::Whole(whole.into())))),
            Err(error) => tracing::error!(%error, "an answer could not be read"),
        }
        return;
    }
    let (pieces, taken) = mpsc::channel(1);
    let told = tell.send(head(&response, late, Body::Pieces(taken, size.map(|size| size as u64))));
    let mut piece = Vec::with_capacity(PIECE);
    while told.is_ok() {
        let read = response
            .read_buf(&mut piece)
            .await
            .map(|_| Bytes::from(std::mem::replace(&mut piece, Vec::with_capacity(PIECE))));
        // An empty piece is the end of it.
        let last = read.as_ref().map_or(true, Bytes::is_empty);
        if pieces.send(read).await.is_err() || last {
            return;
        }
    }
}

/// Status and headers, but for those that hyper writes by the body.
fn head(response: &LocalResponse<'_>, late: &Late, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(response.status().code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.reserve(response.headers().len() + Late::MOST);
    for header in response.headers().iter() {
        let name = HeaderName::from_bytes(header.name().as_str().as_bytes());
        let value = HeaderValue::from_bytes(header.value().as_bytes());
        match (name, value) {
            (Ok(CONTENT_LENGTH | TRANSFER_ENCODING), _) => {}
            (Ok(name), Ok(value)) => drop(headers.append(name, value)),
            _ => tracing::error!(name = header.name().as_str(), "a header of an answer cannot be sent"),
        }
    }
    late.put_on(headers);
    answer
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.get_mut().body {
            Body::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Body::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Body::Pieces(taken, _) => taken.poll_recv(cx).map(|piece| match piece {
                Some(Ok(bytes)) if bytes.is_empty() => None,
                Some(piece) => Some(piece.map(Frame::data)),
                // Cut off, so that nobody takes it for all: whatever made it has failed.
                None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            }),
            Body::Stripped => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.body, Body::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Body::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Pieces(_, Some(size)) => SizeHint::with_exact(*size),
            Body::Pieces(_, None) | Body::Stripped => SizeHint::default(),
        }
    }
}
