//! What may change in the inbox, as events carry it: facts to be played out on rows.
//!
//! Apart from `project`, which says what each event means, and from `batch`, which says what comes of it. Never in here:
//! what is only known from a row (a counter, whether somebody is in already, whether a message was deleted before).

use aggregates::Timestamp;
use aggregates::ids::{MessageId, ReportId, RoomId, UserId};
use aggregates::participant::Arrangement;
use aggregates::report::{Resolution, Subject};
use aggregates::room::{Forwarded, HistoryFrom, JoinPolicy, MessageKind, Role, RoomKind};
use event_log::Position;

use super::batch::EVERYBODY;
use super::rows::{FileRow, Person};

/// One change of the inbox. What depends on rows is the store's to find out.
#[derive(Debug, Clone, PartialEq)]
pub enum InboxChange {
    OpenRoom(OpenedRoom),
    /// The room has another name or picture.
    Describe(Described),
    /// The room has another rule, or is closed, or open again.
    SetRule {
        room_id: RoomId,
        rule: RoomRule,
        at: Timestamp,
    },
    /// Somebody comes into a room; nothing when they are in.
    Admit(Admitted),
    /// Somebody goes; nothing when they are out.
    Dismiss {
        room_id: RoomId,
        user_id: UserId,
        at: Timestamp,
        position: Position,
    },
    SetRole {
        room_id: RoomId,
        user_id: UserId,
        role: Role,
        at: Timestamp,
    },
    AddMessage(SaidMessage),
    /// The room's last message is now this one.
    ShowLast(LastShown),
    /// A new message names people.
    Mention(Mentioned),
    /// Nothing of the four behind the message's first deletion.
    Edit(EditedMessage),
    Delete(DeletedMessage),
    React(Reaction),
    Pin(Pinned),
    /// Somebody's read pointer goes forward to `seq`, never back.
    MoveReader {
        room_id: RoomId,
        user_id: UserId,
        seq: u64,
        at: Timestamp,
        position: Position,
    },
    /// Somebody's read pointer is now at `seq`, wherever it was.
    TurnReaderBack {
        room_id: RoomId,
        user_id: UserId,
        seq: u64,
    },
    /// A device of theirs has everything up to `seq`; never back.
    Deliver {
        room_id: RoomId,
        user_id: UserId,
        seq: u64,
        at: Timestamp,
    },
    Arrange {
        room_id: RoomId,
        user_id: UserId,
        arrangement: Arrangement,
    },
    SetPerson {
        user_id: UserId,
        person: Person,
    },
    /// Who they are, and every word they said up to here, is blank.
    Erase(Erased),
    Follow(Relation),
    Unfollow(Relation),
    Block(Relation),
    Unblock(Relation),
    /// Open, whatever became of it before.
    FileReport(FiledReport),
    ResolveReport(ResolvedReport),
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenedRoom {
    pub room_id: RoomId,
    pub kind: RoomKind,
    pub name: Option<String>,
    pub avatar: Option<String>,
    /// Whose words name and avatar are.
    pub opened_by: UserId,
    pub group_id: Option<String>,
    pub pair: Option<(UserId, UserId)>,
    pub join_policy: JoinPolicy,
    pub history_from: HistoryFrom,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub room_id: RoomId,
    pub what: Description,
    pub by: UserId,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Description {
    Name(Option<String>),
    Picture(Option<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomRule {
    JoinPolicy(JoinPolicy),
    SlowModeSeconds(u32),
    Closed(bool),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    pub join_seq: u64,
    pub at: Timestamp,
    pub position: Position,
}

/// A message as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidMessage {
    pub id: MessageId,
    pub room_id: RoomId,
    pub seq: u64,
    pub position: Position,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: String,
    pub attachment_url: Option<String>,
    pub attachment_type: Option<String>,
    pub attached_file: Option<FileRow>,
    pub reply_to: Option<MessageId>,
    pub forwarded: Option<Forwarded>,
    pub client_message_id: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LastShown {
    pub room_id: RoomId,
    pub seq: u64,
    pub text: String,
    /// Whose words they are.
    pub by: UserId,
    pub at: Timestamp,
    pub position: Position,
}

/// Whom words name.
#[derive(Debug, Clone, PartialEq)]
pub struct Mentioned {
    pub room_id: RoomId,
    pub seq: u64,
    pub sender_id: UserId,
    pub named: Vec<UserId>,
    pub all: bool,
}

/// Other words of a message, and whom they name instead.
#[derive(Debug, Clone, PartialEq)]
pub struct EditedMessage {
    pub mentioned: Mentioned,
    pub content: String,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeletedMessage {
    pub room_id: RoomId,
    pub seq: u64,
    pub by: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    pub room_id: RoomId,
    pub seq: u64,
    pub user_id: UserId,
    pub emoji: String,
    /// Set, or taken back.
    pub on: bool,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    pub room_id: RoomId,
    pub seq: u64,
    pub by: UserId,
    /// Pinned, or no more.
    pub on: bool,
    pub at: Timestamp,
    pub position: Position,
}

/// Somebody who was erased at `position`; what they say behind it is somebody else's.
#[derive(Debug, Clone, PartialEq)]
pub struct Erased {
    pub user_id: UserId,
    pub position: Position,
}

/// `from` does it, to `to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub from: UserId,
    pub to: UserId,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FiledReport {
    pub id: ReportId,
    pub reporter_id: UserId,
    pub subject: Subject,
    /// The reporter's words.
    pub reason: Option<String>,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedReport {
    pub id: ReportId,
    pub resolution: Resolution,
    pub by: UserId,
    /// Words of whoever resolved it.
    pub note: Option<String>,
    pub at: Timestamp,
    pub position: Position,
}

impl Mentioned {
    /// Who is named, and [`EVERYBODY`] when everybody is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(UserId::as_str).chain(self.all.then_some(EVERYBODY))
    }
}

impl InboxChange {
    pub(crate) fn erased(&self) -> Option<&Erased> {
        match self {
            Self::Erase(erased) => Some(erased),
            Self::OpenRoom(_)
            | Self::Describe(_)
            | Self::SetRule { .. }
            | Self::Admit(_)
            | Self::Dismiss { .. }
            | Self::SetRole { .. }
            | Self::AddMessage(_)
            | Self::ShowLast(_)
            | Self::Mention(_)
            | Self::Edit(_)
            | Self::Delete(_)
            | Self::React(_)
            | Self::Pin(_)
            | Self::MoveReader { .. }
            | Self::TurnReaderBack { .. }
            | Self::Deliver { .. }
            | Self::Arrange { .. }
            | Self::SetPerson { .. }
            | Self::Follow(_)
            | Self::Unfollow(_)
            | Self::Block(_)
            | Self::Unblock(_)
            | Self::FileReport(_)
            | Self::ResolveReport(_) => None,
        }
    }
}
