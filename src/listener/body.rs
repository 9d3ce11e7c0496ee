//! Reads the body of a request before anything else is done for it.
use std::{future::poll_fn, pin::Pin, time::Duration};

use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::web::LIMIT_KIB;

/// A byte more than is taken, so that whoever reads it can tell.
const MOST: usize = LIMIT_KIB as usize * 1024 + 1;

/// What is there of a body.
pub struct Read {
    pub bytes: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// Why there is none.
pub enum Trouble {
    /// It took too long.
    Slow,
    /// It ended early, or its framing is broken.
    Broken,
}

/// Reads what may be taken of `body`, for `patience` at most.
pub async fn read(mut body: Incoming, patience: Duration) -> Result<Read, Trouble> {
    let mut bytes = Vec::new();
    if body.is_end_stream() {
        return Ok(Read { bytes, whole: true });
    }
    match timeout(patience, collect(&mut body, &mut bytes)).await {
        Ok(Ok(whole)) => Ok(Read { bytes, whole }),
        Ok(Err(_)) => Err(Trouble::Broken),
        Err(_) => Err(Trouble::Slow),
    }
}

async fn collect(body: &mut Incoming, bytes: &mut Vec<u8>) -> hyper::Result<bool> {
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await.transpose()? {
        // Trailers are of no use to anybody here.
        let Ok(data) = frame.into_data() else { continue };
        let room = MOST - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if bytes.len() == MOST {
            return Ok(data.len() <= room && body.is_end_stream());
        }
    }
    Ok(true)
}
