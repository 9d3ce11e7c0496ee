//! Values and their rules: no input or output, no web framework, no SQL.
pub mod client;
pub mod cloud_event;
pub mod code;
pub mod email;
pub mod event;
pub mod id;
pub mod invalid;
pub mod letter;
pub mod name;
pub mod password;
pub mod refresh;
pub mod search;
pub mod second_factor;
pub mod session;
pub mod user;
pub mod username;
