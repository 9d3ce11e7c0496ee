//! The start page.
use rocket::{get, response::Redirect};
use tera::Context;

use crate::web::view::{Page, Pages};

/// Says what this is and where to go.
#[get("/")]
pub fn show(pages: Pages<'_>) -> Page {
    pages.show("home", Context::new())
}

/// Where password managers look for the page that changes a password (W3C, A Well-Known URL for Changing Passwords).
#[get("/.well-known/change-password")]
pub fn change_password() -> Redirect {
    Redirect::to("/account")
}
