//! What keys make of the words of a log, found out by reading it. Never in here: a secret, a change.

use std::collections::HashSet;

use aggregates::user::UserEvent;
use aggregates::words::HasWords;
use aggregates::{DomainEvent, KeyId};

use crate::port::EventLogError;
use crate::raw::{self, BEGINNING, Place, RawLog, Reading};
use crate::sealing::looking::{KeysLook, Standing};
use crate::store_url::StoreUrl;

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;
/// Keys without a secret that are remembered while looking for one that has it.
const CLOSED_MAX: usize = 100_000;

/// What keys make of a log's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// At least one can be read with them.
    Opened,
    /// There are none, but for those of people who were erased.
    None,
    /// There are, and not one can be read.
    Closed,
}

/// What the keys `ids` make of the words of the log at `log`.
pub async fn words_opened_by(log: &StoreUrl, ids: &HashSet<KeyId>) -> Result<Words, EventLogError> {
    words(&mut *raw::look(log, Reading::Moving).await?, Opener::Ids(ids)).await
}

/// The same of the keys that are at `keys`.
pub async fn words_opened_at(log: &StoreUrl, keys: &StoreUrl) -> Result<Words, EventLogError> {
    let mut place = KeysLook::at(keys).await?;
    words(&mut *raw::look(log, Reading::Moving).await?, Opener::Place(&mut place)).await
}

/// Those of `ids` that words in the log at `log` are sealed with, and what they make of it. Reads all of it.
pub async fn named_among(log: &StoreUrl, ids: &HashSet<KeyId>) -> Result<(Words, HashSet<KeyId>), EventLogError> {
    let mut log = raw::look(log, Reading::Moving).await?;
    let mut met = KeysMet::of(&mut *log).await?;
    let mut named = HashSet::new();
    while let Some(page) = met.page().await? {
        let (these, others) = page.into_iter().partition(|key| ids.contains(key));
        named.extend::<Vec<KeyId>>(these);
        met.closed.add(others);
    }
    Ok((if named.is_empty() { met.closed.words() } else { Words::Opened }, named))
}

pub(super) enum Opener<'a> {
    Place(&'a mut KeysLook),
    Ids(&'a HashSet<KeyId>),
}

impl Opener<'_> {
    async fn any(&mut self, keys: &[KeyId]) -> Result<bool, EventLogError> {
        Ok(match self {
            Self::Place(look) => look.standing(keys).await?.values().any(|standing| *standing == Standing::Here),
            Self::Ids(ids) => keys.iter().any(|key| ids.contains(key)),
        })
    }
}

/// Reads until the first word that opens. A dropped key says nothing: it may have been noted by whoever passed an erasure.
pub(super) async fn words(log: &mut dyn RawLog, mut opener: Opener<'_>) -> Result<Words, EventLogError> {
    let mut met = KeysMet::of(log).await?;
    while let Some(page) = met.page().await? {
        if !page.is_empty() && opener.any(&page).await? {
            return Ok(Words::Opened);
        }
        met.closed.add(page);
    }
    Ok(met.closed.words())
}

/// The keys of a log's words, page by page, each told until it is closed.
struct KeysMet<'a> {
    log: &'a mut dyn RawLog,
    head: i64,
    place: Place,
    closed: Closed,
}

impl<'a> KeysMet<'a> {
    async fn of(log: &'a mut dyn RawLog) -> Result<Self, EventLogError> {
        let head = log.facts().await?.head;
        Ok(Self { log, head, place: BEGINNING, closed: Closed::up_to(CLOSED_MAX) })
    }

    /// `None` at the end.
    async fn page(&mut self) -> Result<Option<Vec<KeyId>>, EventLogError> {
        let page = self.log.page(self.place, self.head, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.place = (last.position, last.event_id);
        let mut met: HashSet<KeyId> = HashSet::new();
        // What this program cannot read says nothing of keys.
        for mut recorded in page.iter().filter_map(|row| row.read().ok()) {
            recorded.event.visit_words(&mut |_, words| met.extend(words.key()));
            if let DomainEvent::User(UserEvent::UserErased(told)) = &recorded.event {
                self.closed.erased.extend(&told.keys);
            }
        }
        Ok(Some(met.into_iter().filter(|key| !self.closed.keys.contains(key)).collect()))
    }
}

/// Keys that open nothing, up to a limit.
struct Closed {
    keys: HashSet<KeyId>,
    keys_max: usize,
    /// There were more.
    full: bool,
    /// Named by an erasure.
    erased: HashSet<KeyId>,
}

impl Closed {
    fn up_to(keys_max: usize) -> Self {
        Self { keys: HashSet::new(), keys_max, full: false, erased: HashSet::new() }
    }

    /// Those of people who were erased are forgotten before anything else is.
    fn add(&mut self, keys: Vec<KeyId>) {
        if self.keys.len() + keys.len() > self.keys_max {
            self.keys.retain(|key| !self.erased.contains(key));
        }
        for key in keys.into_iter().filter(|key| !self.erased.contains(key)) {
            if self.keys.len() >= self.keys_max {
                self.full = true;
                break;
            }
            self.keys.insert(key);
        }
    }

    /// What the log's words are when none was opened. What was not remembered counts as somebody's.
    fn words(&self) -> Words {
        let left = self.full || self.keys.iter().any(|key| !self.erased.contains(key));
        if left { Words::Closed } else { Words::None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: &str) -> KeyId {
        KeyId::parse(&letter.repeat(22)).expect("an id")
    }

    #[test]
    fn whoever_is_left_behind_many_erased_is_not_overlooked() {
        let mut closed = Closed::up_to(2);
        closed.add(vec![key("a"), key("b")]);
        closed.erased.extend([key("a"), key("b")]);
        assert_eq!(closed.words(), Words::None);
        closed.add(vec![key("c")]);
        assert_eq!((closed.words(), closed.full), (Words::Closed, false), "the erased make room");
        closed.erased.insert(key("c"));
        assert_eq!(closed.words(), Words::None);
    }

    #[test]
    fn of_more_than_are_remembered_nobody_says_that_they_were_erased() {
        let mut closed = Closed::up_to(2);
        closed.add(vec![key("a"), key("b"), key("c")]);
        closed.erased.extend([key("a"), key("b"), key("c")]);
        assert_eq!(closed.words(), Words::Closed);
    }
}
