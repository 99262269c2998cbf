//! Outside delivery services, simulated: they speak each provider's own protocol on a free port, remember what they took and
//! under which key, and do what they are told with the next request.
//!
//! Separate from `tests/support/mod.rs` because the crate `providers` tests its adapters with them and has no store. Never
//! in here: anything of that crate; a simulator that shared its code would agree with its mistakes.
#![allow(dead_code)]

pub mod mailketing;
pub mod onesignal;
pub mod server;
pub mod smtp;
pub mod starsender;
pub mod told;
pub mod webpush;
pub mod whatsapp_cloud;
