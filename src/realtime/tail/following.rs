//! The log's tail, event by event, for the sockets of this node.
//!
//! Memberships are brought forward in the order of the log, between the frames of the events before and after. Events
//! that were imported move memberships and are otherwise passed over. What the frames say is in `telling`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{HistoryFrom, MemberRemoved, MembersAdded, RoomEvent, RoomKind, RoomOpened};
use aggregates::user::UserEvent;
use event_log::{EventLogError, Filter, Page, Position, RecordedEvent, Subscription};
use futures_util::future::join_all;
use projections::UnitName;
use projections::inbox::{RoomNature, UserRow};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::audience::{entrance, named, room_of_change, room_of_message, room_of_reading, wants};
use super::changes::Deletions;
use crate::realtime::frames::About;
use crate::realtime::inner::Inner;
use crate::realtime::people::memberships::Step;
use crate::realtime::presence::typing;

/// Events taken at a time: few enough to deliver in milliseconds.
const PAGE_EVENTS_MAX: usize = 200;
/// Rooms asked for at the same time; the view has other readers.
const NATURES_READ_AT_ONCE_MAX: usize = 4;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Until `stop`, or until the log holds something that cannot be read.
pub(in crate::realtime) async fn run(inner: &Inner, stop: &CancellationToken) -> Result<(), EventLogError> {
    let followed = tokio::select! {
        () = stop.cancelled() => Ok(()),
        followed = follow(inner) => followed,
    };
    if let Err(error) = &followed {
        tracing::error!(%error, "realtime cannot follow the log any further");
        inner.fail(Some(error.to_string()));
    }
    followed
}

async fn follow(inner: &Inner) -> Result<(), EventLogError> {
    let mut backoff = BACKOFF_FIRST;
    let head = loop {
        match inner.log.head().await {
            Ok(head) => break head,
            Err(error) => wait_out(inner, error, &mut backoff).await?,
        }
    };
    let mut tail = Tail { inner, natures: HashMap::new(), deletions: Deletions::default(), looks_back: true };
    let from = tail.look_back(head).await;
    tail.looks_back = false;
    let mut subscription = Subscription::new(inner.log.clone(), from, Filter::All);
    inner.hub.take(from, |_| ());
    inner.hub.delivered(from);
    loop {
        match subscription.next(PAGE_EVENTS_MAX).await {
            Ok(page) => {
                if backoff != BACKOFF_FIRST {
                    backoff = BACKOFF_FIRST;
                    inner.fail(None);
                }
                tail.deliver(&page).await;
                inner.hub.delivered(page.scanned_to);
            }
            Err(error) => wait_out(inner, error, &mut backoff).await?,
        }
    }
}

/// A log that cannot be reached is tried again; anything else ends the tail.
async fn wait_out(inner: &Inner, error: EventLogError, backoff: &mut Duration) -> Result<(), EventLogError> {
    match error {
        EventLogError::Unavailable(_) => {
            tracing::warn!(%error, retry_ms = backoff.as_millis(), "realtime waits for the log");
            inner.fail(Some(error.to_string()));
            tokio::time::sleep(*backoff).await;
            *backoff = (*backoff * 2).min(BACKOFF_MAX);
            Ok(())
        }
        EventLogError::Unreadable { .. } | EventLogError::Corrupt(_) | EventLogError::Closed => Err(error),
    }
}

pub(super) type People = HashMap<UserId, Arc<UserRow>>;

pub(super) struct Tail<'a> {
    pub(super) inner: &'a Inner,
    natures: HashMap<RoomId, RoomNature>,
    /// Of messages, the newest.
    pub(super) deletions: Deletions,
    /// What it reads happened before this start.
    looks_back: bool,
}

