//! What Kabar says on its own channels: the events by name, what each says, and a frame on its way to a socket.
//!
//! Pure. May use `protocol`, and `wire` for what frames say in the words of the answers. Never in here: who hears it.

mod across;
pub mod asyncapi;
mod frame;
mod hint;
mod joined;
mod payloads;

pub(super) use across::{across, frame_across, told_of};
pub(super) use frame::{About, Cause, Frame};
pub(super) use hint::HintData;
pub(super) use joined::Joined;
pub(super) use payloads::*;
