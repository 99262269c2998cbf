//! What holds of preferences and subscriptions after any wishes.

use std::collections::BTreeMap;

use aggregates::ids::TargetId;
use aggregates::notification::NotificationType;
use aggregates::policy::channels::Channel;
use aggregates::policy::quiet_hours::TimeOfDay;
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::preferences::{ChangePreferences, Preferences, PreferencesCommand, PreferencesEvent, SettingsPatch};
use aggregates::subscription::{
    ChannelWishes, End, Join, Subscribe, Subscription, SubscriptionCommand, SubscriptionEvent, Topic, TopicKind,
};
use aggregates::user::Change;
use proptest::prelude::*;

use crate::{noon, printed_only, user};

fn channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(&Channel::ALL[..])
}

fn name(names: &'static [&'static str]) -> impl Strategy<Value = Change<String>> {
    let set = prop::sample::select(names).prop_map(|name| Change::Set(name.to_owned()));
    prop_oneof![2 => Just(Change::Keep), 1 => Just(Change::Clear), 2 => set]
}

fn patch() -> impl Strategy<Value = SettingsPatch> {
    let switches = prop::collection::btree_map(channel(), any::<bool>(), 0..4);
    let groups = prop::collection::btree_map(prop::sample::select(&TypeGroup::ALL[..]), any::<bool>(), 0..4);
    let row = prop::collection::btree_map(channel(), any::<Option<bool>>(), 0..4);
    let kinds = prop::sample::select(&NotificationType::ALL[..4]);
    let matrix = prop::collection::btree_map(kinds, row, 0..4);
    let time = || prop::option::of((0..1_440_u16).prop_map(TimeOfDay::from_minutes));
    let names = (name(&["Asia/Jakarta", "Asia/Makassar"]), name(&["id", "en"]));
    (switches, groups, matrix, any::<Option<bool>>(), time(), time(), names).prop_map(
        |(channels, groups, matrix, quiet_enabled, quiet_start, quiet_end, (time_zone, locale))| SettingsPatch {
            channels,
            groups,
            matrix,
            quiet_enabled,
            quiet_start,
            quiet_end,
            time_zone,
            locale,
        },
    )
}

/// Said by what is to be, and nothing else.
fn as_named(patch: &SettingsPatch, before: &Settings, after: &Settings) -> bool {
    let cell =
        |settings: &Settings, kind, channel| settings.matrix.get(&kind).and_then(|row| row.get(&channel)).copied();
    let wished = |kind, channel| patch.matrix.get(&kind).and_then(|row: &BTreeMap<_, _>| row.get(&channel)).copied();
    let text = |change: &Change<String>, before: &Option<String>| match change {
        Change::Keep => before.clone(),
        Change::Clear => None,
        Change::Set(text) => Some(text.clone()),
    };
    Channel::ALL.into_iter().all(|channel| {
        let switch = patch.channels.get(&channel).copied().unwrap_or(before.channels.has(channel));
        let cells = NotificationType::ALL
            .into_iter()
            .all(|kind| cell(after, kind, channel) == wished(kind, channel).unwrap_or(cell(before, kind, channel)));
        after.channels.has(channel) == switch && cells
    }) && TypeGroup::ALL.into_iter().all(|group| {
        let on = patch.groups.get(&group).copied().unwrap_or(!before.off.contains(&group));
        after.off.contains(&group) != on
    }) && after.quiet_hours.enabled == patch.quiet_enabled.unwrap_or(before.quiet_hours.enabled)
        && after.quiet_hours.start == patch.quiet_start.unwrap_or(before.quiet_hours.start)
        && after.quiet_hours.end == patch.quiet_end.unwrap_or(before.quiet_hours.end)
        && after.time_zone == text(&patch.time_zone, &before.time_zone)
        && after.locale == text(&patch.locale, &before.locale)
}

fn wish(kind: usize, wishes: ChannelWishes) -> SubscriptionCommand {
    let (user_id, erased_before, at) = (user("ana"), 0, noon());
    let topic = Topic { kind: TopicKind::Course, target_id: TargetId::parse("c-1").expect("an id") };
    match kind {
        0 => SubscriptionCommand::Subscribe(Subscribe {
            user_id,
            topic,
            wishes,
            target_exists: false,
            erased_before,
            at,
        }),
        1 => SubscriptionCommand::Join(Join { user_id, topic, target_exists: false, erased_before, at }),
        2 => SubscriptionCommand::Unsubscribe(End { user_id, topic, erased_before, at }),
        _ => SubscriptionCommand::Leave(End { user_id, topic, erased_before, at }),
    }
}

proptest! {
    #![proptest_config(printed_only())]

    #[test]
    fn a_patch_changes_what_it_names_and_done_twice_is_done_once(patches in prop::collection::vec(patch(), 1..12)) {
        let mut preferences = Preferences::default();
        for patch in patches {
            let before = preferences.settings_of(0).into_owned();
            let after = patch.applied_to(&before);
            prop_assert!(as_named(&patch, &before, &after), "{before:?}\n{after:?}");
            prop_assert_eq!(&patch.applied_to(&after), &after);
            prop_assert!(after.matrix.values().all(|row| !row.is_empty()));
            let change = ChangePreferences { user_id: user("ana"), patch, erased_before: 0, at: noon() };
            let command = PreferencesCommand::Change(change);
            let events = preferences.decide(&command).expect("preferences never refuse");
            prop_assert_eq!(events.is_empty(), before == after);
            for event in &events {
                let PreferencesEvent::PreferencesChanged(changed) = event;
                prop_assert_eq!(&changed.settings, &after);
                preferences.evolve(event);
            }
            prop_assert_eq!(preferences.decide(&command), Ok(vec![]), "the second time is nothing");
        }
    }

    #[test]
    fn whoever_said_no_is_subscribed_by_nothing_but_by_saying_yes(
        wishes in prop::collection::vec((0..4_usize, any::<(Option<bool>, Option<bool>)>()), 1..40),
    ) {
        let mut subscription = Subscription::default();
        let mut declined = false;
        for (kind, (push, whatsapp)) in wishes {
            let command = wish(kind, ChannelWishes { push, whatsapp, ..ChannelWishes::default() });
            let decided = subscription.decide(&command);
            prop_assert_eq!(&decided, &subscription.decide(&command));
            let events = decided.expect("no rule is broken");
            let subscribes = events.iter().any(|event| matches!(event, SubscriptionEvent::Subscribed(_)));
            prop_assert!(!(subscribes && declined && kind != 0), "{:?}", command);
            declined = (declined || kind == 2) && kind != 0;
            events.iter().for_each(|event| subscription.evolve(event));
            prop_assert!(!declined || subscription.current(0).is_none());
            prop_assert_eq!(subscription.decide(&command), Ok(vec![]), "the second time is nothing");
        }
    }
}
