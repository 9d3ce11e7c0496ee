//! Fewer bytes for what is the same for everybody: static files and the API document.
//!
//! Other pages go as they are: where words of a request stand in an answer beside somebody's data, its length would tell of both (BREACH).
use std::{
    collections::HashMap,
    io::{self, Cursor, Write},
    sync::{Arc, Mutex, PoisonError},
};

use flate2::{Compression, write::GzEncoder};
use rocket::{Request, Response, http::Status};

use super::trace::Trace;

/// In less than a packet there is nothing to win.
const WORTH_IT: usize = 1000;

/// Compresses answers for who takes gzip, and sends nothing to who has them already. What has an `ETag` is compressed once: there are
/// as many as static files.
#[derive(Default)]
pub struct Compress {
    packed: Mutex<HashMap<String, Arc<[u8]>>>,
}

impl Compress {
    /// Makes of an answer what its client takes.
    pub async fn pack<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !same_for_everybody(request) {
            return;
        }
        response.adjoin_raw_header("Vary", "Accept-Encoding");
        let tag = response.headers().get_one("ETag").map(str::to_owned);
        if tag.as_deref().is_some_and(|tag| has_it(request, tag)) {
            response.set_status(Status::NotModified);
            response.remove_header("Content-Type");
            response.set_sized_body(0, Cursor::new([]));
            return;
        }
        if !takes_gzip(request) || response.body().preset_size().is_some_and(|size| size < WORTH_IT) {
            return;
        }
        match self.packed(tag, response).await {
            Ok(packed) => {
                response.set_raw_header("Content-Encoding", "gzip");
                response.set_sized_body(packed.len(), Cursor::new(packed));
            }
            Err(error) => {
                Trace::of(request).around(|| tracing::error!(%error, "an answer could not be compressed"));
            }
        }
    }

    async fn packed(&self, tag: Option<String>, response: &mut Response<'_>) -> io::Result<Arc<[u8]>> {
        let kept = || self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packed) = tag.as_ref().and_then(|tag| kept().get(tag).cloned()) {
            return Ok(packed);
        }
        let packed: Arc<[u8]> = gzip(&response.body_mut().to_bytes().await?)?.into();
        if let Some(tag) = tag {
            kept().insert(tag, Arc::clone(&packed));
        }
        Ok(packed)
    }
}

/// Whether its browser says that it has what has this tag (RFC 9110, 13.1.2). Ours are weak: the same with `gzip` and without.
fn has_it(request: &Request<'_>, tag: &str) -> bool {
    request.headers().get("If-None-Match").flat_map(|line| line.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag.trim_start_matches("W/")
    })
}

fn same_for_everybody(request: &Request<'_>) -> bool {
    request.route().is_some_and(|route| {
        route.uri.base() == "/static" || ["/api/docs", "/api/openapi.json"].contains(&route.uri.path())
    })
}

/// `gzip`, and not with the weight nought.
fn takes_gzip(request: &Request<'_>) -> bool {
    request.headers().get("Accept-Encoding").flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !parts.any(|part| part.strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0)))
    })
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}
