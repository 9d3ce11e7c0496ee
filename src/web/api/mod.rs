//! The JSON API: the same acts as the pages, for programs.
mod account;
mod admin;
pub mod answers;
mod confirm;
mod docs;
mod document;
mod forgot_password;
mod generated;
pub mod health;
mod logout;
mod reset_password;
mod second_factor;
mod session;
mod sessions;
mod signin;
mod signup;
pub mod token;
mod verify_email;

use rocket::{Route, routes};

pub use document::fairing as document;
pub use generated::generated;

/// Every call below `/api`.
pub fn routes() -> Vec<Route> {
    let everybody = routes![
        // What is asked most stands first: Rocket tries one after the other.
        session::show,
        docs::document,
        docs::show,
        signup::submit,
        verify_email::submit,
        verify_email::resend,
        signin::submit,
        signin::submit_code,
        token::issue,
        token::issue_for_code,
        token::refresh,
        logout::submit,
        logout::everywhere,
        forgot_password::submit,
        reset_password::submit,
        confirm::submit,
        account::show,
        account::rename,
        account::change_password,
        account::change_email,
        account::confirm_email,
        account::delete,
        second_factor::show,
        second_factor::begin,
        second_factor::confirm,
        second_factor::replace_recovery_codes,
        second_factor::remove,
        sessions::list,
        sessions::end,
        sessions::end_others,
        account::events,
        account::export,
    ];
    [everybody, admin::routes()].concat()
}
