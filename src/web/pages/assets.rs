//! Static files, compiled in.
use std::path::PathBuf;

use rocket::{
    Responder, Route, get,
    http::{ContentType, Header},
    routes,
};

use crate::{
    templates::{Assets, version},
    web::Problem,
};

/// The static files.
pub fn routes() -> Vec<Route> {
    routes![file]
}

/// A file, kept for ever by browsers under its versioned address.
#[derive(Responder)]
pub struct Asset {
    body: Vec<u8>,
    kind: ContentType,
    cache: Header<'static>,
}

/// One file; without the right version it is not kept.
#[get("/<path..>?<v>")]
pub fn file(path: Option<PathBuf>, v: Option<&str>) -> Result<Asset, Problem> {
    // A path that Rocket takes for no path, like one with a leading dot, names nothing here.
    let path = path.ok_or_else(Problem::not_found)?;
    let found = path.to_str().and_then(Assets::get).ok_or_else(Problem::not_found)?;
    let kind = path.extension().and_then(|extension| ContentType::from_extension(extension.to_str()?));
    let cache = if v == Some(&version(&found)) { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(Asset {
        body: found.data.into_owned(),
        kind: kind.unwrap_or(ContentType::Binary),
        cache: Header::new("Cache-Control", cache),
    })
}
