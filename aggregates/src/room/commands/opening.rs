//! How rooms of each kind are asked for.

use std::collections::BTreeSet;

use crate::aggregate::State;
use crate::catalogue::StreamId;
use crate::ids::{GroupId, RoomId, UserId};
use crate::room::kinds::{HistoryFrom, JoinPolicy};
use crate::user::UserRole;
use crate::{Sealed, Timestamp};

/// Get or create the one room of two people; `room_id` must be [`RoomId::direct`] of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenDirect {
    pub room_id: RoomId,
    pub opened_by: UserId,
    pub other: UserId,
    /// Fact: the directory knows `other`.
    pub other_exists: bool,
    /// Fact: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

/// The creator becomes OWNER, the others MEMBER.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateGroup {
    pub room_id: RoomId,
    pub created_by: UserId,
    /// The creator may be named or not; duplicates count once.
    pub members: Vec<UserId>,
    /// Fact: who of `members` is apart from the creator, by a block of either.
    pub apart: BTreeSet<UserId>,
    pub name: Sealed,
    pub avatar: Option<Sealed>,
    pub group_id: Option<GroupId>,
    pub join_policy: JoinPolicy,
    pub history_from: HistoryFrom,
    pub at: Timestamp,
}

/// Get or create the room of a mentor and a student; `room_id` must be [`RoomId::mentor_session`] of them. Either opens it.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenMentorSession {
    pub room_id: RoomId,
    pub opened_by: UserId,
    pub mentor: UserId,
    pub student: UserId,
    /// Fact: the directory calls `mentor` a MENTOR.
    pub is_mentor: bool,
    /// Fact: the directory knows `student`.
    pub student_exists: bool,
    /// Fact: one of them blocked the other.
    pub blocked: bool,
    pub at: Timestamp,
}

/// A room for one who needs help; the platform's ADMINs come in by themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSupport {
    pub room_id: RoomId,
    pub opened_by: UserId,
    /// What it is about, in the opener's words.
    pub subject: Option<Sealed>,
    pub at: Timestamp,
}

impl OpenDirect {
    pub(super) fn learn(&mut self, facts: &State) {
        match facts {
            State::Relationship(relationship) => self.blocked = relationship.is_blocked(),
            State::User(user) => self.other_exists = user.exists(),
            State::Room(_)
            | State::Participant(_)
            | State::Notification(_)
            | State::Feed(_)
            | State::Report(_)
            | State::Preferences(_)
            | State::Subscription(_) => {}
        }
    }
}

impl OpenMentorSession {
    pub(super) fn learn(&mut self, stream: &StreamId, facts: &State) {
        match facts {
            State::Relationship(relationship) => self.blocked = relationship.is_blocked(),
            State::User(user) => {
                if *stream.id == *self.mentor.as_str() {
                    self.is_mentor = user.role() == Some(UserRole::Mentor);
                }
                if *stream.id == *self.student.as_str() {
                    self.student_exists = user.exists();
                }
            }
            State::Room(_)
            | State::Participant(_)
            | State::Notification(_)
            | State::Feed(_)
            | State::Report(_)
            | State::Preferences(_)
            | State::Subscription(_) => {}
        }
    }
}
