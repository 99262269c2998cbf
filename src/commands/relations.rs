//! Following and blocking.

use aggregates::ids::{UserId, UserPair};
use aggregates::relationship::{Relate, RelationshipCommand, RelationshipEvent};
use aggregates::{Command, DomainEvent, StreamId};
use event_log::Position;
use projections::UnitName;

use super::{Caller, Commands, Done, Failure};

/// Which way a follow is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggle {
    On,
    Off,
    /// Whatever it is not now; kept for the old client.
    Other,
}

/// How it stands between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    pub following: bool,
    pub position: Position,
}

impl Commands {
    /// `DELETE`: a route of its own, with keys of its own.
    pub async fn unfollow(&self, caller: &Caller, to: &UserId) -> Result<Followed, Failure> {
        let done = self.relate(caller, &format!("unfollow:{to}"), to, RelationshipCommand::Unfollow).await?;
        Ok(Followed { following: standing(&done).unwrap_or(false), position: done.position })
    }

    /// A toggle is resolved before it is recorded, so that a repeat under a key does not undo itself.
    pub async fn follow(&self, caller: &Caller, to: &UserId, toggle: Toggle) -> Result<Followed, Failure> {
        let on = match toggle {
            Toggle::On => true,
            Toggle::Off => false,
            Toggle::Other => {
                self.caught_up(UnitName::Inbox).await?;
                !self.views.inbox().follows(&caller.user_id, to).await?
            }
        };
        let wish = if on { RelationshipCommand::Follow } else { RelationshipCommand::Unfollow };
        let done = self.relate(caller, &format!("follow:{to}"), to, wish).await?;
        Ok(Followed { following: standing(&done).unwrap_or(on), position: done.position })
    }

    pub async fn block(&self, caller: &Caller, to: &UserId, on: bool) -> Result<Position, Failure> {
        let wish = if on { RelationshipCommand::Block } else { RelationshipCommand::Unblock };
        let route = if on { "block" } else { "unblock" };
        Ok(self.relate(caller, &format!("{route}:{to}"), to, wish).await?.position)
    }

    async fn relate(
        &self,
        caller: &Caller,
        route: &str,
        to: &UserId,
        wish: fn(Relate) -> RelationshipCommand,
    ) -> Result<Done, Failure> {
        let from = caller.user_id.clone();
        let stream = StreamId::relationship(&UserPair::new(&from, to));
        let relate = Relate { from, to: to.clone(), to_exists: false, at: self.clock.now() };
        self.execute(caller, caller.wish_id(route), stream, Command::Relationship(wish(relate))).await
    }
}

/// What the events say, which for a repeat is what was said first.
fn standing(done: &Done) -> Option<bool> {
    done.events.iter().find_map(|event| match event {
        DomainEvent::Relationship(RelationshipEvent::UserFollowed(_)) => Some(true),
        DomainEvent::Relationship(RelationshipEvent::UserUnfollowed(_)) => Some(false),
        DomainEvent::Relationship(RelationshipEvent::UserBlocked(_) | RelationshipEvent::UserUnblocked(_))
        | DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::User(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => None,
    })
}
