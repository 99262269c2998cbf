//! What the window has for somebody: which part of each queue, which of it they may hear, and as which frames.

use std::collections::VecDeque;
use std::ops::Range;

use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::inbox::Stay;

use super::window::{Cursor, Hint, Kept, Listener, Words};
use crate::realtime::frames::Joined;

/// The first position whose frames they get: never one before they came in.
pub(super) fn start(stay: Option<&Stay>, cursor: Cursor) -> Position {
    let from = match cursor.frames {
        Some(_) => cursor.position,
        None => Position(cursor.position.0 + 1),
    };
    stay.map_or(from, |stay| from.max(Position(stay.from.0 + 1)))
}

pub(super) enum Found<'a> {
    /// With how the listener is in its room.
    Kept(&'a Kept, Option<&'a Stay>),
    Hint(&'a Hint),
}

impl Found<'_> {
    pub fn position(&self) -> Position {
        match self {
            Found::Kept(kept, _) => kept.position,
            Found::Hint(hint) => hint.position,
        }
    }

    pub fn passes_by(&self, listener: &Listener<'_>) -> bool {
        let (user, socket) = match self {
            // Of messages that they may not read they hear nothing.
            Found::Kept(kept, stay) if kept.about.is_some_and(|about| !about.is_for(*stay)) => return true,
            Found::Kept(kept, _) => (None, kept.except),
            Found::Hint(hint) => (hint.except.0.as_ref(), hint.except.1),
        };
        (socket.is_some() && socket == listener.socket) || user == Some(listener.user)
    }

    /// Frames.
    pub fn len(&self) -> usize {
        match self {
            Found::Kept(Kept { words: Words::Joined(joined), .. }, _) => joined.len(),
            Found::Kept(..) | Found::Hint(_) => 1,
        }
    }

    pub fn weight(&self) -> usize {
        match self {
            Found::Kept(Kept { words: Words::Joined(joined), .. }, _) => joined.len().div_ceil(Joined::PEOPLE_AS_ONE),
            Found::Kept(..) | Found::Hint(_) => 1,
        }
    }

    pub fn frames(&self, listener: &Listener<'_>) -> Vec<Utf8Bytes> {
        let own = || listener.channels.first().map_or("", |(name, _)| name);
        match self {
            Found::Kept(Kept { words: Words::Frame(text), .. }, _) => vec![text.clone()],
            Found::Kept(Kept { words: Words::Joined(joined), .. }, _) => joined.frames(&joined.channel()).collect(),
            Found::Hint(hint) => {
                let muted = listener.mutes.is_some_and(|mutes| mutes.holds(hint.room, hint.data.said_at));
                vec![hint.data.when(muted).frame(hint.event, own())]
            }
        }
    }
}

/// A part of one queue.
pub(super) enum Source<'a> {
    Kept(&'a VecDeque<Kept>, Range<usize>, Option<&'a Stay>),
    Hints(&'a VecDeque<Hint>, Range<usize>),
}

impl<'a> Source<'a> {
    pub fn len(&self) -> usize {
        match self {
            Source::Kept(_, range, _) | Source::Hints(_, range) => range.len(),
        }
    }

    pub fn entries(self) -> Box<dyn Iterator<Item = Found<'a>> + 'a> {
        match self {
            Source::Kept(kept, range, stay) => Box::new(kept.range(range).map(move |kept| Found::Kept(kept, stay))),
            Source::Hints(hints, range) => Box::new(hints.range(range).map(Found::Hint)),
        }
    }
}

pub(super) fn within<T>(
    entries: &VecDeque<T>,
    start: Position,
    until: Position,
    position: impl Fn(&T) -> Position,
) -> Range<usize> {
    let first = entries.partition_point(|entry| position(entry) < start);
    first..first.max(entries.partition_point(|entry| position(entry) <= until))
}

/// At least `limit`, never only some of one position.
pub(super) fn whole<'a>(entries: impl Iterator<Item = Found<'a>>, limit: usize) -> impl Iterator<Item = Found<'a>> {
    let mut last = None;
    entries.enumerate().map_while(move |(before, entry)| {
        let position = entry.position();
        let more = before < limit || last == Some(position);
        last = Some(position);
        more.then_some(entry)
    })
}
