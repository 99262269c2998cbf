//! The frame window: the newest frames that are a function of one event, by channel, for clients that were away.
//!
//! It holds the very bytes that sockets get. Frames come in the order of the log, each in constant time, and the oldest
//! go when there are too many bytes or when they are too many positions back: behind `base` it is complete, before it
//! nobody is served. Bookkeeping under the hub's lock. Never in here: a query, `unread`, anything about who is typing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::{CacheSize, Position};

use super::frame::Cause;
use super::mutes::Mutes;
use super::people::Step;
use super::protocol::EventData;
use super::reads::ReadMark;
use super::socket_id::SocketId;

/// What an entry weighs beside its text: its places in the queue of its channel and in the order, and its part of both.
const ENTRY_BYTES: usize = 256;
/// A read position is told a moment after its event: whoever was cut off in that moment has the event's position and
/// not the frame.
const READS_MAY_BE_LATE_MS: i64 = 10_000;

/// A frame of one channel.
struct Kept {
    position: Position,
    text: Utf8Bytes,
    except: Option<SocketId>,
}

/// What a hint says, to whom has muted its room and to whom has not.
#[derive(Clone)]
pub(super) struct HintData {
    pub muted: EventData,
    pub heard: EventData,
    /// When what it hints at was said: mutes end.
    pub said_at: Timestamp,
}

impl HintData {
    pub fn when(&self, muted: bool) -> &EventData {
        if muted { &self.muted } else { &self.heard }
    }
}

/// One that the members of a room have on their own channels, under the name of each.
struct Hint {
    room: RoomId,
    position: Position,
    event: &'static str,
    data: HintData,
    /// Whom it passes by.
    except: (Option<UserId>, Option<SocketId>),
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
    Passage(RoomId, UserId),
    Mark(RoomId, UserId),
}

struct Placed {
    position: Position,
    recorded_at: Option<Timestamp>,
    bytes: usize,
    owner: Owner,
}

/// See the module.
pub(super) struct Window {
    bytes_max: usize,
    /// Positions back from the newest.
    events_max: u64,
    bytes: usize,
    /// Everything behind it is here; `None` until it was begun.
    base: Option<Position>,
    channels: HashMap<Arc<str>, VecDeque<Kept>>,
    hints: HashMap<RoomId, VecDeque<Hint>>,
    /// The last time somebody came into a room or went out of it.
    passages: HashMap<UserId, HashMap<RoomId, (Position, Step)>>,
    /// How far somebody has read, as their last event about it says.
    marks: HashMap<RoomId, HashMap<UserId, Mark>>,
    /// Everything above, oldest first.
    order: VecDeque<Placed>,
}

/// Who asks, for what.
pub(super) struct Listener<'a> {
    pub socket: Option<SocketId>,
    pub user: &'a UserId,
    pub channels: &'a [Heard],
    /// The rooms whose hints they get, under the name of the first channel.
    pub hints: Option<&'a HashSet<RoomId>>,
    /// Which of them they muted.
    pub mutes: Option<&'a Mutes>,
    /// The last position of interest.
    pub until: Position,
}

/// A channel, and the room whose members alone hear it.
pub(super) type Heard = (Arc<str>, Option<RoomId>);

/// Where somebody stands: everything up to `position` was heard but for that position's frames after the first
/// `frames`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub position: Position,
    /// `None`: all of them were heard.
    pub frames: Option<u32>,
}

