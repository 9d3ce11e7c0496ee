//! The start page.
use rocket::get;
use tera::Context;

use crate::web::view::{Page, Pages};

/// Says what this is and where to go.
#[get("/")]
pub fn show(pages: Pages<'_>) -> Page {
    pages.show("home", Context::new())
}
