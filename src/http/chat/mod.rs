//! Chat: rooms, groups, messages, searching, reading and typing. One file per thing a client does.

pub mod groups;
pub mod messages;
pub mod reading;
pub mod rooms;
pub mod search;
pub mod typing;
