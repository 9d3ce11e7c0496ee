//! The suite: visitors' stories over HTTP, each with its own database and its own moving clock.
#![allow(missing_docs, reason = "the sentences are in the names")]

mod layering;
mod support;

mod bad_input;
mod client_address;
mod forgot_password;
mod gate;
mod guards;
mod headers;
mod logout;
mod mail;
mod mailbox;
mod migrations;
mod passwords;
mod reset_password;
mod routing;
mod session;
mod settings;
mod signin;
mod signup;
mod templates;
mod tokens;
mod verify_email;
