//! Preferences and subscriptions: what may be wished, what naive reading makes of what happened, and what views must show.
//!
//! Apart from the other facts, because nothing else rests on them yet. Shares no code with the rules.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::ids::{TargetId, UserId};
use aggregates::notification::NotificationType;
use aggregates::policy::channels::Channel;
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::preferences::{ChangePreferences, PreferencesCommand, PreferencesEvent, SettingsPatch};
use aggregates::subscription::{
    ChannelWishes, End, Join, Subscribe, SubscriptionCommand, SubscriptionEvent, Topic, TopicKind, Why,
};
use aggregates::{Command, StreamId};
use projections::Views;
use projections::feed::TopicFilter;
use rand::Rng;
use rand::rngs::StdRng;

use super::facts::Expected;
use super::wishes::{noon, one, people, two};

fn topics() -> Vec<Topic> {
    let topic = |(kind, id): (TopicKind, &str)| Topic { kind, target_id: TargetId::parse(id).expect("an id") };
    [(TopicKind::Course, "c-1"), (TopicKind::Group, "g-1"), (TopicKind::User, "ana"), (TopicKind::User, "ben")]
        .map(topic)
        .to_vec()
}

/// Something that somebody chooses.
pub fn any(random: &mut StdRng) -> (StreamId, Command) {
    let (user_id, at) = (two(random).0, noon());
    if random.random_bool(0.3) {
        let stream = StreamId::preferences(&user_id);
        let switch = (one(&TypeGroup::ALL[..2], random), random.random_bool(0.5));
        let cell = [(Channel::Push, random.random_bool(0.7).then_some(false))].into();
        let patch = SettingsPatch {
            groups: [switch].into(),
            matrix: [(NotificationType::Post, cell)].into(),
            ..SettingsPatch::default()
        };
        let change = ChangePreferences { user_id, patch, erased_before: 0, at };
        return (stream, Command::Preferences(PreferencesCommand::Change(change)));
    }
    let topic = one(&topics(), random);
    let stream = StreamId::subscription(&user_id, &topic);
    let end = End { user_id: user_id.clone(), topic: topic.clone(), erased_before: 0, at };
    let command = match random.random_range(0..8) {
        0..=2 => {
            let wishes = ChannelWishes { push: one(&[None, Some(true), Some(false)], random), ..Default::default() };
            let (target_exists, erased_before) = (false, 0);
            SubscriptionCommand::Subscribe(Subscribe { user_id, topic, wishes, target_exists, erased_before, at })
        }
        3 | 4 => SubscriptionCommand::Join(Join { user_id, topic, target_exists: false, erased_before: 0, at }),
        5 | 6 => SubscriptionCommand::Unsubscribe(end),
        _ => SubscriptionCommand::Leave(end),
    };
    (stream, Command::Subscription(command))
}

/// How somebody stands to a topic.
#[derive(Debug, Clone, Default, PartialEq)]
struct Standing {
    /// The channels taken, and whether that came by itself.
    taken: Option<(BTreeSet<Channel>, bool)>,
    declined: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Choices {
    settings: BTreeMap<UserId, Settings>,
    standings: BTreeMap<(UserId, Topic), Standing>,
}

impl Choices {
    pub fn settled(&mut self, event: &PreferencesEvent) {
        let PreferencesEvent::PreferencesChanged(event) = event;
        self.settings.insert(event.user_id.clone(), event.settings.clone());
    }

    pub fn turned(&mut self, event: &SubscriptionEvent) {
        let (key, standing) = match event {
            SubscriptionEvent::Subscribed(event) => {
                let taken = Some((event.channels.iter().collect(), event.auto));
                ((event.user_id.clone(), event.topic.clone()), Standing { taken, declined: false })
            }
            SubscriptionEvent::Unsubscribed(event) => {
                let declined = event.why == Why::Asked;
                ((event.user_id.clone(), event.topic.clone()), Standing { taken: None, declined })
            }
        };
        self.standings.insert(key, standing);
    }

    /// `is_there`: for the first, that is, the second can be met: known, and no block between the two.
    pub fn expect(&self, command: &SubscriptionCommand, is_there: &dyn Fn(&UserId, &str) -> bool) -> Expected {
        let standing = |user: &UserId, topic: &Topic| {
            self.standings.get(&(user.clone(), topic.clone())).cloned().unwrap_or_default()
        };
        let refused = |user: &UserId, topic: &Topic| {
            let target = topic.target_id.as_str();
            topic.kind == TopicKind::User && (user.as_str() == target || !is_there(user, target))
        };
        let told = |tells: bool| if tells { Expected::Events } else { Expected::Nothing };
        match command {
            SubscriptionCommand::Subscribe(command) if refused(&command.user_id, &command.topic) => Expected::Refusal,
            SubscriptionCommand::Join(command) if refused(&command.user_id, &command.topic) => Expected::Refusal,
            SubscriptionCommand::Subscribe(command) => {
                let taken = standing(&command.user_id, &command.topic).taken;
                let has_push = taken.as_ref().is_none_or(|(channels, _)| channels.contains(&Channel::Push));
                let as_wished = command.wishes.push.is_none_or(|push| push == has_push);
                told(!(as_wished && taken.is_some_and(|(_, auto)| !auto)))
            }
            SubscriptionCommand::Join(command) => {
                let standing = standing(&command.user_id, &command.topic);
                told(standing.taken.is_none() && !standing.declined)
            }
            SubscriptionCommand::Unsubscribe(command) => told(!standing(&command.user_id, &command.topic).declined),
            SubscriptionCommand::Leave(command) => told(standing(&command.user_id, &command.topic).taken.is_some()),
        }
    }

    /// What the views say of everybody.
    pub async fn compare(&self, views: &Views) {
        let feed = views.feed();
        for user in people() {
            let settings = self.settings.get(&user).cloned().unwrap_or_default();
            assert_eq!(feed.settings(&user).await.expect("answered"), settings, "what {user} chose");
            let shown = feed.subscriptions(&user, &TopicFilter::default(), None, 1_000).await.expect("answered");
            let shown: Vec<_> =
                shown.into_iter().map(|row| (row.topic, row.channels.iter().collect(), row.auto)).collect();
            let theirs = self.standings.iter().filter(|((who, _), _)| *who == user);
            let counted: Vec<(Topic, BTreeSet<Channel>, bool)> = theirs
                .filter_map(|((_, topic), standing)| {
                    let (channels, auto) = standing.taken.clone()?;
                    Some((topic.clone(), channels, auto))
                })
                .collect();
            assert_eq!(shown, counted, "what {user} is subscribed to");
        }
        for topic in topics() {
            let shown = feed.subscribers(&topic, None, 1_000).await.expect("answered");
            let shown: Vec<UserId> = shown.into_iter().map(|row| row.user_id).collect();
            let of = self.standings.iter().filter(|((_, to), standing)| *to == topic && standing.taken.is_some());
            assert_eq!(shown, of.map(|((who, _), _)| who.clone()).collect::<Vec<_>>(), "who takes {topic}");
        }
    }
}
