//! Fewer bytes for what is the same for everybody: static files and the API document.
//!
//! Other pages go as they are: where words of a request stand in an answer beside somebody's data, its length would tell of both (BREACH).
use std::io::{self, Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use rocket::{
    Request, Response,
    fairing::{Fairing, Info, Kind},
};

use super::trace::Trace;

/// In less than a packet there is nothing to win.
const WORTH_IT: usize = 1000;

/// Compresses answers for who takes gzip.
pub struct Compress;

#[rocket::async_trait]
impl Fairing for Compress {
    fn info(&self) -> Info {
        Info { name: "compression", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if !same_for_everybody(request) {
            return;
        }
        response.adjoin_raw_header("Vary", "Accept-Encoding");
        if !takes_gzip(request) || response.body().preset_size().is_some_and(|size| size < WORTH_IT) {
            return;
        }
        let packed = match response.body_mut().to_bytes().await {
            Ok(body) => gzip(&body),
            Err(error) => Err(error),
        };
        match packed {
            Ok(packed) => {
                response.set_raw_header("Content-Encoding", "gzip");
                response.set_sized_body(packed.len(), Cursor::new(packed));
            }
            Err(error) => {
                Trace::of(request).around(|| tracing::error!(%error, "an answer could not be compressed"));
            }
        }
    }
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
