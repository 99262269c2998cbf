//! What every implementation of a port promises, run on each of them.

#[path = "../support/mod.rs"]
mod support;

mod door;
mod event_log;
mod stock_postgres_es;
