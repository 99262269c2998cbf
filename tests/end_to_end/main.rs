//! The whole program, from the outside.

#[path = "../support/mod.rs"]
mod support;

mod built_binary;
mod chat_sample;
mod crashes;
mod http;
mod rebuilding;
mod replaying;
