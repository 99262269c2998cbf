//! The unit `inbox`: people, rooms, members, messages, follows.

pub(crate) mod batch;
pub(crate) mod live;
pub mod people;
pub mod project;
pub mod reads;
pub mod rows;
#[cfg(test)]
mod tests;

pub use people::{BlockRow, PeopleReads};
pub use reads::{InboxReads, MessagePage, RoomCursor, RoomsAsk, RoomsFound};
pub use rows::{FollowRow, MemberRow, MessageRow, Person, RoomRow, UserRow};
