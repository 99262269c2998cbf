//! All aggregates behind one face, so that one door can decide for every stream.
//!
//! Enums, not trait objects: adding an aggregate breaks the build in exactly the places that must answer it.

use crate::catalogue::{AggregateKind, DomainEvent, StreamId};
use crate::feed::{Feed, FeedCommand, FeedError};
use crate::notification::{Notification, NotificationCommand, NotificationError};
use crate::participant::{Participant, ParticipantCommand, ParticipantError};
use crate::preferences::{Preferences, PreferencesCommand, PreferencesError};
use crate::relationship::{Relationship, RelationshipCommand, RelationshipError};
use crate::report::{Report, ReportCommand, ReportError};
use crate::room::{Room, RoomCommand, RoomError};
use crate::subscription::{Subscription, SubscriptionCommand, SubscriptionError};
use crate::user::{User, UserCommand, UserError};

/// A wish, addressed to one stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Room(RoomCommand),
    Participant(ParticipantCommand),
    Relationship(RelationshipCommand),
    Notification(NotificationCommand),
    Feed(FeedCommand),
    User(UserCommand),
    Report(ReportCommand),
    Preferences(PreferencesCommand),
    Subscription(SubscriptionCommand),
}

/// What a stream must remember in order to decide.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    Room(Room),
    Participant(Participant),
    Relationship(Relationship),
    Notification(Notification),
    Feed(Feed),
    User(User),
    Report(Report),
    Preferences(Preferences),
    Subscription(Subscription),
}

