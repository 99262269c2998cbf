//! What tests of the whole program are made of. Each test program uses its part.
#![allow(dead_code)]

pub mod irc_chat;
pub mod pusher_js;
