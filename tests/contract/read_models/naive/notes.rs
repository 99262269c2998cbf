//! Notifications and what becomes of them elsewhere, as the log tells them.

use std::collections::BTreeMap;

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::{NotificationEvent, NotificationMarked, NotificationRaised, NotificationType};
use aggregates::policy::channels::Channel;
use aggregates::policy::choosing::Suppression;
use aggregates::policy::deciding::Decision;
use aggregates::policy::retrying::Became;
use aggregates::{DomainEvent, Timestamp};
use event_log::Position;
use projections::Views;
use projections::feed::{DeliveryRow, DeliveryState, DueDelivery, FeedEntry, FeedFilter, FeedPage, NotificationRow};

use super::{Act, Naive, PEOPLE, same};
use crate::read_models::deliveries::{all_due, next_due};
use crate::read_models::events::{marked, noted, raised};
use crate::read_models::told::{decided, ended, kept, scheduled, started, suppressed, with, worded};
use crate::read_models::world::{at, user};

const OUTSIDE: [Channel; 3] = [Channel::Push, Channel::Email, Channel::WhatsApp];
/// More than there ever are.
const ALL: usize = 1_000;

/// What was raised last under its id, and what came of it since.
pub(super) struct Note {
    raised: NotificationRaised,
    position: Position,
    read: Option<Timestamp>,
    clicked: Option<Timestamp>,
    archived: Option<Timestamp>,
    deleted: bool,
    /// Of the channels that lead outside, in order.
    since: Vec<NotificationEvent>,
}

impl Note {
    fn is_in_feed(&self) -> bool {
        self.raised.is_in_feed() && !self.deleted
    }

    fn number(&self) -> u128 {
        self.raised.notification_id.0.as_u128()
    }

    fn recipient(&self) -> &str {
        self.raised.recipient_id.as_str()
    }

    fn row(&self) -> NotificationRow {
        let raised = &self.raised;
        let content = raised.content.as_ref().map(|content| content.reveal().to_owned());
        NotificationRow {
            id: raised.notification_id,
            recipient_id: raised.recipient_id.clone(),
            kind: raised.kind,
            actor_id: raised.actor_id.clone(),
            source_type: raised.source.kind.clone(),
            source_id: raised.source.id.clone(),
            related: raised.related.clone(),
            content: content.filter(|_| !self.deleted),
            locale: raised.locale.clone(),
            critical: raised.critical,
            topic: raised.topic.clone(),
            room_id: raised.room_id,
            in_feed: self.is_in_feed(),
            read_at: self.read,
            clicked_at: self.clicked,
            archived_at: self.archived,
            created_at: raised.at,
            position: self.position,
        }
    }

    /// By the name of the channel.
    fn deliveries(&self) -> Vec<DeliveryRow> {
        [Channel::Email, Channel::Push, Channel::WhatsApp].into_iter().filter_map(|on| self.delivery(on)).collect()
    }

    fn delivery(&self, channel: Channel) -> Option<DeliveryRow> {
        let mut found: Option<DeliveryRow> = None;
        for event in self.since.iter().filter(|event| channel_of(event) == Some(channel)) {
            let mut row = found.take().unwrap_or_else(|| DeliveryRow {
                notification_id: self.raised.notification_id,
                channel,
                recipient_id: self.raised.recipient_id.clone(),
                state: DeliveryState::Waiting,
                reason: None,
                due: None,
                attempts: 0,
                provider: None,
                provider_id: None,
                accepted_at: None,
                position: self.position,
            });
            (row.reason, row.due) = (None, None);
            match event {
                NotificationEvent::DeliveryDecided(event) => match event.decided.decision {
                    Decision::Scheduled { due } => (row.state, row.due) = (DeliveryState::Waiting, Some(due)),
                    Decision::Suppressed { reason } => {
                        let name = format!("{reason:?}").chars().fold(String::new(), |name, letter| {
                            let gap = if letter.is_uppercase() && !name.is_empty() { "_" } else { "" };
                            name + gap + &letter.to_lowercase().to_string()
                        });
                        (row.state, row.reason) = (DeliveryState::Suppressed, Some(name));
                    }
                },
                NotificationEvent::AttemptStarted(event) => {
                    (row.state, row.due, row.attempts) = (DeliveryState::UnderWay, Some(event.deadline), event.attempt);
                    (row.provider, row.provider_id, row.accepted_at) = (Some(event.provider.clone()), None, None);
                }
                NotificationEvent::AttemptEnded(event) => {
                    (row.reason, row.accepted_at) = (event.outcome.reason.clone(), None);
                    row.provider_id.clone_from(&event.outcome.provider_id);
                    row.state = match &event.became {
                        Became::Accepted => DeliveryState::Accepted,
                        Became::Deferred { .. } => DeliveryState::Waiting,
                        Became::Rejected => DeliveryState::Rejected,
                        Became::Abandoned => DeliveryState::Abandoned,
                    };
                    if event.became == Became::Accepted {
                        row.accepted_at = Some(event.at);
                    }
                    if let Became::Deferred { due, provider } = &event.became {
                        row.due = Some(*due);
                        row.provider = provider.clone().or(row.provider);
                    }
                }
                _ => unreachable!("only those are kept"),
            }
            found = Some(row);
        }
        found
    }

