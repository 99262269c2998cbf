//! Which way a notification goes to somebody, and when (requirements R10 and R12): one decision a channel.
//!
//! Pure, so that the door decides by it, a held delivery is checked again by it, and what-if asks it under other rules.

use serde::{Deserialize, Serialize};

use super::channels::{Channel, Channels};
use super::quiet_hours::{DEFAULT_TIME_ZONE, zone};
use super::settings::{Settings, Switch};
use crate::Timestamp;
use crate::notification::NotificationType;

/// What is known of a recipient and of what they would hear.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    pub kind: NotificationType,
    /// What the trigger allows, or whoever sends asked for.
    pub allowed: Channels,
    /// Only of SYSTEM: does not wait for the end of quiet hours. Switches hold for it as for all.
    pub critical: bool,
    pub settings: &'a Settings,
    /// What the directory says; the settings win over it.
    pub directory_time_zone: Option<&'a str>,
    /// What they take of the topic, when the audience is one; `None` within: they are not subscribed.
    pub topic: Option<Option<Channels>>,
    /// The room that it is from is muted, or one of the two has blocked the other.
    pub silenced: Option<Silence>,
    /// The room is before their eyes.
    pub in_room: bool,
    /// The channels they have an address for.
    pub reachable: Channels,
    /// The channels for which a provider is configured.
    pub configured: Channels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    Blocked,
    RoomMuted,
}

/// What becomes of it on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// At once.
    Now,
    /// When the quiet hours are over.
    At(Timestamp),
    Not(Suppression),
}

/// Why somebody does not hear of it on a channel. The first that holds is the one that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    Blocked,
    RoomMuted,
    ChannelOff,
    TypeOff,
    /// Of this type on this channel.
    MatrixOff,
    NotSubscribed,
    /// The subscription does not take this channel.
    TopicChannelOff,
    InRoom,
    NoAddress,
    NotConfigured,
    /// It waited, and was read meanwhile.
    Read,
    /// It waited, and was deleted meanwhile.
    Deleted,
    /// It waited, and who it is for was erased meanwhile.
    Gone,
}

/// Whether what still waits need not go out any more once it was read elsewhere. The e-mail about money is kept as a paper.
pub const fn ends_when_read(kind: NotificationType, channel: Channel) -> bool {
    !matches!((kind, channel), (NotificationType::Transaction, Channel::Email))
}

