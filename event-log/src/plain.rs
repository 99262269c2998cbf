//! Words that lie in the log as they are: of a program of before that did not seal this field yet, or of one that seals
//! nothing. No key makes them unreadable, so readers take them out once their owner was erased behind them.
//!
//! In the log itself they stay: it is never rewritten. Whose they are is looked up where they are met, and remembered.
//! Never in here: a key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::ids::UserId;
use aggregates::words::HasWords;
use aggregates::{StreamId, Unreadable};

use crate::port::{EventLog, EventLogError};
use crate::position::Position;
use crate::recorded::RecordedEvent;
use crate::sealing::erasure;

/// People with such words of whom is remembered where they were erased last; at the limit all are forgotten.
const OWNERS_MAX: usize = 100_000;
/// Events of a user's stream in memory at a time.
const PAGE_EVENTS: usize = 500;

/// Takes the words of the erased out of what is read. Clones share what they know.
#[derive(Clone, Default)]
pub(crate) struct PlainWords {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// Where they were erased last, the start where they never were.
    erased_at: HashMap<UserId, Position>,
    /// Grows with every erasure that passes: who looked before does not know of it.
    passed: u64,
}

impl PlainWords {
    /// Takes them out of a page of `log`.
    pub(crate) async fn lose(
        &self,
        log: &dyn EventLog,
        events: &mut [&mut RecordedEvent],
    ) -> Result<(), EventLogError> {
        let mut owners: HashMap<UserId, Position> = HashMap::new();
        for recorded in events.iter_mut() {
            if let Some(erased) = erasure(&recorded.event) {
                self.erased(&erased.user_id);
            }
            recorded.event.visit_words(&mut |place, words| {
                if words.was_never_sealed() && !owners.contains_key(place.owner) {
                    owners.insert(place.owner.clone(), Position::START);
                }
            });
        }
        if owners.is_empty() {
            return Ok(());
        }
        for (owner, erased_at) in &mut owners {
            *erased_at = self.erased_at(log, owner).await?;
        }
        for recorded in events {
            lose_before(recorded, |owner| owners.get(owner).copied());
        }
        Ok(())
    }

    /// Somebody was erased just now: what is remembered of them is not true any more.
    pub(crate) fn erased(&self, user: &UserId) {
        let mut known = self.known();
        known.passed += 1;
        known.erased_at.remove(user);
    }

    async fn erased_at(&self, log: &dyn EventLog, owner: &UserId) -> Result<Position, EventLogError> {
        let passed = {
            let known = self.known();
            if let Some(position) = known.erased_at.get(owner) {
                return Ok(*position);
            }
            known.passed
        };
        let position = last_erasure(log, owner).await?;
        let mut known = self.known();
        if known.passed == passed {
            if known.erased_at.len() >= OWNERS_MAX {
                known.erased_at.clear();
            }
            known.erased_at.insert(owner.clone(), position);
        }
        Ok(position)
    }

    // Every change under it is whole: a panic cannot leave it half changed.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn last_erasure(log: &dyn EventLog, owner: &UserId) -> Result<Position, EventLogError> {
    let (mut last, mut after) = (Position::START, 0);
    loop {
        let page = match log.read_stream(&StreamId::user(owner), after, PAGE_EVENTS).await {
            // A later program's event. What this one can read of theirs counts.
            Err(EventLogError::Unreadable { .. }) => return Ok(last),
            page => page?,
        };
        let Some(end) = page.last() else { return Ok(last) };
        after = end.sequence;
        let erasures = page.iter().filter(|recorded| erasure(&recorded.event).is_some());
        last = erasures.map(|recorded| recorded.position).fold(last, Position::max);
    }
}

/// Takes out what was said before `erased_at` of its owner.
pub(crate) fn lose_before(recorded: &mut RecordedEvent, erased_at: impl Fn(&UserId) -> Option<Position>) {
    let position = recorded.position;
    recorded.event.visit_words(&mut |place, words| {
        if words.was_never_sealed() && erased_at(place.owner).is_some_and(|erased_at| position < erased_at) {
            words.lose(Unreadable::Erased);
        }
    });
}
