//! Preferences and subscriptions as the log tells them.

use aggregates::DomainEvent;
use aggregates::ids::UserId;
use aggregates::policy::channels::Channel;
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::preferences::PreferencesEvent;
use aggregates::subscription::{SubscriptionEvent, Topic};
use event_log::Position;
use projections::Views;
use projections::feed::{SubscriptionRow, TopicFilter};

use super::{Act, Naive, PEOPLE, same};
use crate::read_models::events::{chose, course, subscribed, unsubscribed};
use crate::read_models::world::user;

/// More than there ever are.
const ALL: usize = 1_000;
const COURSES: [&str; 3] = ["c-1", "c-2", "c-3"];

impl Naive {
    pub(super) fn take_preferences(&mut self, event: &PreferencesEvent) {
        let PreferencesEvent::PreferencesChanged(event) = event;
        self.settings.insert(event.user_id.clone(), event.settings.clone());
    }

    pub(super) fn take_subscription(&mut self, event: &SubscriptionEvent, position: Position) {
        let (user_id, topic) = match event {
            SubscriptionEvent::Subscribed(event) => (&event.user_id, &event.topic),
            SubscriptionEvent::Unsubscribed(event) => (&event.user_id, &event.topic),
        };
        let open = |row: &&mut SubscriptionRow| row.user_id == *user_id && row.topic == *topic && row.to.is_none();
        self.stretches.iter_mut().filter(open).for_each(|row| row.to = Some(position));
        if let SubscriptionEvent::Subscribed(event) = event {
            self.stretches.push(SubscriptionRow {
                user_id: event.user_id.clone(),
                topic: event.topic.clone(),
                channels: event.channels,
                auto: event.auto,
                from: position,
                to: None,
            });
        }
    }

    pub(super) fn forget_choices_of(&mut self, user: &UserId) {
        self.settings.remove(user);
        self.stretches.retain(|row| row.user_id != *user);
    }

    /// What the rules would let somebody choose: never what they have chosen already.
    pub(super) fn chose(&self, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let topic = course(COURSES[usize::from(act.number) % COURSES.len()]);
        let channels: Vec<Channel> =
            Channel::ALL.into_iter().filter(|channel| act.number & (1 << (*channel as u8)) != 0).collect();
        match act.what {
            32 | 33 => {
                let group = TypeGroup::ALL[usize::from(act.number) % TypeGroup::ALL.len()];
                let settings = Settings { off: [group].into(), ..Settings::default() };
                let known = self.settings.get(&user(act.who));
                if known == Some(&settings) { vec![] } else { vec![chose(nth, act.who, settings)] }
            }
            34..=37 => {
                let event = subscribed(nth, act.who, topic.clone(), &channels, act.number > 128);
                let DomainEvent::Subscription(SubscriptionEvent::Subscribed(new)) = &event else { unreachable!() };
                let known = self.open(&user(act.who), &topic);
                let is_so = known.is_some_and(|row| row.channels == new.channels && row.auto == new.auto);
                if is_so { vec![] } else { vec![event] }
            }
            // Also of whoever is not subscribed: they say no beforehand.
            _ => vec![unsubscribed(nth, act.who, topic)],
        }
    }

    fn open(&self, who: &UserId, topic: &Topic) -> Option<&SubscriptionRow> {
        self.stretches.iter().find(|row| row.user_id == *who && row.topic == *topic && row.to.is_none())
    }

    pub(super) async fn compare_choices(&self, views: &Views) -> Result<(), String> {
        let feed = views.feed();
        for who in PEOPLE.map(user) {
            let settings = self.settings.get(&who).cloned().unwrap_or_default();
            same("settings", feed.settings(&who).await.expect("answered"), settings)?;
            let open = COURSES.map(|id| self.open(&who, &course(id)).cloned());
            let open: Vec<SubscriptionRow> = open.into_iter().flatten().collect();
            let any = TopicFilter::default();
            let listed = feed.subscriptions(&who, &any, None, ALL).await.expect("answered");
            same("subscriptions", listed, open.clone())?;
            let mut paged: Vec<SubscriptionRow> = Vec::new();
            loop {
                let after = paged.last().map(|row| row.topic.clone());
                let page = feed.subscriptions(&who, &any, after.as_ref(), 1).await.expect("answered");
                if page.is_empty() {
                    break;
                }
                paged.extend(page);
            }
            same("subscriptions, one by one", paged, open)?;
        }
        for topic in COURSES.map(course) {
            let of = PEOPLE.map(|name| self.open(&user(name), &topic).cloned()).into_iter().flatten().collect();
            same("subscribers", feed.subscribers(&topic, None, ALL).await.expect("answered"), of)?;
        }
        // At the edges of every stretch.
        for row in &self.stretches {
            let ends = row.to.into_iter().flat_map(|to| [Position(to.0 - 1), to]);
            for at in [Position(row.from.0 - 1), row.from].into_iter().chain(ends) {
                let is_there = |other: &&SubscriptionRow| {
                    let is_of = other.user_id == row.user_id && other.topic == row.topic;
                    is_of && other.from <= at && other.to.is_none_or(|to| at < to)
                };
                let counted = self.stretches.iter().find(is_there).cloned();
                let shown = feed.subscription_at(&row.user_id, &row.topic, at).await.expect("answered");
                same("a subscription in its time", shown, counted)?;
            }
        }
        Ok(())
    }
}
