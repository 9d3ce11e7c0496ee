//! `/admin`: what superusers see and do. The calls of programs for the same are in `web::api::admin`.
mod events;
mod figures;
mod sessions;
mod user;
mod users;

use rocket::{Route, routes};
use url::form_urlencoded::Serializer;

use crate::{
    accounts::Accounts,
    model::{id::UserId, session::Session},
    web::Problem,
};

/// Rows on a page.
const PAGE: i64 = 20;

/// Every page below `/admin`.
pub fn routes() -> Vec<Route> {
    routes![
        figures::show,
        users::list,
        users::create,
        user::show,
        user::lock,
        user::unlock,
        user::logout,
        user::change_role,
        user::send_reset,
        user::reset_second_factor,
        user::delete,
        sessions::list,
        sessions::logout_everyone,
        events::list,
        events::csv,
        events::json_lines,
    ]
}

/// The account of this id.
fn named(id: &str) -> Result<UserId, Problem> {
    UserId::parse(id).ok_or_else(Problem::not_found)
}

/// `path` with these parameters, without those that are empty.
fn link(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query = Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Whether acts can be done at once, or ask for the password first.
fn is_fresh(accounts: &Accounts, session: &Session) -> bool {
    accounts.lifetimes().is_fresh(session, accounts.now())
}