/// A rule said no. Safe to show to whoever asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Room(#[from] RoomError),
    #[error(transparent)]
    Participant(#[from] ParticipantError),
    #[error(transparent)]
    Relationship(#[from] RelationshipError),
    #[error(transparent)]
    Notification(#[from] NotificationError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Preferences(#[from] PreferencesError),
    #[error(transparent)]
    Subscription(#[from] SubscriptionError),
}

/// Another stream whose facts a decision rests on.
///
/// The decision stays true until an event of one of `kinds` (stored names) is written there: a busy room never stops
/// its readers, a block does. That holds for a *no* as well as for a *yes*, so `kinds` names what could overturn either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub stream: StreamId,
    pub kinds: &'static [&'static str],
}

impl Command {
    pub const fn kind(&self) -> AggregateKind {
        match self {
            Self::Room(_) => AggregateKind::Room,
            Self::Participant(_) => AggregateKind::Participant,
            Self::Relationship(_) => AggregateKind::Relationship,
            Self::Notification(_) => AggregateKind::Notification,
            Self::Feed(_) => AggregateKind::Feed,
            Self::User(_) => AggregateKind::User,
            Self::Report(_) => AggregateKind::Report,
            Self::Preferences(_) => AggregateKind::Preferences,
            Self::Subscription(_) => AggregateKind::Subscription,
        }
    }

    /// Takes the facts of a stream that was asked for by [`State::needs`]. Asked anew before every decision.
    pub fn learn(&mut self, stream: &StreamId, facts: &State) {
        match self {
            Self::Room(command) => command.learn(stream, facts),
            Self::Participant(command) => command.learn(stream, facts),
            Self::Relationship(command) => command.learn(stream, facts),
            Self::Notification(command) => command.learn(stream, facts),
            Self::Report(command) => command.learn(stream, facts),
            Self::Preferences(command) => command.learn(stream, facts),
            Self::Subscription(command) => command.learn(stream, facts),
            Self::Feed(_) | Self::User(_) => {}
        }
    }
}

impl State {
    /// The state of a stream in which nothing has happened.
    pub fn empty(kind: AggregateKind) -> Self {
        match kind {
            AggregateKind::Room => Self::Room(Room::default()),
            AggregateKind::Participant => Self::Participant(Participant::default()),
            AggregateKind::Relationship => Self::Relationship(Relationship::default()),
            AggregateKind::Notification => Self::Notification(Notification::default()),
            AggregateKind::Feed => Self::Feed(Feed::default()),
            AggregateKind::User => Self::User(User::default()),
            AggregateKind::Report => Self::Report(Report::default()),
            AggregateKind::Preferences => Self::Preferences(Preferences::default()),
            AggregateKind::Subscription => Self::Subscription(Subscription::default()),
        }
    }

    /// Which other streams the decision rests on. Depends on the state: only a DIRECT room asks about blocks.
    pub fn needs(&self, command: &Command) -> Vec<Need> {
        match command {
            Command::Room(command) => match self {
                Self::Room(room) => room.needs(command),
                Self::Participant(_)
                | Self::Relationship(_)
                | Self::Notification(_)
                | Self::Feed(_)
                | Self::User(_)
                | Self::Report(_)
                | Self::Preferences(_)
                | Self::Subscription(_) => Vec::new(),
            },
            Command::Participant(command) => command.needs(),
            Command::Relationship(command) => command.needs(),
            Command::Notification(command) => command.needs(),
            Command::Report(command) => command.needs(),
            Command::Preferences(command) => command.needs(),
            Command::Subscription(command) => command.needs(),
            Command::Feed(_) | Command::User(_) => Vec::new(),
        }
    }

    /// # Panics
    /// When a command is addressed to a stream of another kind, which the constructors of the command layer rule out.
    pub fn decide(&self, command: &Command) -> Result<Vec<DomainEvent>, Refusal> {
        fn events<E>(events: Vec<E>, wrap: fn(E) -> DomainEvent) -> Vec<DomainEvent> {
            events.into_iter().map(wrap).collect()
        }
        // By state first, each with its own command: a new aggregate does not compile until it is answered here.
        match self {
            Self::Room(state) => {
                let Command::Room(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Room))
            }
            Self::Participant(state) => {
                let Command::Participant(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Participant))
            }
            Self::Relationship(state) => {
                let Command::Relationship(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Relationship))
            }
            Self::Notification(state) => {
                let Command::Notification(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Notification))
            }
            Self::Feed(state) => {
                let Command::Feed(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Feed))
            }
            Self::User(state) => {
                let Command::User(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::User))
            }
            Self::Report(state) => {
                let Command::Report(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Report))
            }
            Self::Preferences(state) => {
                let Command::Preferences(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Preferences))
            }
            Self::Subscription(state) => {
                let Command::Subscription(command) = command else { misaddressed(self, command) };
                Ok(events(state.decide(command)?, DomainEvent::Subscription))
            }
        }
    }

    /// Takes an event as true. Events of other kinds do not concern this stream.
    pub fn evolve(&mut self, event: &DomainEvent) {
        match event {
            DomainEvent::Room(event) => {
                if let Self::Room(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Participant(event) => {
                if let Self::Participant(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Relationship(event) => {
                if let Self::Relationship(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Notification(event) => {
                if let Self::Notification(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Feed(event) => {
                if let Self::Feed(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::User(event) => {
                if let Self::User(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Report(event) => {
                if let Self::Report(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Preferences(event) => {
                if let Self::Preferences(state) = self {
                    state.evolve(event);
                }
            }
            DomainEvent::Subscription(event) => {
                if let Self::Subscription(state) = self {
                    state.evolve(event);
                }
            }
        }
    }

    pub const fn kind(&self) -> AggregateKind {
        match self {
            Self::Room(_) => AggregateKind::Room,
            Self::Participant(_) => AggregateKind::Participant,
            Self::Relationship(_) => AggregateKind::Relationship,
            Self::Notification(_) => AggregateKind::Notification,
            Self::Feed(_) => AggregateKind::Feed,
            Self::User(_) => AggregateKind::User,
            Self::Report(_) => AggregateKind::Report,
            Self::Preferences(_) => AggregateKind::Preferences,
            Self::Subscription(_) => AggregateKind::Subscription,
        }
    }
}

#[cold]
fn misaddressed(state: &State, command: &Command) -> ! {
    unreachable!("{:?} was addressed to a stream of kind {:?}", command.kind(), state.kind())
}

/// Implements cqrs-es's traits by way of the pure `decide` and `evolve`: the only code that knows their shape.
macro_rules! cqrs_aggregate {
    ($state:ty, $kind:expr, $command:ty, $event:ty, $error:ty) => {
        impl cqrs_es::Aggregate for $state {
            const TYPE: &'static str = $kind.name();
            type Command = $command;
            type Event = $event;
            type Error = $error;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &(),
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in self.decide(&command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.evolve(&event);
            }
        }

        impl cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                self.schema().name().to_owned()
            }

            fn event_version(&self) -> String {
                self.schema().version().to_owned()
            }
        }
    };
}
pub(crate) use cqrs_aggregate;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{ana, blocked_by, registered, state_after};

    #[test]
    fn an_event_of_another_kind_of_stream_changes_nothing() {
        for kind in AggregateKind::ALL.into_iter().filter(|kind| *kind != AggregateKind::User) {
            assert_eq!(state_after(kind, [registered(&ana())]), State::empty(kind), "{kind:?}");
        }
        let user = state_after(AggregateKind::User, [blocked_by(&ana(), &ana())]);
        assert_eq!(user, State::empty(AggregateKind::User));
    }

    #[test]
    fn an_empty_stream_is_of_its_kind() {
        for kind in AggregateKind::ALL {
            assert_eq!(State::empty(kind).kind(), kind);
        }
    }
}
