//! What tests of the whole program are made of. Each test program uses its part.
#![allow(dead_code)]

pub mod channel_tail;
pub mod irc_chat;
pub mod naive;
pub mod person;
pub mod pusher_js;
pub mod running;
