//! Every name and version under which an event is written today, and what this program can make of another one.
//!
//! Separate from the catalogue, which reads events: whoever looks over a whole log asks about names and versions that may
//! be of nobody. `tests/golden.rs` holds the list against the events there are.

use crate::catalogue::AggregateKind;
use crate::upcasting::{STEPS, Step};

/// (kind of stream, stored name, version written today).
pub const WRITTEN: &[(AggregateKind, &str, u32)] = &[
    (AggregateKind::Room, "room_opened", 1),
    (AggregateKind::Room, "members_added", 1),
    (AggregateKind::Room, "member_removed", 1),
    (AggregateKind::Room, "member_role_changed", 1),
    (AggregateKind::Room, "room_renamed", 1),
    (AggregateKind::Room, "room_avatar_changed", 1),
    (AggregateKind::Room, "join_policy_changed", 1),
    (AggregateKind::Room, "slow_mode_changed", 1),
    (AggregateKind::Room, "room_closed", 1),
    (AggregateKind::Room, "room_reopened", 1),
    (AggregateKind::Room, "message_sent", 1),
    (AggregateKind::Room, "message_edited", 1),
    (AggregateKind::Room, "message_deleted", 1),
    (AggregateKind::Room, "reaction_added", 1),
    (AggregateKind::Room, "reaction_removed", 1),
    (AggregateKind::Room, "message_pinned", 1),
    (AggregateKind::Room, "message_unpinned", 1),
    (AggregateKind::Participant, "messages_read", 1),
    (AggregateKind::Participant, "marked_unread", 1),
    (AggregateKind::Participant, "messages_delivered", 1),
    (AggregateKind::Participant, "room_arranged", 1),
    (AggregateKind::Relationship, "user_followed", 1),
    (AggregateKind::Relationship, "user_unfollowed", 1),
    (AggregateKind::Relationship, "user_blocked", 1),
    (AggregateKind::Relationship, "user_unblocked", 1),
    (AggregateKind::Notification, "notification_raised", 1),
    (AggregateKind::Notification, "delivery_decided", 1),
    (AggregateKind::Notification, "attempt_started", 1),
    (AggregateKind::Notification, "attempt_ended", 1),
    (AggregateKind::Notification, "notification_read", 1),
    (AggregateKind::Notification, "notification_unread", 1),
    (AggregateKind::Notification, "notification_clicked", 1),
    (AggregateKind::Notification, "notification_archived", 1),
    (AggregateKind::Notification, "notification_unarchived", 1),
    (AggregateKind::Notification, "notification_deleted", 1),
    (AggregateKind::Feed, "feed_read", 1),
    (AggregateKind::Report, "report_filed", 1),
    (AggregateKind::Report, "report_resolved", 1),
    (AggregateKind::Preferences, "preferences_changed", 1),
    (AggregateKind::Subscription, "subscribed", 1),
    (AggregateKind::Subscription, "unsubscribed", 1),
    (AggregateKind::User, "user_registered", 1),
    (AggregateKind::User, "profile_changed", 1),
    (AggregateKind::User, "user_erased", 1),
];

/// What this program knows of a stored name and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it is written today.
    Current,
    /// Older, and every step from it to today's is there.
    Upcast,
    /// Older, and no upcaster leads to this version from the one before.
    NoWayTo(u32),
    /// Newer than what this program writes.
    Later,
    /// No stream of this kind has such events, or there is no such kind.
    Unknown,
}

/// `version` as it is stored; what is no whole number is of nobody.
pub fn standing(kind: &str, name: &str, version: &str) -> Standing {
    standing_by(STEPS, WRITTEN, kind, name, version)
}

fn standing_by(
    steps: &[Step],
    written: &[(AggregateKind, &str, u32)],
    kind: &str,
    name: &str,
    version: &str,
) -> Standing {
    let known = written.iter().find(|(of, event, _)| of.name() == kind && *event == name);
    let (Some((_, _, today)), Ok(stored)) = (known, version.parse::<u32>()) else { return Standing::Unknown };
    if stored == *today {
        return Standing::Current;
    }
    if stored > *today {
        return Standing::Later;
    }
    let missing = (stored + 1..=*today).find(|to| !steps.iter().any(|step| step.name == name && step.to == *to));
    missing.map_or(Standing::Upcast, Standing::NoWayTo)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: fn(u32) -> Step = |to| Step { name: "message_sent", to, change: |payload| payload };

    #[test]
    fn a_version_is_known_when_every_step_to_today_is_there() {
        let written = &[(AggregateKind::Room, "message_sent", 4)];
        let of = |steps: &[Step], version| standing_by(steps, written, "room", "message_sent", version);
        let all = [STEP(2), STEP(3), STEP(4)];
        assert_eq!(
            (of(&all, "1"), of(&all, "4"), of(&all, "5")),
            (Standing::Upcast, Standing::Current, Standing::Later)
        );
        assert_eq!(of(&[STEP(2), STEP(4)], "1"), Standing::NoWayTo(3));
        assert_eq!(of(&[STEP(2), STEP(4)], "3"), Standing::Upcast);
        assert_eq!(of(&all, "one"), Standing::Unknown);
        assert_eq!(standing_by(&all, written, "feed", "message_sent", "1"), Standing::Unknown);
    }
}
