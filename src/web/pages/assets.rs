//! Static files, compiled in.
use std::{borrow::Cow, path::PathBuf};

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
    body: Cow<'static, [u8]>,
    kind: ContentType,
    cache: Header<'static>,
    tag: Header<'static>,
}

/// One file; without the right version it is not kept.
#[get("/<path..>?<v>")]
pub fn file(path: Option<PathBuf>, v: Option<&str>) -> Result<Asset, Problem> {
    // A path that Rocket takes for no path, like one with a leading dot, names nothing here.
    let path = path.ok_or_else(Problem::not_found)?;
    let found = path.to_str().and_then(Assets::get).ok_or_else(Problem::not_found)?;
    let kind = path.extension().and_then(|extension| ContentType::from_extension(extension.to_str()?));
    let version = version(&found);
    let cache = if v == Some(&version) { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(Asset {
        body: found.data,
        kind: kind.unwrap_or(ContentType::Binary),
        cache: Header::new("Cache-Control", cache),
        tag: Header::new("ETag", format!("W/\"{version}\"")),
    })
}