impl Circumstances<'_> {
    /// For each channel that is allowed, in order.
    pub fn choose(&self, moment: Timestamp) -> Vec<(Channel, Choice)> {
        // One look at the clock for all: it is the same wall.
        let held = self.quiet_until(moment);
        self.allowed.iter().map(|channel| (channel, self.on(channel, held))).collect()
    }

    fn on(&self, channel: Channel, held: Option<Timestamp>) -> Choice {
        if let Some(reason) = self.suppression(channel) {
            return Choice::Not(reason);
        }
        match held {
            Some(until) if self.waits(channel) => Choice::At(until),
            Some(_) | None => Choice::Now,
        }
    }

    fn suppression(&self, channel: Channel) -> Option<Suppression> {
        match self.silenced {
            Some(Silence::Blocked) => return Some(Suppression::Blocked),
            // A muted room is still in the feed: there nobody is called.
            Some(Silence::RoomMuted) if channel != Channel::InApp => return Some(Suppression::RoomMuted),
            Some(Silence::RoomMuted) | None => {}
        }
        if let Some(switch) = self.settings.switched_off(self.kind, channel) {
            return Some(match switch {
                Switch::Channel => Suppression::ChannelOff,
                Switch::TypeGroup => Suppression::TypeOff,
                Switch::Matrix => Suppression::MatrixOff,
            });
        }
        match self.topic {
            Some(None) => return Some(Suppression::NotSubscribed),
            Some(Some(taken)) if !taken.has(channel) => return Some(Suppression::TopicChannelOff),
            Some(Some(_)) | None => {}
        }
        if channel == Channel::InApp {
            return None; // Entering the feed needs no address, and nobody to carry it there.
        }
        if self.in_room && channel == Channel::Push {
            return Some(Suppression::InRoom);
        }
        if !self.reachable.has(channel) {
            return Some(Suppression::NoAddress);
        }
        (!self.configured.has(channel)).then_some(Suppression::NotConfigured)
    }

    fn waits(&self, channel: Channel) -> bool {
        if self.critical && self.kind == NotificationType::System {
            return false;
        }
        match channel {
            Channel::InApp => false,
            Channel::Push | Channel::WhatsApp => true,
            Channel::Email => self.kind != NotificationType::Transaction,
        }
    }

    /// When the quiet hours end that they are in.
    pub(crate) fn quiet_until(&self, moment: Timestamp) -> Option<Timestamp> {
        let hours = self.settings.quiet_hours;
        if !hours.enabled {
            return None; // Nearly everybody: no zone is looked up.
        }
        let name = self.settings.time_zone.as_deref().or(self.directory_time_zone).unwrap_or(DEFAULT_TIME_ZONE);
        hours.until(moment, &zone(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::quiet_hours::{QuietHours, TimeOfDay};
    use super::super::settings::{Matrix, TypeGroup};
    use super::*;

    /// 23:30 in Jakarta.
    fn late() -> Timestamp {
        Timestamp::parse("2026-11-30T16:30:00Z").expect("a moment")
    }

    fn morning() -> Timestamp {
        Timestamp::parse("2026-12-01T00:00:00Z").expect("a moment")
    }

    fn quiet() -> Settings {
        let hours = QuietHours { enabled: true, ..QuietHours::default() };
        Settings { channels: Channels::ALL, quiet_hours: hours, ..Settings::default() }
    }

    fn all_is_well(settings: &Settings, kind: NotificationType) -> Circumstances<'_> {
        Circumstances {
            kind,
            allowed: Channels::ALL,
            critical: false,
            settings,
            directory_time_zone: None,
            topic: None,
            silenced: None,
            in_room: false,
            reachable: Channels::ALL,
            configured: Channels::ALL,
        }
    }

    fn choices(circumstances: &Circumstances<'_>) -> [Choice; 4] {
        let chosen = circumstances.choose(late());
        let channels: Vec<Channel> = chosen.iter().map(|(channel, _)| *channel).collect();
        assert_eq!(channels, Channel::ALL);
        std::array::from_fn(|index| chosen[index].1)
    }

    #[test]
    fn at_night_the_feed_goes_on_and_everything_that_rings_waits() {
        let settings = quiet();
        let held = Choice::At(morning());
        for kind in NotificationType::ALL {
            let email = if kind == NotificationType::Transaction { Choice::Now } else { held };
            assert_eq!(choices(&all_is_well(&settings, kind)), [Choice::Now, held, email, held], "{kind:?}");
        }
    }

    #[test]
    fn only_a_critical_system_notice_does_not_wait_and_switches_hold_for_it_too() {
        let settings = Settings { channels: Channels::ALL.with(Channel::Email, false), ..quiet() };
        let critical = |kind| choices(&Circumstances { critical: true, ..all_is_well(&settings, kind) });
        let off = Choice::Not(Suppression::ChannelOff);
        assert_eq!(critical(NotificationType::System), [Choice::Now, Choice::Now, off, Choice::Now]);
        let held = Choice::At(morning());
        assert_eq!(critical(NotificationType::Achievement), [Choice::Now, held, off, held]);
    }

    #[test]
    fn what_is_not_allowed_is_not_decided() {
        let settings = Settings::default();
        let allowed = Channels::of(&[Channel::Email]);
        let circumstances = Circumstances { allowed, ..all_is_well(&settings, NotificationType::Follower) };
        assert_eq!(circumstances.choose(late()), [(Channel::Email, Choice::Now)]);
    }

    #[test]
    fn whoever_is_silenced_or_looking_is_not_called() {
        let settings = Settings { channels: Channels::ALL, ..Settings::default() };
        let chat = || all_is_well(&settings, NotificationType::ChatMessage);
        let not = |reason| Choice::Not(reason);
        let blocked = choices(&Circumstances { silenced: Some(Silence::Blocked), ..chat() });
        assert_eq!(blocked, [not(Suppression::Blocked); 4]);
        let muted = not(Suppression::RoomMuted);
        let in_muted = choices(&Circumstances { silenced: Some(Silence::RoomMuted), ..chat() });
        assert_eq!(in_muted, [Choice::Now, muted, muted, muted]);
        let looking = choices(&Circumstances { in_room: true, ..chat() });
        assert_eq!(looking, [Choice::Now, not(Suppression::InRoom), Choice::Now, Choice::Now]);
    }

    #[test]
    fn a_topic_is_heard_of_as_far_as_one_is_subscribed_to_it() {
        let settings = Settings { channels: Channels::ALL, ..Settings::default() };
        let post = |topic| choices(&Circumstances { topic, ..all_is_well(&settings, NotificationType::Post) });
        assert_eq!(post(Some(None)), [Choice::Not(Suppression::NotSubscribed); 4]);
        let off = Choice::Not(Suppression::TopicChannelOff);
        let taken = Channels::of(&[Channel::InApp, Channel::Email]);
        assert_eq!(post(Some(Some(taken))), [Choice::Now, off, Choice::Now, off]);
    }

    #[test]
    fn without_an_address_or_a_provider_there_is_only_the_feed() {
        let settings = Settings { channels: Channels::ALL, ..Settings::default() };
        let follower = || all_is_well(&settings, NotificationType::Follower);
        let none = Choice::Not(Suppression::NoAddress);
        let nowhere = Circumstances { reachable: Channels::NONE, configured: Channels::NONE, ..follower() };
        assert_eq!(choices(&nowhere), [Choice::Now, none, none, none]);
        let unset = Choice::Not(Suppression::NotConfigured);
        let nobody = Circumstances { configured: Channels::of(&[Channel::Push]), ..follower() };
        assert_eq!(choices(&nobody), [Choice::Now, Choice::Now, unset, unset]);
    }

    #[test]
    fn the_zone_is_the_persons_own_then_the_directorys_then_jakarta() {
        // 16:30 UTC: night in Jakarta and Berlin's early evening; in Auckland it is morning.
        let far = |own: Option<&str>| Settings { time_zone: own.map(str::to_owned), ..quiet() };
        let push = |settings: &Settings, directory| {
            let kind = NotificationType::Follower;
            let asked = Circumstances { directory_time_zone: directory, ..all_is_well(settings, kind) };
            choices(&asked)[1]
        };
        assert_eq!(push(&far(None), None), Choice::At(morning()));
        assert_eq!(push(&far(None), Some("Europe/Berlin")), Choice::Now);
        assert_eq!(push(&far(Some("Asia/Jakarta")), Some("Europe/Berlin")), Choice::At(morning()));
        let auckland = Timestamp::parse("2026-11-30T18:00:00Z").expect("a moment");
        assert_eq!(push(&far(Some("Pacific/Auckland")), None), Choice::At(auckland));
    }

    /// Line by line as the requirements say it, sharing nothing with what it judges.
    fn naive(c: &Circumstances<'_>, channel: Channel, quiet_until: Option<Timestamp>) -> Choice {
        let s = c.settings;
        let by_matrix = s.matrix.get(&c.kind).and_then(|row| row.get(&channel)).copied();
        let group_on = !s.off.contains(&TypeGroup::of(c.kind));
        let outside = channel != Channel::InApp;
        let reasons = [
            (c.silenced == Some(Silence::Blocked), Suppression::Blocked),
            (c.silenced == Some(Silence::RoomMuted) && outside, Suppression::RoomMuted),
            (!s.channels.has(channel), Suppression::ChannelOff),
            (by_matrix == Some(false), Suppression::MatrixOff),
            (by_matrix.is_none() && !group_on, Suppression::TypeOff),
            (c.topic == Some(None), Suppression::NotSubscribed),
            (c.topic.flatten().is_some_and(|taken| !taken.has(channel)), Suppression::TopicChannelOff),
            (channel == Channel::Push && c.in_room, Suppression::InRoom),
            (outside && !c.reachable.has(channel), Suppression::NoAddress),
            (outside && !c.configured.has(channel), Suppression::NotConfigured),
        ];
        if let Some((_, reason)) = reasons.into_iter().find(|(holds, _)| *holds) {
            return Choice::Not(reason);
        }
        let passes = !outside
            || (channel == Channel::Email && c.kind == NotificationType::Transaction)
            || (c.critical && c.kind == NotificationType::System);
        quiet_until.filter(|_| !passes).map_or(Choice::Now, Choice::At)
    }

    fn some_channels() -> impl Strategy<Value = Channels> {
        prop::collection::vec(prop::sample::select(Channel::ALL.to_vec()), 0..4).prop_map(Channels::from_iter)
    }

    fn some_matrix() -> impl Strategy<Value = Matrix> {
        let row = prop::collection::btree_map(prop::sample::select(Channel::ALL.to_vec()), any::<bool>(), 0..4);
        let kinds = prop::sample::select(NotificationType::ALL.to_vec());
        prop::collection::btree_map(kinds, row, 0..8).prop_map(BTreeMap::from_iter)
    }

    proptest! {
        #[test]
        fn every_choice_is_the_one_that_the_requirements_say(
            kind in prop::sample::select(NotificationType::ALL.to_vec()),
            (allowed, on, reachable, configured) in (some_channels(), some_channels(), some_channels(), some_channels()),
            (critical, in_room, enabled) in any::<(bool, bool, bool)>(),
            off in prop::collection::btree_set(prop::sample::select(TypeGroup::ALL.to_vec()), 0..6),
            matrix in some_matrix(),
            topic in prop::option::of(prop::option::of(some_channels())),
            silenced in prop::sample::select(vec![None, None, Some(Silence::Blocked), Some(Silence::RoomMuted)]),
            (start, end) in (0_u16..1440, 0_u16..1440),
        ) {
            let quiet_hours =
                QuietHours { enabled, start: TimeOfDay::from_minutes(start), end: TimeOfDay::from_minutes(end) };
            let settings = Settings { channels: on, off, matrix, quiet_hours, time_zone: None, locale: None };
            let circumstances = Circumstances {
                kind, allowed, critical, settings: &settings, directory_time_zone: None, topic, silenced, in_room,
                reachable, configured,
            };
            let until = quiet_hours.until(late(), &zone(DEFAULT_TIME_ZONE));
            let expected: Vec<_> =
                allowed.iter().map(|channel| (channel, naive(&circumstances, channel, until))).collect();
            prop_assert_eq!(circumstances.choose(late()), expected);
        }
    }
}
