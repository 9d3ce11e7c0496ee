//! The suite: visitors' stories over HTTP, each with its own database and its own moving clock.
#![allow(missing_docs, reason = "the sentences are in the names")]

mod layering;
mod support;

mod signup;