impl Tail<'_> {
    /// Makes the frames of the newest events before anybody listens, for those who come back to a node that was
    /// restarted. Answers from where on everything is told as it comes.
    async fn look_back(&mut self, head: Position) -> Position {
        let (log, config) = (&self.inner.log, &self.inner.config);
        let events = if config.keeps_window() { config.window_events_max } else { 0 };
        let mut position = Position(head.0.saturating_sub(events));
        self.inner.hub.begin_window(position);
        if position < head && self.inner.views.wait_for(UnitName::Inbox, head, config.view_patience).await.is_err() {
            tracing::debug!("frames from before this start may lack names: the inbox is behind");
        }
        while position < head {
            let error = match log.read_after(position, PAGE_EVENTS_MAX, Filter::All).await {
                Ok(page) if page.scanned_to > position => {
                    self.deliver(&page).await;
                    position = page.scanned_to;
                    continue;
                }
                Ok(_) => break,
                Err(error) => error,
            };
            // What cannot be read now is in the past: clients from before it reload, the tail goes on behind it.
            let behind = match &error {
                EventLogError::Unreadable { position, .. } => *position,
                EventLogError::Corrupt(_) | EventLogError::Closed | EventLogError::Unavailable(_) => head,
            };
            tracing::warn!(%error, position = behind.0, "frames from before this start are not all there");
            position = behind.min(head);
            self.inner.hub.begin_window(position);
        }
        position.max(head)
    }

    async fn deliver(&mut self, page: &Page) {
        for recorded in &page.events {
            self.inner.directory.note(recorded);
        }
        let keeps_window = self.inner.config.keeps_window();
        let wanted: Vec<bool> = self.inner.hub.take(page.scanned_to, |interest| {
            // Who comes in within the page hears what is said behind it, and is not counted as inside yet.
            let mut entered = HashSet::new();
            let mut look = |recorded: &RecordedEvent| {
                entered.extend(entrance(interest, recorded));
                let said = room_of_message(recorded).is_some_and(|room| entered.contains(&room));
                recorded.metadata.origin.is_live() && (keeps_window || said || wants(interest, recorded))
            };
            page.events.iter().map(|recorded| look(recorded)).collect()
        });
        let wanted_events = page.events.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let rendered: Vec<&RecordedEvent> = wanted_events.map(|(recorded, _)| &**recorded).collect();
        let people = self.people(&rendered).await;
        self.know_natures(&rendered).await;
        for (recorded, wanted) in page.events.iter().zip(wanted) {
            self.bring_forward(recorded);
            if wanted {
                let span = tracing::debug_span!(
                    "frames",
                    correlation = recorded.metadata.correlation.map(tracing::field::display),
                    position = recorded.position.0,
                    event = recorded.event.schema().name()
                );
                self.tell(recorded, &people).instrument(span).await;
                self.inner.hub.wake();
            }
        }
    }

    /// Names are for show: without them frames go out with ids.
    async fn people(&self, events: &[&RecordedEvent]) -> People {
        let mut ids: Vec<UserId> = events.iter().copied().flat_map(named).cloned().collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return People::new();
        }
        self.inner.directory.people(&ids).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "frames go out without names");
            People::new()
        })
    }

    /// Memberships, mutes and blocks, what never changes about a room, and who is erased.
    fn bring_forward(&mut self, recorded: &RecordedEvent) {
        let hub = &self.inner.hub;
        if let DomainEvent::User(UserEvent::UserErased(_)) = &recorded.event {
            // Their words and names are in frames from before.
            hub.begin_window(recorded.position);
        }
        // One from before this start has nobody here; whoever came back under the id since is somebody new.
        if let Some(user) = event_log::last_seen::erased(&recorded.event).filter(|_| !self.looks_back) {
            hub.erased(user);
            typing::forget(self.inner, user);
        }
        if let DomainEvent::Relationship(RelationshipEvent::UserBlocked(Directed { from, to, .. })) = &recorded.event {
            hub.blocked(recorded.position, from, to, true);
        }
        if let DomainEvent::Relationship(RelationshipEvent::UserUnblocked(Directed { from, to, .. })) = &recorded.event
        {
            hub.blocked(recorded.position, from, to, false);
        }
        if let DomainEvent::Participant(ParticipantEvent::RoomArranged(event)) = &recorded.event {
            hub.arranged(recorded.position, event);
        }
        let DomainEvent::Room(event) = &recorded.event else { return };
        match event {
            RoomEvent::RoomOpened(event) => {
                self.keep_nature(event.room_id, nature(event));
                for member in &event.members {
                    hub.stepped(recorded.position, event.room_id, &member.user_id, Step::CameIn { join_seq: 0 });
                }
            }
            RoomEvent::MembersAdded(MembersAdded { room_id, members, join_seq, .. }) => {
                self.inner.sizes.forget(*room_id);
                for member in members {
                    let step = Step::CameIn { join_seq: *join_seq };
                    hub.stepped(recorded.position, *room_id, &member.user_id, step);
                }
            }
            RoomEvent::MemberRemoved(MemberRemoved { room_id, user_id, .. }) => {
                self.inner.sizes.forget(*room_id);
                hub.stepped(recorded.position, *room_id, user_id, Step::WentOut);
            }
            RoomEvent::MessageDeleted(event) => {
                self.deletions.note(recorded.position, event);
                hub.message_gone(event);
            }
            RoomEvent::MemberRoleChanged(_)
            | RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageEdited(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_)
            | RoomEvent::MessageSent(_) => {}
        }
    }

    /// Asks for the rooms of a page side by side: one after the other they would hold up everybody's frames.
    async fn know_natures(&mut self, events: &[&RecordedEvent]) {
        let of_message = |recorded: &RecordedEvent| room_of_message(recorded).or_else(|| room_of_reading(recorded));
        let rooms = events.iter().filter_map(|recorded| of_message(recorded).or_else(|| room_of_change(recorded)));
        let unknown: HashSet<RoomId> = rooms.filter(|room| !self.natures.contains_key(room)).collect();
        let inbox = self.inner.views.inbox();
        for some in unknown.into_iter().collect::<Vec<_>>().chunks(NATURES_READ_AT_ONCE_MAX) {
            let answers = join_all(some.iter().map(|room| inbox.room_nature(*room))).await;
            for (room, answer) in some.iter().zip(answers) {
                // One that is not answered is asked for again when its event is told.
                if let Ok(Some(nature)) = answer {
                    self.keep_nature(*room, nature);
                }
            }
        }
    }

    async fn nature(&mut self, room: RoomId) -> Option<RoomNature> {
        if let Some(nature) = self.natures.get(&room) {
            return Some(nature.clone());
        }
        match self.inner.views.inbox().room_nature(room).await {
            Ok(nature) => {
                let nature = nature?;
                self.keep_nature(room, nature.clone());
                Some(nature)
            }
            Err(error) => {
                tracing::warn!(%error, "frames go out without what their room is");
                None
            }
        }
    }

    /// The two of a room, when it is one of two.
    pub(super) async fn pair(&mut self, room: RoomId) -> Option<(UserId, UserId)> {
        self.nature(room).await?.pair
    }

    /// A message of a room. While nobody can say what the room is, it is for those who were there.
    pub(super) async fn about(&mut self, room: RoomId, seq: u64) -> About {
        let history_from = self.nature(room).await.map_or(HistoryFrom::Join, |nature| nature.history_from);
        About { room, seq, history_from }
    }

    fn keep_nature(&mut self, room: RoomId, nature: RoomNature) {
        if self.natures.len() >= self.inner.config.rooms_remembered_max {
            self.natures.clear();
        }
        self.natures.insert(room, nature);
    }
}

fn nature(opened: &RoomOpened) -> RoomNature {
    let pair = match (opened.kind, opened.members.as_slice()) {
        (RoomKind::Direct | RoomKind::MentorStudent, [a, b]) => Some((a.user_id.clone(), b.user_id.clone())),
        (RoomKind::Direct | RoomKind::Group | RoomKind::MentorStudent | RoomKind::Support, _) => None,
    };
    RoomNature { pair, history_from: opened.history_from }
}
