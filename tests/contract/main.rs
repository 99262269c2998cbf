//! What every implementation of a port promises, run on each of them.

#[path = "../support/mod.rs"]
mod support;

mod door;
mod event_log;
mod last_seen;
mod read_models;
mod stock_postgres_es;
