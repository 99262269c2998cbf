//! The running backend: everything that touches the outside, put together in `app`.

pub mod app;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod delivered;
pub mod delivery;
pub mod demo;
pub mod directory;
pub mod http;
pub mod measures;
pub mod queries;
pub mod reactor;
pub mod realtime;
pub mod unseen;
pub mod uploads;
pub mod wire;
