//! What may be asked of a subscription.

use super::events::{Topic, TopicKind};
use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::{UserId, UserPair};
use crate::policy::channels::{Channel, Channels};
use crate::relationship::RelationshipEvent;
use crate::user::UserEvent;

#[derive(Debug, Clone, PartialEq)]
pub enum SubscriptionCommand {
    /// Somebody asks for it.
    Subscribe(Subscribe),
    /// It comes with something else: they joined a group, bought a course, wrote a post.
    Join(Join),
    /// Somebody asks to hear of it no more.
    Unsubscribe(End),
    /// What it came with is over.
    Leave(End),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Subscribe {
    pub user_id: UserId,
    pub topic: Topic,
    pub wishes: ChannelWishes,
    /// Fact, asked where the topic is a person: the directory knows them.
    pub target_exists: bool,
    /// Fact: how often somebody of this id was erased. What they asked for is over.
    pub erased_before: u32,
    pub at: Timestamp,
}

/// As [`Subscribe`], with the channels of whoever chose nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    pub user_id: UserId,
    pub topic: Topic,
    pub target_exists: bool,
    pub erased_before: u32,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct End {
    pub user_id: UserId,
    pub topic: Topic,
    /// As in [`Subscribe`].
    pub erased_before: u32,
    pub at: Timestamp,
}

/// Which channels somebody wants or does not want; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelWishes {
    pub in_app: Option<bool>,
    pub push: Option<bool>,
    pub email: Option<bool>,
    pub whatsapp: Option<bool>,
}

impl ChannelWishes {
    #[must_use]
    pub fn over(&self, known: Channels) -> Channels {
        Channel::ALL.into_iter().fold(known, |channels, channel| match self.of(channel) {
            Some(wanted) => channels.with(channel, wanted),
            None => channels,
        })
    }

    const fn of(&self, channel: Channel) -> Option<bool> {
        match channel {
            Channel::InApp => self.in_app,
            Channel::Push => self.push,
            Channel::Email => self.email,
            Channel::WhatsApp => self.whatsapp,
        }
    }
}

impl SubscriptionCommand {
    const fn about(&self) -> (&UserId, &Topic) {
        match self {
            Self::Subscribe(command) => (&command.user_id, &command.topic),
            Self::Join(command) => (&command.user_id, &command.topic),
            Self::Unsubscribe(command) | Self::Leave(command) => (&command.user_id, &command.topic),
        }
    }

    pub(crate) fn needs(&self) -> Vec<Need> {
        let (user_id, topic) = self.about();
        let mut needs = vec![Need { stream: StreamId::user(user_id), kinds: UserEvent::ERASURES }];
        match self {
            // Whoever ends one does not ask whether there is anybody left.
            Self::Subscribe(_) | Self::Join(_) if topic.kind == TopicKind::User => {
                let stream = StreamId::new(crate::AggregateKind::User, topic.target_id.as_str());
                needs.push(Need { stream, kinds: UserEvent::EXISTENCE });
                if let Ok(target) = UserId::parse(topic.target_id.as_str()) {
                    let stream = StreamId::relationship(&UserPair::new(user_id, &target));
                    needs.push(Need { stream, kinds: RelationshipEvent::BLOCKS });
                }
            }
            Self::Subscribe(_) | Self::Join(_) | Self::Unsubscribe(_) | Self::Leave(_) => {}
        }
        needs
    }

    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        if let State::Relationship(relationship) = facts {
            return self.learn_block(relationship.is_blocked());
        }
        let State::User(user) = facts else { return };
        let (user_id, topic) = self.about();
        let (is_theirs, is_target) = (*stream.id == *user_id.as_str(), *stream.id == *topic.target_id.as_str());
        let (erased_before, target_exists) = match self {
            Self::Subscribe(command) => (&mut command.erased_before, Some(&mut command.target_exists)),
            Self::Join(command) => (&mut command.erased_before, Some(&mut command.target_exists)),
            Self::Unsubscribe(command) | Self::Leave(command) => (&mut command.erased_before, None),
        };
        if is_theirs {
            *erased_before = user.erasures();
        }
        if let Some(target_exists) = target_exists.filter(|_| is_target) {
            *target_exists = user.exists();
        }
    }

    /// Whoever has to do with a block is not there, as everywhere. Asked for after the target itself.
    fn learn_block(&mut self, is_blocked: bool) {
        match self {
            Self::Subscribe(command) => command.target_exists &= !is_blocked,
            Self::Join(command) => command.target_exists &= !is_blocked,
            Self::Unsubscribe(_) | Self::Leave(_) => {}
        }
    }
}
