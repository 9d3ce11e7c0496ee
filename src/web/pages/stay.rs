//! `/stay`: asks whether the session should go on, and lets it
use rocket::{get, post, response::Redirect};
use tera::context;

use crate::web::{
    forms,
    guards::User,
    input::Input,
    next::own_path,
    view::{Page, Pages},
};

/// The choice. Passive: looking at it keeps nothing open.
#[get("/stay?<next>")]
pub fn show(_user: User<'_>, pages: Pages<'_>, next: Option<&str>) -> Page {
    pages.form("stay", context! { next => own_path(next) })
}

/// The session goes on, as with any other request.
#[post("/stay", format = "form", data = "<form>")]
pub fn submit(_user: User<'_>, form: Input<forms::Stay>) -> Redirect {
    Redirect::to(own_path(form.0.next.as_deref()).to_owned())
}