    fn entry(&self) -> FeedEntry {
        FeedEntry { notification: self.row(), deliveries: self.deliveries() }
    }

    /// Nobody was told: it was kept from the feed and was to go nowhere.
    fn begins_anew(&self) -> bool {
        let was_to_go = |event: &NotificationEvent| match event {
            NotificationEvent::DeliveryDecided(event) => event.decided.decision.is_scheduled(),
            _ => true,
        };
        !self.raised.is_in_feed() && !self.since.iter().any(was_to_go)
    }
}

fn channel_of(event: &NotificationEvent) -> Option<Channel> {
    match event {
        NotificationEvent::DeliveryDecided(event) => Some(event.channel),
        NotificationEvent::AttemptStarted(event) => Some(event.channel),
        NotificationEvent::AttemptEnded(event) => Some(event.channel),
        _ => None,
    }
}

impl Naive {
    pub(super) fn take_note(&mut self, event: &NotificationEvent, position: Position) {
        if let NotificationEvent::NotificationRaised(event) = event {
            self.raised = self.raised.max(event.notification_id.0.as_u128());
            self.recipients.insert(event.notification_id, event.recipient_id.clone());
            self.notes.retain(|note| note.raised.notification_id != event.notification_id);
            self.notes.push(Note {
                raised: event.clone(),
                position,
                read: None,
                clicked: None,
                archived: None,
                deleted: false,
                since: Vec::new(),
            });
            return;
        }
        let id = id_of(event);
        let Some(note) = self.notes.iter_mut().find(|note| note.raised.notification_id == id) else { return };
        match event {
            NotificationEvent::NotificationRead(event) => note.read = note.read.or(Some(event.at)),
            NotificationEvent::NotificationUnread(_) => note.read = None,
            NotificationEvent::NotificationClicked(event) => note.clicked = note.clicked.or(Some(event.at)),
            NotificationEvent::NotificationArchived(event) => note.archived = Some(event.at),
            NotificationEvent::NotificationUnarchived(_) => note.archived = None,
            NotificationEvent::NotificationDeleted(_) => note.deleted = true,
            other => note.since.push(other.clone()),
        }
    }

    pub(super) fn read_feed(&mut self, user: &UserId, up_to: u64, at: Timestamp) {
        let is_read = |note: &&mut Note| {
            note.raised.recipient_id == *user && note.position.0 <= up_to && note.is_in_feed() && note.read.is_none()
        };
        self.notes.iter_mut().filter(is_read).for_each(|note| note.read = Some(at));
    }

    pub(super) fn forget_notes_of(&mut self, user: &UserId) {
        self.notes.retain(|note| note.raised.recipient_id != *user);
    }

    pub(super) fn marked(&self, act: Act) -> Vec<DomainEvent> {
        let there: Vec<&Note> = self.notes.iter().filter(|note| note.is_in_feed()).collect();
        let Some(note) = there.get(usize::from(act.number) % there.len().max(1)) else { return vec![] };
        vec![marked(self.happened, note.number(), note.recipient(), act.who < act.whom)]
    }

