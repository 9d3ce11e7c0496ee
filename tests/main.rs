//! The suite: visitors' stories over HTTP, each with its own database and its own moving clock.
#![allow(missing_docs, reason = "the sentences are in the names")]

mod account;
mod backup;
mod bad_input;
mod change_email;
mod change_password;
mod check;
mod client_address;
mod confirm;
mod delete;
mod devices;
mod forgot_password;
mod gate;
mod guards;
mod headers;
mod layering;
mod logout;
mod mail;
mod mailbox;
mod migrations;
mod nodes;
mod openapi;
mod passwords;
mod reset_password;
mod routing;
mod security_txt;
mod session;
mod settings;
mod signin;
mod signup;
mod simulation;
mod stay;
mod support;
mod templates;
mod tokens;
mod verify_email;
