//! The unit `inbox`: people, rooms, members, messages, follows, reports.

pub(crate) mod batch;
mod batch_messages;
mod batch_rooms;
pub mod changes;
pub(crate) mod live;
pub mod people;
pub mod project;
pub mod reads;
pub mod reports;
pub mod rows;
#[cfg(test)]
mod tests;

pub use people::{BlockRow, BlocksAround, PeopleReads};
pub use reads::{Archived, InboxReads, MessagePage, MessagesFound, RoomCursor, RoomsAsk, RoomsFound};
pub use reports::{ReportReads, ReportRow, ReportStatus, ReportableMessage, ReportedRoom, Resolved};
pub(crate) use rows::delivered;
pub use rows::{
    Deletion, EMOJIS_SHOWN_MAX, FileRow, FollowRow, MemberRow, MessageRow, Mute, MutedRoom, PEOPLE_SHOWN_MAX, Person,
    Pinning, ReactionRow, ReadBy, RoomNature, RoomRow, Stay, SupportRow, UserRow, VersionRow,
};
