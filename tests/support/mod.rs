//! What tests stand on: stores of every backend and ways to hurt them, clients, samples.
//!
//! Part of every test program by `#[path]`, and each uses only some of it. Never in here: what is being tested.
#![allow(dead_code)]

pub mod answers;
pub mod backend;
pub mod channel_tail;
pub mod chaos_proxy;
pub mod damage;
pub mod irc_chat;
pub mod member_sockets;
pub mod memory_keys;
pub mod model_log;
pub mod naive;
pub mod person;
pub mod postgres;
pub mod pusher_js;
pub mod pusher_server;
pub mod raw;
pub mod resuming_client;
pub mod running;
pub mod storm;
pub mod told_frames;
pub mod watcher;
pub mod written;
