//! The frame window: the newest frames that are a function of one event, by channel, for clients that were away.
//!
//! It holds the very bytes that sockets get. Frames come in the order of the log, each in constant time, and the oldest
//! go when there are too many bytes or when they are too many positions back: behind `base` it is complete, before it
//! nobody is served. Bookkeeping under the hub's lock. Never in here: a query, `unread`, anything about who is typing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::MessageDeleted;
use axum::extract::ws::Utf8Bytes;
use event_log::{CacheSize, Position};
use projections::inbox::Stay;

use super::found::{Found, Source, start, whole, within};
use super::read_mark::ReadMark;
use super::tombstones;
use crate::realtime::frames::Joined;
use crate::realtime::frames::{About, Cause, HintData};
use crate::realtime::people::mutes::Mutes;
use crate::realtime::protocol::socket_id::SocketId;

/// What an entry weighs beside its text: its places in the queue of its channel and in the order, and its part of both.
const ENTRY_BYTES: usize = 256;
/// A read position is told a moment after its event: whoever was cut off in that moment has the event's position and
/// not the frame.
const READS_MAY_BE_LATE_MS: i64 = 10_000;

/// What came to one channel.
pub(super) struct Kept {
    pub(super) position: Position,
    pub(super) words: Words,
    pub(super) except: Option<SocketId>,
    pub(super) about: Option<About>,
}

pub(super) enum Words {
    Frame(Utf8Bytes),
    /// One event of many people, a frame each.
    Joined(Arc<Joined>),
}

/// One that the members of a room have on their own channels, under the name of each.
pub(super) struct Hint {
    pub(super) room: RoomId,
    pub(super) position: Position,
    /// Of the message hinted at.
    pub(super) seq: Option<u64>,
    pub(super) event: &'static str,
    pub(super) data: HintData,
    /// Whom it passes by.
    pub(super) except: (Option<UserId>, Option<SocketId>),
}

struct Mark {
    mark: ReadMark,
    recorded_at: Option<Timestamp>,
    /// How far the tail was when it was told here.
    told_at: Option<Position>,
}

/// Whose oldest entry it is.
enum Owner {
    Channel(Arc<str>),
    Hints(RoomId),
    Mark(RoomId, UserId),
}

struct Placed {
    position: Position,
    recorded_at: Option<Timestamp>,
    bytes: usize,
    owner: Owner,
}

/// See the module.
pub(in crate::realtime) struct Window {
    bytes_max: usize,
    /// Positions back from the newest.
    events_max: u64,
    bytes: usize,
    /// Everything behind it is here; `None` until it was begun.
    base: Option<Position>,
    channels: HashMap<Arc<str>, VecDeque<Kept>>,
    hints: HashMap<RoomId, VecDeque<Hint>>,
    /// How far somebody has read, as their last event about it says.
    marks: HashMap<RoomId, HashMap<UserId, Mark>>,
    /// Everything above, oldest first.
    order: VecDeque<Placed>,
}

/// Who asks, for what.
pub(in crate::realtime) struct Listener<'a> {
    pub socket: Option<SocketId>,
    pub user: &'a UserId,
    pub channels: &'a [Heard],
    /// The rooms whose hints they get, under the name of the first channel.
    pub hints: Option<&'a HashMap<RoomId, Stay>>,
    /// Which of them they muted.
    pub mutes: Option<&'a Mutes>,
    /// The last position of interest.
    pub until: Position,
}

/// A channel, and how they are in the room whose members alone hear it.
pub(in crate::realtime) type Heard = (Arc<str>, Option<Stay>);

/// Where somebody stands: everything up to `position` was heard but for that position's frames after the first
/// `frames`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::realtime) struct Cursor {
    pub position: Position,
    /// `None`: all of them were heard.
    pub frames: Option<u32>,
}

/// A part of what there is behind a cursor.
pub(in crate::realtime) struct Part {
    pub frames: Vec<Utf8Bytes>,
    /// Where it ends.
    pub end: Cursor,
    pub has_more: bool,
}