    /// What the rules would let happen to a notification, and an outcome that comes when it is gone.
    pub(super) fn noted(&self, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let which = usize::from(act.number);
        if self.notes.is_empty() || matches!(act.what, 40 | 41) {
            return self.told(act);
        }
        let note = &self.notes[which % self.notes.len()];
        let (number, recipient) = (note.number(), note.recipient());
        let mark = |mark: fn(NotificationMarked) -> NotificationEvent| vec![noted(nth, number, recipient, mark)];
        match act.what {
            42..=44 => self.attempt(note, act),
            45 | 46 => self.outcome(note, act),
            47 => self.decided_again(note, act),
            48 if !note.deleted && note.clicked.is_none() => mark(NotificationEvent::NotificationClicked),
            49 if note.is_in_feed() && note.archived.is_none() => mark(NotificationEvent::NotificationArchived),
            50 if note.is_in_feed() && note.archived.is_some() => mark(NotificationEvent::NotificationUnarchived),
            51 if note.is_in_feed() => mark(NotificationEvent::NotificationDeleted),
            _ => {
                let gone = self
                    .recipients
                    .iter()
                    .find(|(id, _)| self.notes.iter().all(|note| note.raised.notification_id != **id));
                let late = |(id, recipient): (&NotificationId, &UserId)| {
                    ended(nth, id.0.as_u128(), recipient.as_str(), Channel::Push, 1, Became::Accepted)
                };
                gone.map(late).into_iter().collect()
            }
        }
    }

    /// A new one, or one that begins anew.
    fn told(&self, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let anew = self.recipients.iter().filter(|(id, _)| {
            let known = self.notes.iter().find(|note| note.raised.notification_id == **id);
            known.is_none_or(Note::begins_anew)
        });
        let anew =
            anew.map(|(id, recipient)| (id.0.as_u128(), recipient.as_str())).next_back().filter(|_| act.number > 99);
        let (number, recipient) = anew.unwrap_or((self.raised + 1, act.who));
        let event = match act.number % 4 {
            0 => kept(worded(nth, number, recipient, &format!("title {nth}"))),
            1 => kept(raised(nth, number, recipient, NotificationType::Mention)),
            2 => worded(nth, number, recipient, &format!("title {nth}")),
            _ => raised(nth, number, recipient, NotificationType::Comment),
        };
        let event = with(event, |raised| raised.erased_before = u32::from(act.number % 3));
        let decision = |bits: u8| match bits % 4 {
            0 => None,
            1 => Some(suppressed(Suppression::NoAddress)),
            _ => Some(scheduled(at(nth + i64::from(bits % 7)))),
        };
        let mut events = vec![event];
        for (channel, bits) in OUTSIDE.into_iter().zip([act.number, act.number / 4, act.number / 16]) {
            events.extend(decision(bits).map(|decision| decided(nth, number, recipient, channel, decision)));
        }
        events
    }

    fn attempt(&self, note: &Note, act: Act) -> Vec<DomainEvent> {
        let may = |row: &&DeliveryRow| matches!(row.state, DeliveryState::Waiting | DeliveryState::UnderWay);
        let rows = note.deliveries();
        let Some(row) = rows.iter().find(may) else { return vec![] };
        let provider = if act.number.is_multiple_of(2) { "onesignal" } else { "webpush" };
        vec![started(self.happened, note.number(), note.recipient(), row.channel, row.attempts + 1, provider)]
    }

    /// Of what is under way; late, that it was accepted after all.
    fn outcome(&self, note: &Note, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let rows = note.deliveries();
        let Some(row) = rows.iter().find(|row| row.attempts > 0 && row.state != DeliveryState::Accepted) else {
            return vec![];
        };
        let due = at(nth + i64::from(act.number));
        let became = match act.number % 5 {
            _ if row.state != DeliveryState::UnderWay => Became::Accepted,
            0 => Became::Accepted,
            1 => Became::Deferred { due, provider: None },
            2 => Became::Deferred { due, provider: Some("other".to_owned()) },
            3 => Became::Rejected,
            _ => Became::Abandoned,
        };
        vec![ended(nth, note.number(), note.recipient(), row.channel, row.attempts, became)]
    }

