//! Nightlatch: a self-hosted sign-in server whose sessions close by themselves ten minutes after their holder leaves.
pub mod accounts;
pub mod amqp;
pub mod clock;
pub mod commands;
pub mod db;
pub mod hasher;
pub mod jwt;
pub mod keys;
pub mod listener;
pub mod log;
pub mod mail;
pub mod metrics;
pub mod model;
pub mod refresh;
pub mod revocations;
pub mod seals;
pub mod secret;
pub mod settings;
pub mod store;
pub mod templates;
pub mod web;
pub mod workers;

mod server;

pub use server::{Server, server};
