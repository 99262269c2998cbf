//! Files that people attach to messages: where they are kept, what they are, and how they go with whoever sent them.
//!
//! Separate because files are neither events nor rows, and both the backend and `replay erase` must reach them. What
//! somebody uploads is their words: it lies in a folder that is named after the key their words are sealed with, so that
//! what names the key to be dropped names the folder to be removed. Never in here: who may upload or see something, HTTP.

pub mod erasing;
pub mod folder;
pub mod id;
pub mod sniff;
pub mod store;

pub use erasing::{EraseError, erase_all};
pub use folder::Folder;
pub use id::{InvalidUploadId, UploadId};
pub use sniff::{Dangerous, HEAD_BYTES_MAX, Kind, dangerous_name, sniff};
pub use store::{About, Arriving, AttachmentStore, ByteStream, SharedStore, StoreError, Used};