    fn decided_again(&self, note: &Note, act: Act) -> Vec<DomainEvent> {
        let nth = self.happened;
        let rows = note.deliveries();
        let Some(row) = rows.iter().find(|row| row.state == DeliveryState::Waiting) else { return vec![] };
        let decision =
            if act.number.is_multiple_of(2) { suppressed(Suppression::Read) } else { scheduled(at(nth + 9)) };
        vec![decided(nth, note.number(), note.recipient(), row.channel, decision)]
    }

    pub(super) async fn compare_feed(&self, views: &Views, who: &UserId) -> Result<(), String> {
        let feed = views.feed();
        let theirs: Vec<&Note> = self.notes.iter().rev().filter(|note| note.raised.recipient_id == *who).collect();
        for (archived, unread_only) in [(false, false), (false, true), (true, false), (true, true)] {
            let filter = FeedFilter { archived, unread_only, ..FeedFilter::default() };
            let listed = feed.list(who, &filter, FeedPage::Offset(0), ALL).await.expect("answered");
            let is_listed = |note: &&&Note| {
                note.is_in_feed() && note.archived.is_some() == archived && (!unread_only || note.read.is_none())
            };
            let counted = theirs.iter().filter(is_listed).map(|note| note.entry()).collect();
            same("the feed", listed, counted)?;
        }
        let ids: Vec<NotificationId> = theirs.iter().map(|note| note.raised.notification_id).collect();
        let in_feed = theirs.iter().filter(|note| note.is_in_feed()).map(|note| note.entry()).collect();
        same("by their ids", feed.by_ids(who, &ids).await.expect("answered"), in_feed)?;
        for note in &theirs {
            let shown = feed.raised(who, note.raised.notification_id).await.expect("answered");
            same("one that was raised", shown, Some(note.entry()))?;
        }
        let unread = theirs.iter().filter(|note| note.is_in_feed() && note.read.is_none()).count() as u64;
        let counts = feed.unread_counts(std::slice::from_ref(who)).await.expect("answered");
        same("unread entries", counts, vec![unread])
    }

    pub(super) async fn compare_due(&self, views: &Views) -> Result<(), String> {
        let mut counted: BTreeMap<(Timestamp, NotificationId, &str), DueDelivery> = BTreeMap::new();
        for note in &self.notes {
            for delivery in note.deliveries() {
                if let Some(due) = delivery.due {
                    let key = (due, delivery.notification_id, delivery.channel.name());
                    counted.insert(key, DueDelivery { delivery, notification: note.row() });
                }
            }
        }
        let feed = views.feed();
        let next = counted.keys().next().map(|(due, ..)| *due);
        same("when something is due", next_due(views).await, next)?;
        for now in [at(0), at(self.happened), at(self.happened + 20), at(10_000)] {
            let due = counted.iter().filter(|((due, ..), _)| *due <= now).map(|(_, due)| due.clone());
            same("what is due", all_due(views, now, ALL).await, due.clone().collect())?;
            same("what is due first", all_due(views, now, 2).await, due.take(2).collect())?;
        }
        for name in PEOPLE {
            let nobodys = feed.raised(&user(name), NotificationId(uuid::Uuid::nil())).await.expect("answered");
            same("what was never raised", nobodys, None)?;
        }
        Ok(())
    }
}

fn id_of(event: &NotificationEvent) -> NotificationId {
    match event {
        NotificationEvent::NotificationRaised(event) => event.notification_id,
        NotificationEvent::DeliveryDecided(event) => event.notification_id,
        NotificationEvent::AttemptStarted(event) => event.notification_id,
        NotificationEvent::AttemptEnded(event) => event.notification_id,
        NotificationEvent::NotificationRead(event)
        | NotificationEvent::NotificationUnread(event)
        | NotificationEvent::NotificationClicked(event)
        | NotificationEvent::NotificationArchived(event)
        | NotificationEvent::NotificationUnarchived(event)
        | NotificationEvent::NotificationDeleted(event) => event.notification_id,
    }
}
