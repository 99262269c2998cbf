//! The whole program, from the outside.

#[path = "../support/mod.rs"]
mod support;

mod http;
