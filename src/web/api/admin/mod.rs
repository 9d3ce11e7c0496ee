//! `/api/admin`: what superusers see and do.
pub mod events;
pub mod sessions;
pub mod stats;
pub mod users;

use rocket::{Route, routes};

use crate::web::{Problem, input::once};

/// Rows on a page unless the caller asks for fewer or more, and the most there are.
const PAGE: i64 = 50;
const LONGEST_PAGE: i64 = 200;

/// Every call below `/api/admin`.
pub fn routes() -> Vec<Route> {
    routes![
        users::list,
        users::create,
        users::show,
        users::change,
        users::delete,
        users::logout,
        users::send_reset,
        users::reset_second_factor,
        sessions::list,
        sessions::logout_everyone,
        events::list,
        stats::show,
    ]
}

/// The number of rows that is asked for.
fn limit(given: &[&str]) -> Result<i64, Problem> {
    let Some(text) = once("limit", given)? else { return Ok(PAGE) };
    let limit = text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
    limit.ok_or_else(|| Problem::out_of_range("limit", 1, LONGEST_PAGE))
}
