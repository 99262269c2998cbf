//! Chat: rooms, groups, messages, searching, reading and typing. One file per thing a client does.

pub mod conversations;
pub mod groups;
pub mod keeping;
pub mod message_changes;
pub mod message_reads;
pub mod messages;
pub mod places;
pub mod reading;
pub mod rooms;
pub mod search;
pub mod support;
pub mod typing;
