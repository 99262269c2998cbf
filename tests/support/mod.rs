//! What tests stand on: stores of every backend, and ways to hurt them.
//!
//! Part of every test binary by `#[path]`, so each uses only some of it. Never in here: what is being tested.
#![allow(dead_code)]

pub mod backend;
pub mod chaos_proxy;
pub mod postgres;