impl Window {
    pub fn new(bytes_max: usize, events_max: u64) -> Self {
        Self {
            bytes_max,
            events_max,
            bytes: 0,
            base: None,
            channels: HashMap::new(),
            hints: HashMap::new(),
            marks: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether anything is kept at all.
    pub fn is_on(&self) -> bool {
        self.bytes_max > 0 && self.events_max > 0
    }

    /// Empty, and complete from here on.
    pub fn begin_at(&mut self, position: Position) {
        *self = Self { base: Some(position), ..Self::new(self.bytes_max, self.events_max) };
    }

    pub fn size(&self) -> CacheSize {
        let entries_max = self.bytes_max / ENTRY_BYTES;
        CacheSize { name: "frames", entries: self.order.len(), entries_max, bytes: Some(self.bytes) }
    }

    /// Whether everything behind `cursor` is here.
    pub fn covers(&self, cursor: Cursor) -> bool {
        // Of the position from which it is complete some frames may be gone.
        let from = match cursor.frames {
            Some(_) => Position(cursor.position.0.saturating_sub(1)),
            None => cursor.position,
        };
        self.is_on() && self.base.is_some_and(|base| from >= base)
    }

    pub fn keep(&mut self, channel: &str, cause: Cause, text: &Utf8Bytes, except: Option<SocketId>) {
        self.keep_words(channel, cause, (Words::Frame(text.clone()), text.len()), except);
    }

    /// Those who came in together weigh little more than their names.
    pub fn keep_joined(&mut self, channel: &str, cause: Cause, joined: &Arc<Joined>, except: Option<SocketId>) {
        self.keep_words(channel, cause, (Words::Joined(joined.clone()), joined.bytes()), except);
    }

    fn keep_words(&mut self, channel: &str, cause: Cause, (words, bytes): (Words, usize), except: Option<SocketId>) {
        if !self.is_on() {
            return;
        }
        let name = match self.channels.get_key_value(channel) {
            Some((name, _)) => name.clone(),
            None => Arc::from(channel),
        };
        let position = self.in_order(cause.position);
        let kept = Kept { position, words, except, about: cause.about };
        self.channels.entry(name.clone()).or_default().push_back(kept);
        self.place(position, cause.recorded_at, bytes, Owner::Channel(name));
    }

    pub fn keep_hint(
        &mut self,
        room: RoomId,
        (event, data): (&'static str, &HintData),
        cause: Cause,
        except: (Option<&UserId>, Option<SocketId>),
    ) {
        if !self.is_on() {
            return;
        }
        let position = self.in_order(cause.position);
        let except = (except.0.cloned(), except.1);
        let seq = cause.about.map(|about| about.seq);
        let hint = Hint { room, position, seq, event, data: data.clone(), except };
        self.hints.entry(room).or_default().push_back(hint);
        self.place(position, cause.recorded_at, data.bytes(), Owner::Hints(room));
    }

    /// A message is deleted: of what is kept of it the words go, the frames stay. Looks through what is kept of its room.
    pub fn blank(&mut self, channel: &str, event: &MessageDeleted) {
        let mut weighed = Vec::new();
        let is_of_it = |about: &Option<About>| about.is_some_and(|about| about.seq == event.seq);
        for kept in self.channels.get_mut(channel).into_iter().flatten().filter(|kept| is_of_it(&kept.about)) {
            let Words::Frame(text) = &kept.words else { continue };
            let Some(blank) = tombstones::frame(text, event) else { continue };
            weighed.push((kept.position, text.len(), blank.len()));
            kept.words = Words::Frame(blank);
        }
        for (position, before, now) in weighed.drain(..) {
            self.reweigh(position, |owner| matches!(owner, Owner::Channel(name) if **name == *channel), before, now);
        }
        let hints = self.hints.get_mut(&event.room_id).into_iter().flatten();
        for hint in hints.filter(|hint| hint.seq == Some(event.seq)) {
            let Some(blank) = tombstones::hint(&hint.data) else { continue };
            weighed.push((hint.position, hint.data.bytes(), blank.bytes()));
            hint.data = blank;
        }
        for (position, before, now) in weighed {
            self.reweigh(position, |owner| matches!(owner, Owner::Hints(room) if *room == event.room_id), before, now);
        }
    }

    /// What is too much now goes with the next frame.
    fn reweigh(&mut self, position: Position, is_it: impl Fn(&Owner) -> bool, before: usize, now: usize) {
        let first = self.order.partition_point(|placed| placed.position < position);
        let mut of_position = self.order.range_mut(first..).take_while(|placed| placed.position == position);
        if let Some(placed) = of_position.find(|placed| is_it(&placed.owner)) {
            placed.bytes = (placed.bytes + now).saturating_sub(before);
            self.bytes = (self.bytes + now).saturating_sub(before);
        }
    }

    pub fn mark(&mut self, room: RoomId, user: &UserId, mark: &ReadMark, recorded_at: Option<Timestamp>) {
        if !self.is_on() {
            return;
        }
        let position = self.in_order(mark.position);
        let marks = self.marks.entry(room).or_default();
        let mark = match marks.remove(user) {
            Some(before) => before.mark.later(mark.clone()),
            None => mark.clone(),
        };
        marks.insert(user.clone(), Mark { mark: ReadMark { position, ..mark }, recorded_at, told_at: None });
        self.place(position, recorded_at, user.as_str().len(), Owner::Mark(room, user.clone()));
    }

    /// It is told to those who listen, when the tail is at `at`.
    pub fn told(&mut self, room: RoomId, user: &UserId, mark: &ReadMark, at: Position) {
        let known = self.marks.get_mut(&room).and_then(|marks| marks.get_mut(user));
        if let Some(known) = known.filter(|known| known.mark.up_to_seq == mark.up_to_seq) {
            known.told_at = Some(at);
        }
    }

    /// Frames that would come behind later ones stand beside those, or looking for a position would not find them.
    fn in_order(&self, position: Position) -> Position {
        self.order.back().map_or(position, |last| last.position.max(position))
    }

    fn place(&mut self, position: Position, recorded_at: Option<Timestamp>, text_bytes: usize, owner: Owner) {
        let bytes = ENTRY_BYTES + text_bytes;
        self.bytes += bytes;
        self.order.push_back(Placed { position, recorded_at, bytes, owner });
        let reaches_to = position.0.saturating_sub(self.events_max);
        while self.bytes > self.bytes_max || self.order.front().is_some_and(|oldest| oldest.position.0 <= reaches_to) {
            let Some(oldest) = self.order.pop_front() else { break };
            self.drop_oldest(oldest);
        }
    }

    fn drop_oldest(&mut self, oldest: Placed) {
        self.bytes -= oldest.bytes;
        self.base = self.base.max(Some(oldest.position));
        match oldest.owner {
            Owner::Channel(name) => drop_front(&mut self.channels, &name),
            Owner::Hints(room) => drop_front(&mut self.hints, &room),
            Owner::Mark(room, user) => {
                let Some(marks) = self.marks.get_mut(&room) else { return };
                if marks.get(&user).is_some_and(|it| it.mark.position == oldest.position) {
                    marks.remove(&user);
                }
                if marks.is_empty() {
                    self.marks.remove(&room);
                }
            }
        }
    }

    /// How much there is behind `cursor`, counted until it is more than `enough`: a frame is one, and so are
    /// [`Joined::PEOPLE_AS_ONE`] people who came in together.
    pub fn count(&self, listener: &Listener<'_>, cursor: Cursor, enough: usize) -> usize {
        let found = self.sources(listener, cursor).into_iter().flat_map(Source::entries);
        found.take(enough.saturating_add(1)).map(|it| it.weight()).sum()
    }

    /// The first frames behind `cursor`, at least `limit` if there are as many: those of one position come together.
    pub fn behind(&self, listener: &Listener<'_>, cursor: Cursor, limit: usize) -> Part {
        let sources = self.sources(listener, cursor);
        let all: usize = sources.iter().map(Source::len).sum();
        let mut found: Vec<Found<'_>> = Vec::new();
        for source in sources {
            found.extend(whole(source.entries(), limit));
        }
        found.sort_by_key(Found::position);
        let mut frames = 0;
        let enough = found.iter().position(|it| {
            frames += it.len();
            frames >= limit
        });
        let end = match enough.and_then(|last| found.get(last)) {
            Some(last) => found.partition_point(|it| it.position() <= last.position()),
            None => found.len(),
        };
        let position = found[..end].last().map_or(cursor.position, Found::position);
        let mut heard = cursor.frames.unwrap_or_default() as usize;
        let mut frames = Vec::new();
        for it in found[..end].iter().filter(|it| !it.passes_by(listener)) {
            let of_it = it.frames(listener);
            let skipped = if it.position() == cursor.position { heard.min(of_it.len()) } else { 0 };
            heard -= skipped;
            frames.extend(of_it.into_iter().skip(skipped));
        }
        Part { frames, end: Cursor { position, frames: None }, has_more: end < all }
    }

    /// What there is of each channel and each room's hints.
    fn sources<'a>(&'a self, listener: &Listener<'a>, cursor: Cursor) -> Vec<Source<'a>> {
        let channels = listener.channels.iter().filter_map(|(name, stay)| {
            let kept = self.channels.get(name)?;
            let range = within(kept, start(stay.as_ref(), cursor), listener.until, |kept| kept.position);
            Some(Source::Kept(kept, range, stay.as_ref()))
        });
        let hints = listener.hints.into_iter().flatten().filter_map(|(room, stay)| {
            let hints = self.hints.get(room)?;
            let range = within(hints, start(Some(stay), cursor), listener.until, |hint| hint.position);
            Some(Source::Hints(hints, range))
        });
        channels.chain(hints).collect()
    }

    /// How far people have read in a room, of what may not have been told to somebody who stood at `position`: whoever
    /// has heard a later frame than the tail had then has heard what was told then.
    pub fn marks(&self, room: RoomId, position: Position) -> Vec<(UserId, ReadMark)> {
        let before = self.order.partition_point(|placed| placed.position <= position);
        let stood_at = self.order.range(..before).rev().find_map(|placed| placed.recorded_at);
        let late = |mark: &Mark| match (mark.told_at, stood_at, mark.recorded_at) {
            (Some(told_at), ..) => told_at >= position,
            (None, Some(stood_at), Some(at)) => at.as_millis() >= stood_at.as_millis() - READS_MAY_BE_LATE_MS,
            (None, None, _) | (None, _, None) => true,
        };
        let marks = self.marks.get(&room).into_iter().flatten();
        let untold = marks.filter(|(_, mark)| mark.mark.position > position || late(mark));
        let mut untold: Vec<_> = untold.map(|(user, mark)| (user.clone(), mark.mark.clone())).collect();
        untold.sort_by_key(|(_, mark)| mark.position);
        untold
    }
}

fn drop_front<K: std::hash::Hash + Eq, T>(queues: &mut HashMap<K, VecDeque<T>>, key: &K) {
    let Some(queue) = queues.get_mut(key) else { return };
    queue.pop_front();
    if queue.is_empty() {
        queues.remove(key);
    }
}
