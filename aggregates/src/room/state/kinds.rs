//! What sorts of rooms, roles and ways in there are.
//!
//! Separate from the state so that whoever only names them, in events and answers, sees no rule.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Two people; at most one such room for each two.
    #[default]
    Direct,
    Group,
    /// A mentor, who owns it, and a student; at most one such room for each two.
    MentorStudent,
    /// Somebody who needs help, and whichever ADMINs of the platform come in.
    Support,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Member,
    Admin,
    Owner,
}

/// Who may come in without being brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Whoever knows the room's id.
    #[default]
    Open,
    /// Nobody: members are added by an owner or admin. Into a SUPPORT room any ADMIN of the platform comes all the same.
    Invite,
}

/// From where on a member reads what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryFrom {
    /// From the room's first message.
    #[default]
    Start,
    /// From when they came in, the last time.
    Join,
}

impl HistoryFrom {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    pub(crate) const fn is_start(&self) -> bool {
        matches!(self, Self::Start)
    }

    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Join => "join",
        }
    }
}

impl RoomKind {
    pub const ALL: [Self; 4] = [Self::Direct, Self::Group, Self::MentorStudent, Self::Support];

    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "DIRECT",
            Self::Group => "GROUP",
            Self::MentorStudent => "MENTOR_STUDENT",
            Self::Support => "SUPPORT",
        }
    }

    /// Whether it is and stays a room of two: a block between them stops what is said there.
    pub const fn is_of_two(self) -> bool {
        match self {
            Self::Direct | Self::MentorStudent => true,
            Self::Group | Self::Support => false,
        }
    }
}

impl Role {
    /// As the wire says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Admin => "ADMIN",
            Self::Owner => "OWNER",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Member, Self::Admin, Self::Owner].into_iter().find(|role| role.name() == name)
    }
}