/// A part of what there is behind a cursor.
pub(super) struct Part {
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
            passages: HashMap::new(),
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
        if !self.is_on() {
            return;
        }
        let name = match self.channels.get_key_value(channel) {
            Some((name, _)) => name.clone(),
            None => Arc::from(channel),
        };
        let position = self.in_order(cause.position);
        self.channels.entry(name.clone()).or_default().push_back(Kept { position, text: text.clone(), except });
        self.place(position, cause.recorded_at, text.len(), Owner::Channel(name));
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
        let hint = Hint { room, position, event, data: data.clone(), except };
        self.hints.entry(room).or_default().push_back(hint);
        let bytes = data.heard.bytes() + data.muted.bytes();
        self.place(position, cause.recorded_at, bytes, Owner::Hints(room));
    }

    pub fn passed(&mut self, position: Position, room: RoomId, user: &UserId, step: Step) {
        if !self.is_on() {
            return;
        }
        let position = self.in_order(position);
        self.passages.entry(user.clone()).or_default().insert(room, (position, step));
        self.place(position, None, user.as_str().len(), Owner::Passage(room, user.clone()));
    }

    /// The rooms that somebody came into or went out of behind `after`, the last step of each.
    pub fn passages(&self, user: &UserId, after: Position, until: Position) -> Vec<(RoomId, Step)> {
        let passages = self.passages.get(user).into_iter().flatten();
        let within = passages.filter(|(_, (position, _))| (after..=until).contains(position) && *position != after);
        let mut within: Vec<_> = within.map(|(room, (position, step))| (*position, *room, *step)).collect();
        within.sort_unstable_by_key(|(position, room, _)| (*position, *room));
        within.into_iter().map(|(_, room, step)| (room, step)).collect()
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
            Owner::Passage(room, user) => {
                let Some(passages) = self.passages.get_mut(&user) else { return };
                if passages.get(&room).is_some_and(|(position, _)| *position == oldest.position) {
                    passages.remove(&room);
                }
                if passages.is_empty() {
                    self.passages.remove(&user);
                }
            }
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

    /// How many frames there are behind `cursor`.
    pub fn count(&self, listener: &Listener<'_>, cursor: Cursor) -> usize {
        self.sources(listener, cursor).iter().map(Source::len).sum()
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
        let end = match found.get(limit.saturating_sub(1)) {
            Some(last) => found.partition_point(|it| it.position() <= last.position()),
            None => found.len(),
        };
        let position = found[..end].last().map_or(cursor.position, Found::position);
        let heard = cursor.frames.unwrap_or_default() as usize;
        let mut skipped = 0;
        let frames = found[..end].iter().filter(|it| !it.passes_by(listener)).filter(|it| {
            let skip = it.position() == cursor.position && skipped < heard;
            skipped += usize::from(skip);
            !skip
        });
        let frames = frames.map(|it| it.frame(listener)).collect();
        Part { frames, end: Cursor { position, frames: None }, has_more: end < all }
    }

    /// What there is of each channel and each room's hints.
    fn sources(&self, listener: &Listener<'_>, cursor: Cursor) -> Vec<Source<'_>> {
        let channels = listener.channels.iter().filter_map(|(name, room)| {
            let kept = self.channels.get(name)?;
            let range = within(kept, self.start(listener, *room, cursor), listener.until, |kept| kept.position);
            Some(Source::Kept(kept, range))
        });
        let hints = listener.hints.into_iter().flatten().filter_map(|room| {
            let hints = self.hints.get(room)?;
            let range = within(hints, self.start(listener, Some(*room), cursor), listener.until, |hint| hint.position);
            Some(Source::Hints(hints, range))
        });
        channels.chain(hints).collect()
    }

    /// The first position whose frames they get: never one before they came in.
    fn start(&self, listener: &Listener<'_>, room: Option<RoomId>, cursor: Cursor) -> Position {
        let from = match cursor.frames {
            Some(_) => cursor.position,
            None => Position(cursor.position.0 + 1),
        };
        let passage = room.and_then(|room| self.passages.get(listener.user)?.get(&room));
        match passage {
            Some((came_in, Step::CameIn)) => from.max(Position(came_in.0 + 1)),
            // Who asks is in the room as far as they may ask: what was left was left behind that.
            Some((_, Step::WentOut)) | None => from,
        }
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

enum Found<'a> {
    Kept(&'a Kept),
    Hint(&'a Hint),
}

impl Found<'_> {
    fn position(&self) -> Position {
        match self {
            Found::Kept(kept) => kept.position,
            Found::Hint(hint) => hint.position,
        }
    }

    fn passes_by(&self, listener: &Listener<'_>) -> bool {
        let (user, socket) = match self {
            Found::Kept(kept) => (None, kept.except),
            Found::Hint(hint) => (hint.except.0.as_ref(), hint.except.1),
        };
        (socket.is_some() && socket == listener.socket) || user == Some(listener.user)
    }

    fn frame(&self, listener: &Listener<'_>) -> Utf8Bytes {
        match self {
            Found::Kept(kept) => kept.text.clone(),
            Found::Hint(hint) => {
                let channel = listener.channels.first().map_or("", |(name, _)| name);
                let muted = listener.mutes.is_some_and(|mutes| mutes.holds(hint.room, hint.data.said_at));
                hint.data.when(muted).frame(hint.event, channel)
            }
        }
    }
}

/// A part of one queue.
enum Source<'a> {
    Kept(&'a VecDeque<Kept>, Range<usize>),
    Hints(&'a VecDeque<Hint>, Range<usize>),
}

impl<'a> Source<'a> {
    fn len(&self) -> usize {
        match self {
            Source::Kept(_, range) | Source::Hints(_, range) => range.len(),
        }
    }

    fn entries(self) -> Box<dyn Iterator<Item = Found<'a>> + 'a> {
        match self {
            Source::Kept(kept, range) => Box::new(kept.range(range).map(Found::Kept)),
            Source::Hints(hints, range) => Box::new(hints.range(range).map(Found::Hint)),
        }
    }
}

fn within<T>(
    entries: &VecDeque<T>,
    start: Position,
    until: Position,
    position: impl Fn(&T) -> Position,
) -> Range<usize> {
    let first = entries.partition_point(|entry| position(entry) < start);
    first..first.max(entries.partition_point(|entry| position(entry) <= until))
}

/// At least `limit`, never only some of one position.
fn whole<'a>(entries: impl Iterator<Item = Found<'a>>, limit: usize) -> impl Iterator<Item = Found<'a>> {
    let mut last = None;
    entries.enumerate().map_while(move |(before, entry)| {
        let position = entry.position();
        let more = before < limit || last == Some(position);
        last = Some(position);
        more.then_some(entry)
    })
}

fn drop_front<K: std::hash::Hash + Eq, T>(queues: &mut HashMap<K, VecDeque<T>>, key: &K) {
    let Some(queue) = queues.get_mut(key) else { return };
    queue.pop_front();
    if queue.is_empty() {
        queues.remove(key);
    }
}
