//! The whole program, from the outside.

#[path = "../support/mod.rs"]
mod support;

mod backups;
mod built_binary;
mod chat_sample;
mod command_line;
mod crashes;
mod doctoring;
mod faults;
mod http;
mod import_faults;
mod importing;
mod keys;
mod mending;
mod observing;
mod rebuilding;
mod replaying;
