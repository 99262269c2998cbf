//! Choosing what to hear of: preferences and subscriptions.

use aggregates::ids::UserId;
use aggregates::policy::channels::Channels;
use aggregates::policy::settings::Settings;
use aggregates::preferences::{ChangePreferences, PreferencesCommand, PreferencesEvent, SettingsPatch};
use aggregates::subscription::{ChannelWishes, End, Subscribe, SubscriptionCommand, SubscriptionEvent, Topic};
use aggregates::{Command, DomainEvent, State, StreamId};
use event_log::{EventLogError, Position, loading};

use super::{Caller, Commands, Done, Failure};

/// What a choice came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<T> {
    /// `None`: it was so already, or it is a repeat, and how it is now has to be asked.
    pub now: Option<T>,
    pub position: Position,
}

/// The channels somebody takes of a topic, and whether that came by itself.
pub type Taken = (Channels, bool);

impl Commands {
    pub async fn change_preferences(&self, caller: &Caller, patch: SettingsPatch) -> Result<Chosen<Settings>, Failure> {
        let user_id = caller.user_id.clone();
        let stream = StreamId::preferences(&user_id);
        let change = ChangePreferences { user_id, patch, erased_before: 0, at: self.clock.now() };
        let command = Command::Preferences(PreferencesCommand::Change(change));
        let done = self.execute(caller, caller.wish_id("preferences"), stream, command).await?;
        let now = if done.new { settled(&done) } else { None };
        Ok(Chosen { now, position: done.position })
    }

    /// The topic that is answered about is that of the first time, where the key was used before: bodies are not compared.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        topic: &Topic,
        wishes: ChannelWishes,
    ) -> Result<(Topic, Chosen<Taken>), Failure> {
        let (user_id, erased_before, at) = (caller.user_id.clone(), 0, self.clock.now());
        let wish = Subscribe { user_id, topic: topic.clone(), wishes, target_exists: false, erased_before, at };
        let stream = StreamId::subscription(&caller.user_id, topic);
        let command = Command::Subscription(SubscriptionCommand::Subscribe(wish));
        let done = self.execute(caller, caller.wish_id("subscribe"), stream, command).await?;
        let (topic, taken) = match taken(&done) {
            Some((topic, taken)) => (topic, Some(taken)),
            None => (topic.clone(), None),
        };
        Ok((topic, Chosen { now: taken.filter(|_| done.new), position: done.position }))
    }

    pub async fn unsubscribe(&self, caller: &Caller, topic: &Topic) -> Result<Position, Failure> {
        let (user_id, erased_before, at) = (caller.user_id.clone(), 0, self.clock.now());
        let stream = StreamId::subscription(&user_id, topic);
        let wish = SubscriptionCommand::Unsubscribe(End { user_id, topic: topic.clone(), erased_before, at });
        let id = caller.wish_id(&format!("unsubscribe:{topic}"));
        Ok(self.execute(caller, id, stream, Command::Subscription(wish)).await?.position)
    }

    /// From the log itself: for answers that cannot wait for the view.
    pub async fn settings_now(&self, user: &UserId) -> Result<Settings, Failure> {
        let State::Preferences(preferences) = self.state_now(&StreamId::preferences(user)).await? else {
            return Ok(Settings::default()); // A stream's state is of its kind.
        };
        Ok(preferences.settings_of(self.erasures(user).await?).into_owned())
    }

    /// The same of a subscription; `None` when there is none.
    pub async fn subscription_now(&self, user: &UserId, topic: &Topic) -> Result<Option<Taken>, Failure> {
        let State::Subscription(subscription) = self.state_now(&StreamId::subscription(user, topic)).await? else {
            return Ok(None);
        };
        Ok(subscription.current(self.erasures(user).await?))
    }

    async fn erasures(&self, user: &UserId) -> Result<u32, EventLogError> {
        match self.state_now(&StreamId::user(user)).await? {
            State::User(user) => Ok(user.erasures()),
            State::Room(_)
            | State::Participant(_)
            | State::Relationship(_)
            | State::Notification(_)
            | State::Feed(_)
            | State::Report(_)
            | State::Preferences(_)
            | State::Subscription(_) => Ok(0),
        }
    }

    async fn state_now(&self, stream: &StreamId) -> Result<State, EventLogError> {
        Ok(loading::load(&*self.log, stream, None).await?.state)
    }
}

fn settled(done: &Done) -> Option<Settings> {
    done.events.iter().find_map(|event| match event {
        DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(event)) => Some(event.settings.clone()),
        DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::User(_)
        | DomainEvent::Report(_)
        | DomainEvent::Subscription(_) => None,
    })
}

/// What was subscribed to, and how.
fn taken(done: &Done) -> Option<(Topic, Taken)> {
    done.events.iter().find_map(|event| match event {
        DomainEvent::Subscription(SubscriptionEvent::Subscribed(event)) => {
            Some((event.topic.clone(), (event.channels, event.auto)))
        }
        DomainEvent::Subscription(SubscriptionEvent::Unsubscribed(_))
        | DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::User(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_) => None,
    })
}
