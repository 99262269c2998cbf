//! Opening the rooms that are neither direct nor a group: a mentor's with a student, and support.

use aggregates::ids::{RoomId, UserId};
use aggregates::room::{OpenMentorSession, OpenSupport, RoomCommand};
use aggregates::user::UserRole;
use aggregates::{Command, Sealed, StreamId};
use projections::UnitName;
use uuid::Uuid;

use super::rooms::opened;
use super::{Caller, Commands, Failure, Opened};

impl Commands {
    /// Gets or creates the one session of the caller and `other`. Whoever of them is a MENTOR holds it; where both are, the
    /// one who was asked.
    pub async fn open_mentor_session(&self, caller: &Caller, other: &UserId) -> Result<Opened, Failure> {
        let pair = [caller.user_id.clone(), other.clone()];
        let mut mentor = self.mentor_among(&pair).await?;
        if mentor.is_none() {
            // Only to say that neither is one, the view must have heard of everybody.
            self.caught_up(UnitName::Inbox).await?;
            mentor = self.mentor_among(&pair).await?;
        }
        // Neither is: the rule says so, as the directory has it.
        let mentor = mentor.unwrap_or_else(|| other.clone());
        let student = if mentor == *other { caller.user_id.clone() } else { other.clone() };
        let room_id = RoomId::mentor_session(&mentor, &student);
        let command = RoomCommand::OpenMentorSession(OpenMentorSession {
            room_id,
            opened_by: caller.user_id.clone(),
            mentor,
            student,
            is_mentor: false,
            student_exists: false,
            blocked: false,
            at: self.clock.now(),
        });
        let id = caller.wish_id("start-session");
        Ok(opened(self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?, room_id))
    }

    /// A new room each time; a repeat finds the same one.
    pub async fn open_support(&self, caller: &Caller, subject: Option<Sealed>) -> Result<Opened, Failure> {
        let room_id = RoomId(Uuid::new_v4());
        let opened_by = caller.user_id.clone();
        let command = RoomCommand::OpenSupport(OpenSupport { room_id, opened_by, subject, at: self.clock.now() });
        let id = caller.wish_id("start-support");
        Ok(opened(self.execute(caller, id, StreamId::room(room_id), Command::Room(command)).await?, room_id))
    }

    /// The last of them whom the directory calls a MENTOR.
    async fn mentor_among(&self, pair: &[UserId; 2]) -> Result<Option<UserId>, Failure> {
        let known = self.views.inbox().users(pair).await?;
        let is_mentor = |user: &&UserId| {
            known.iter().any(|row| row.id == **user && row.person.role.as_deref() == Some(UserRole::Mentor.name()))
        };
        Ok(pair.iter().rev().find(is_mentor).cloned())
    }
}
