//! What somebody might do, and the events that the rules would let come of it.

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::notification::NotificationType;
use aggregates::participant::Arrangement;
use aggregates::relationship::RelationshipEvent;
use aggregates::report::{Resolution, Subject};
use aggregates::room::{RoomEvent, RoomKind};
use event_log::Position;

use super::{Naive, PEOPLE};
use crate::read_models::events::{
    about_message, about_user, added, answering, arranged, deleted, delivered, edited, erased, feed_read, filed,
    forwarding, from_join, message_id, named, naming, opened, pictured, pinned, raised, reacted, read, registered,
    relation, removed, renamed, resolved, sent, turned, unread_again,
};
use crate::read_models::world::{at, room, user};

const ROOMS: u8 = 3;
const EMOJIS: [&str; 3] = ["👍", "❤️", "🎉"];
/// Beyond what the list of rooms shows of a message.
const LONG: &str =
    "a word that goes on and on, so that whoever shows only the beginning of it has something to leave out there";

/// Something that somebody might do; what comes of it depends on what is.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    pub(super) what: u8,
    pub(super) who: &'static str,
    pub(super) whom: &'static str,
    pub(super) number: u8,
}

impl From<(u8, u8, u8, u8)> for Act {
    fn from((what, who, whom, number): (u8, u8, u8, u8)) -> Self {
        let person = |index: u8| PEOPLE[usize::from(index) % PEOPLE.len()];
        Self { what: what % 52, who: person(who), whom: person(whom), number }
    }
}

impl Naive {
    /// The events that the rules would let happen.
    pub fn events_of(&self, act: Act, head: Position) -> Vec<DomainEvent> {
        let nth = self.happened;
        let chosen = room(u128::from(act.number % ROOMS) + 1);
        let Some(there) = self.rooms.get(&chosen) else {
            return self.without_room(act, chosen, head);
        };
        let last_seq = there.last_seq();
        let is_in = there.joined_at(&user(act.who)).is_some();
        match act.what {
            0..=17 if !is_in => vec![added(nth, chosen, &[act.who], last_seq)],
            0..=3 => vec![self.said(act, chosen, last_seq + 1)],
            4 | 5 if last_seq > 0 => vec![read(nth, chosen, act.who, 1 + u64::from(act.number) % last_seq)],
            6 => vec![removed(nth, chosen, act.who)],
            7..=13 if last_seq > 0 => self.about_a_message(act, chosen, 1 + u64::from(act.number / ROOMS) % last_seq),
            14 if last_seq > 0 => {
                let from = 1 + u64::from(act.number) % last_seq;
                let joined = there.joined_at(&user(act.who)).unwrap_or(0);
                vec![unread_again(nth, chosen, act.who, (from - 1).max(joined))]
            }
            15 if last_seq > 0 => vec![delivered(nth, chosen, act.who, 1 + u64::from(act.number) % last_seq)],
            16 => vec![arranged(nth, chosen, act.who, arrangement(act.number / ROOMS, nth, last_seq))],
            17 => vec![kept(act, nth, chosen)],
            _ => self.between_people(act, head),
        }
    }

    fn said(&self, act: Act, chosen: RoomId, seq: u64) -> DomainEvent {
        let nth = self.happened;
        let words = if act.number.is_multiple_of(7) { format!("{nth} {LONG}") } else { format!("word {nth}") };
        let event = sent(nth, chosen, seq, act.who, &words);
        let named: &[&str] = if act.who == act.whom { &[] } else { std::slice::from_ref(&act.whom) };
        match act.what {
            1 => naming(event, named, act.number < 90),
            2 if seq > 1 => answering(event, message_id(chosen, 1 + u64::from(act.number) % (seq - 1))),
            3 => forwarding(event, room(9), 1, act.whom),
            _ => event,
        }
    }

    fn about_a_message(&self, act: Act, chosen: RoomId, seq: u64) -> Vec<DomainEvent> {
        let nth = self.happened;
        let message = self.rooms[&chosen].message(seq);
        let on = act.number.is_multiple_of(3);
        match act.what {
            7 | 8 if message.is_own_of(&user(act.who)) => {
                let event = edited(nth, chosen, seq, act.who, &format!("{LONG} {nth}"));
                let named: &[&str] = if act.who == act.whom { &[] } else { std::slice::from_ref(&act.whom) };
                vec![naming(event, if on { named } else { &[] }, act.number < 60)]
            }
            9 => vec![deleted(nth, chosen, seq, message.sender.as_str(), act.who)],
            10 | 11 => {
                let emoji = EMOJIS[usize::from(act.number) % EMOJIS.len()];
                vec![reacted(nth, chosen, seq, act.who, emoji, act.what == 10 || on)]
            }
            12 => vec![pinned(nth, chosen, seq, act.who, true)],
            13 => vec![pinned(nth, chosen, seq, act.who, false)],
            _ => vec![reacted(nth, chosen, seq, act.who, EMOJIS[0], true)],
        }
    }

