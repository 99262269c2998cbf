//! The unit `inbox`: people, rooms, members, messages, follows.

pub mod reads;
pub mod rows;

pub use reads::{InboxReads, MessagePage};
pub use rows::{FollowRow, MemberRow, MessageRow, RoomRow, UserRow};
