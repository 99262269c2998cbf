//! The rules of a subscription: who says no by themselves is subscribed by nothing else but by saying yes again.

use super::DEFAULT_CHANNELS;
use super::commands::{End, Join, Subscribe, SubscriptionCommand};
use super::error::SubscriptionError;
use super::events::{Subscribed, SubscriptionEvent, Topic, TopicKind, Unsubscribed, Why};
use super::state::{Standing, Subscription};
use crate::ids::UserId;

impl Subscription {
    pub fn decide(&self, command: &SubscriptionCommand) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
        match command {
            SubscriptionCommand::Subscribe(command) => self.subscribe(command),
            SubscriptionCommand::Join(command) => self.join(command),
            SubscriptionCommand::Unsubscribe(command) => Ok(self.unsubscribe(command)),
            SubscriptionCommand::Leave(command) => Ok(self.leave(command)),
        }
    }

    fn subscribe(&self, command: &Subscribe) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
        require_target(&command.user_id, &command.topic, command.target_exists)?;
        let standing = self.standing_of(command.erased_before);
        let known = match standing {
            Standing::Subscribed { channels, .. } => channels,
            Standing::Never | Standing::Left | Standing::Declined => DEFAULT_CHANNELS,
        };
        let channels = command.wishes.over(known);
        if standing == (Standing::Subscribed { channels, auto: false }) {
            return Ok(vec![]);
        }
        Ok(vec![SubscriptionEvent::Subscribed(Subscribed {
            user_id: command.user_id.clone(),
            topic: command.topic.clone(),
            channels,
            auto: false,
            erased_before: command.erased_before,
            at: command.at,
        })])
    }

    fn join(&self, command: &Join) -> Result<Vec<SubscriptionEvent>, SubscriptionError> {
        require_target(&command.user_id, &command.topic, command.target_exists)?;
        match self.standing_of(command.erased_before) {
            Standing::Subscribed { .. } | Standing::Declined => Ok(vec![]),
            Standing::Never | Standing::Left => Ok(vec![SubscriptionEvent::Subscribed(Subscribed {
                user_id: command.user_id.clone(),
                topic: command.topic.clone(),
                channels: DEFAULT_CHANNELS,
                auto: true,
                erased_before: command.erased_before,
                at: command.at,
            })]),
        }
    }

    /// Also of whoever is not subscribed: they say beforehand that they do not want it.
    fn unsubscribe(&self, command: &End) -> Vec<SubscriptionEvent> {
        match self.standing_of(command.erased_before) {
            Standing::Declined => vec![],
            Standing::Never | Standing::Left | Standing::Subscribed { .. } => vec![ended(command, Why::Asked)],
        }
    }

    fn leave(&self, command: &End) -> Vec<SubscriptionEvent> {
        match self.standing_of(command.erased_before) {
            Standing::Subscribed { .. } => vec![ended(command, Why::Left)],
            Standing::Never | Standing::Left | Standing::Declined => vec![],
        }
    }
}

fn require_target(user_id: &UserId, topic: &Topic, target_exists: bool) -> Result<(), SubscriptionError> {
    if topic.kind != TopicKind::User {
        return Ok(()); // Groups, courses, events and posts are the platform's: Kabar keeps no list of them.
    }
    if topic.target_id.as_str() == user_id.as_str() {
        return Err(SubscriptionError::ToOneself);
    }
    if target_exists { Ok(()) } else { Err(SubscriptionError::UnknownUser) }
}

fn ended(command: &End, why: Why) -> SubscriptionEvent {
    SubscriptionEvent::Unsubscribed(Unsubscribed {
        user_id: command.user_id.clone(),
        topic: command.topic.clone(),
        why,
        erased_before: command.erased_before,
        at: command.at,
    })
}