    fn without_room(&self, act: Act, chosen: RoomId, head: Position) -> Vec<DomainEvent> {
        if act.what > 24 || act.who == act.whom {
            return self.between_people(act, head);
        }
        let kinds = [RoomKind::Group, RoomKind::Direct, RoomKind::Support, RoomKind::MentorStudent];
        let kind = kinds[usize::from(act.number) % kinds.len()];
        let event = opened(self.happened, chosen, kind, Some("Room"), &[act.who, act.whom]);
        vec![if act.what.is_multiple_of(2) { from_join(event) } else { event }]
    }

    fn between_people(&self, act: Act, head: Position) -> Vec<DomainEvent> {
        let nth = self.happened;
        let (from, to): (UserId, UserId) = (user(act.who), user(act.whom));
        let pair = (from.clone(), to.clone());
        let back = (to, from.clone());
        let other = act.who != act.whom;
        match act.what {
            18 if other && !self.follows.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserFollowed)]
            }
            18 | 19 if self.follows.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserUnfollowed)]
            }
            20 if other && !self.blocks.contains(&pair) => {
                let mut events = vec![relation(nth, act.who, act.whom, RelationshipEvent::UserBlocked)];
                if self.follows.contains(&pair) {
                    events.push(relation(nth, act.who, act.whom, RelationshipEvent::UserUnfollowed));
                }
                if self.follows.contains(&back) {
                    events.push(relation(nth, act.whom, act.who, RelationshipEvent::UserUnfollowed));
                }
                events
            }
            20 if self.blocks.contains(&pair) => {
                vec![relation(nth, act.who, act.whom, RelationshipEvent::UserUnblocked)]
            }
            21 | 22 if !self.people.contains(&from) => vec![registered(nth, act.who, act.who)],
            21 => vec![renamed(nth, act.who, &format!("{} {}", act.who, act.number))],
            23 => self.marked(act),
            24 => vec![feed_read(nth, act.who, Position(head.0.saturating_sub(u64::from(act.number % 8))))],
            25 | 26 if self.people.contains(&from) => vec![erased(nth, act.who)],
            27..=29 => self.reported(act),
            32..=39 => self.chose(act),
            40..=51 => self.noted(act),
            _ => vec![raised(nth, self.raised + 1, act.who, NotificationType::Follower)],
        }
    }
}

impl Naive {
    fn reported(&self, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let open = self.reports.values().filter(|report| report.resolved.is_none()).nth(usize::from(act.number % 4));
        if let (29, Some(report)) = (act.what, open) {
            let resolution = Resolution::ALL[usize::from(act.number) % Resolution::ALL.len()];
            return vec![resolved(nth, report.id, resolution, act.whom, &format!("note {nth}"))];
        }
        let chosen = room(u128::from(act.number % ROOMS) + 1);
        let subject = match act.number % 3 {
            0 if act.who != act.whom => about_user(act.whom),
            1 if act.who != act.whom => about_message(chosen, 1, act.whom),
            _ => Subject::Room { room_id: chosen },
        };
        let same = |report: &&projections::inbox::ReportRow| {
            report.reporter_id == user(act.who) && report.subject == subject && report.resolved.is_none()
        };
        if self.reports.values().any(|report| same(&report)) {
            return vec![];
        }
        vec![filed(nth, act.who, subject, &format!("reason {nth}"))]
    }
}

fn arrangement(number: u8, nth: i64, last_seq: u64) -> Arrangement {
    match number % 8 {
        0 => Arrangement::Muted { until: None },
        1 => Arrangement::Muted { until: Some(at(nth + 5)) },
        2 => Arrangement::Unmuted,
        3 => Arrangement::Pinned,
        4 => Arrangement::Unpinned,
        5 | 6 => Arrangement::Archived { seq: last_seq },
        _ => Arrangement::Unarchived,
    }
}

/// How the room is called and kept.
fn kept(act: Act, nth: i64, chosen: RoomId) -> DomainEvent {
    match act.number / ROOMS % 4 {
        0 => named(nth, chosen, act.who, &format!("Room {nth}")),
        1 => pictured(nth, chosen, act.who, &format!("https://cdn.example/{nth}.png")),
        2 => turned(nth, chosen, act.who, RoomEvent::RoomClosed),
        _ => turned(nth, chosen, act.who, RoomEvent::RoomReopened),
    }
}
