//! Who people are, at hand: names and pictures for answers and frames without asking the view each time.
//!
//! Separate because answers (which ask the view) and realtime (which hears of changes first, from the log's tail) share
//! it. A bounded cache and nothing more: the inbox is the truth. Never in here: a decision, a write.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::user::{Profile, UserEvent};
use event_log::{CacheSize, Position, RecordedEvent};
use projections::inbox::UserRow;
use projections::inbox::rows::Person;
use projections::{ReadError, UnitName, Views};

use crate::commands::Filled;
use crate::config::CachesConfig;

/// How long a message that was sent already waits to say to whom.
const PAIR_WAIT_MAX: Duration = Duration::from_secs(1);

/// The two of a DIRECT room.
pub type Pair = (UserId, UserId);

/// A handle; clones share what is known.
#[derive(Clone)]
pub struct Directory {
    views: Views,
    known: Arc<RwLock<Known>>,
    /// `None` for rooms of many. Who the two are never changes.
    pairs: Arc<RwLock<HashMap<RoomId, Option<Pair>>>>,
    pairs_max: usize,
    /// What sessions have told it, forgotten with whoever is erased.
    filled: Arc<Filled>,
}

impl Directory {
    /// At a limit of `caches` all of its kind are forgotten, and asked for again as they come up.
    pub fn new(views: Views, caches: &CachesConfig) -> Self {
        Self {
            views,
            known: Arc::new(RwLock::new(Known::holding(caches.people_max))),
            pairs: Arc::default(),
            pairs_max: caches.rooms_max,
            filled: Arc::new(Filled::up_to(caches.sessions_max)),
        }
    }

    /// What is known right now. For operators.
    pub fn caches(&self) -> Vec<CacheSize> {
        let (people, people_max) = {
            let known = self.read();
            (known.people.len(), known.people_max)
        };
        let pairs = self.pairs.read().unwrap_or_else(PoisonError::into_inner).len();
        vec![
            CacheSize::counted("people", people, people_max),
            CacheSize::counted("rooms", pairs, self.pairs_max),
            self.filled.size(),
        ]
    }

    /// What sessions have told the directory.
    pub fn filled(&self) -> Arc<Filled> {
        Arc::clone(&self.filled)
    }

    /// Those of `ids` that Kabar has heard of.
    pub async fn people(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<UserRow>>, ReadError> {
        let mut people = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        {
            let known = self.read();
            for id in ids {
                match known.people.get(id) {
                    Some(entry) => drop(people.insert(id.clone(), entry.row.clone())),
                    None => missing.push(id.clone()),
                }
            }
        }
        if missing.is_empty() {
            return Ok(people);
        }
        missing.sort_unstable();
        missing.dedup();
        // Read *before* the rows: they are at least as new as this says.
        let as_of = *self.views.progress(UnitName::Inbox).borrow();
        let rows = self.views.inbox().users(&missing).await?;
        let mut known = self.write();
        for row in rows {
            let row = known.fill(row, as_of);
            people.insert(row.id.clone(), row);
        }
        Ok(people)
    }

    pub async fn person(&self, id: &UserId) -> Result<Option<Arc<UserRow>>, ReadError> {
        Ok(self.people(std::slice::from_ref(id)).await?.remove(id))
    }

    /// The two of a DIRECT room that `member` was in at `position`; `None` for a room of many, or one that the view does
    /// not show in time.
    pub async fn direct_pair(
        &self,
        room: RoomId,
        member: &UserId,
        position: Position,
    ) -> Result<Option<Pair>, ReadError> {
        if let Some(pair) = self.pairs.read().unwrap_or_else(PoisonError::into_inner).get(&room) {
            return Ok(pair.clone());
        }
        if self.views.wait_for(UnitName::Inbox, position, PAIR_WAIT_MAX).await.is_err() {
            tracing::warn!(%room, %position, "the inbox view is behind: a message is shown without its receiver");
        }
        let Some(row) = self.views.inbox().room(room, member).await? else { return Ok(None) };
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        if pairs.len() >= self.pairs_max {
            pairs.clear();
        }
        pairs.insert(room, row.pair.clone());
        Ok(row.pair)
    }

    /// Takes what an event says of somebody; other events do not concern it. To be called in the order of the log.
    pub fn note(&self, recorded: &RecordedEvent) {
        let (user_id, person) = match &recorded.event {
            DomainEvent::User(UserEvent::UserRegistered(event)) => (&event.user_id, person_of(&event.profile)),
            DomainEvent::User(UserEvent::ProfileChanged(event)) => (&event.user_id, person_of(&event.profile)),
            // Nobody any more: shown by their id alone, and no row that is on its way brings the name back.
            DomainEvent::User(UserEvent::UserErased(event)) => {
                self.filled.forget(&event.user_id, recorded.position);
                (&event.user_id, Person::default())
            }
            DomainEvent::Room(_)
            | DomainEvent::Participant(_)
            | DomainEvent::Relationship(_)
            | DomainEvent::Notification(_)
            | DomainEvent::Feed(_)
            | DomainEvent::Report(_)
            | DomainEvent::Preferences(_)
            | DomainEvent::Subscription(_) => return,
        };
        let row = UserRow { id: user_id.clone(), person };
        self.write().note(row, recorded.position);
    }

    // A panic while it was held cannot leave it half changed: every change is one insert.
    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Known {
    people: HashMap<UserId, Entry>,
    people_max: usize,
    /// The latest change that was heard and then forgotten: rows older than it may be stale and are not kept.
    forgotten: Position,
}

struct Entry {
    row: Arc<UserRow>,
    /// The row is at least as new as this.
    as_of: Position,
}

impl Known {
    fn holding(people_max: usize) -> Self {
        Self { people: HashMap::new(), people_max, forgotten: Position::START }
    }

    /// Takes a row from the view, unless a later change was heard while it was on its way. Answers with the newer.
    fn fill(&mut self, row: UserRow, as_of: Position) -> Arc<UserRow> {
        match self.people.get(&row.id) {
            Some(entry) if entry.as_of > as_of => entry.row.clone(),
            _ => {
                let row = Arc::new(row);
                if as_of >= self.forgotten {
                    self.keep(row.clone(), as_of);
                }
                row
            }
        }
    }

    fn note(&mut self, row: UserRow, position: Position) {
        let newer = self.people.get(&row.id).is_none_or(|entry| entry.as_of < position);
        if newer {
            self.keep(Arc::new(row), position);
        }
    }

    fn keep(&mut self, row: Arc<UserRow>, as_of: Position) {
        if self.people.len() >= self.people_max && !self.people.contains_key(&row.id) {
            let latest = self.people.values().map(|entry| entry.as_of).max().unwrap_or_default();
            self.forgotten = self.forgotten.max(latest);
            self.people.clear();
        }
        self.people.insert(row.id.clone(), Entry { row, as_of });
    }
}

/// What the views keep of a profile.
pub fn person_of(profile: &Profile) -> Person {
    let text =
        |words: &Option<aggregates::Sealed>| words.as_ref().and_then(aggregates::Sealed::words).map(str::to_owned);
    Person {
        name: text(&profile.name),
        username: text(&profile.username),
        avatar: text(&profile.avatar),
        email: text(&profile.email),
        role: profile.role.map(|role| role.name().to_owned()),
        locale: profile.reach.locale.clone(),
        time_zone: profile.reach.time_zone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, name: &str) -> UserRow {
        UserRow {
            id: UserId::parse(id).expect("a valid id"),
            person: Person { name: Some(name.to_owned()), ..Person::default() },
        }
    }

    fn name_of(known: &Known, id: &str) -> Option<String> {
        known.people.get(&UserId::parse(id).expect("a valid id"))?.row.person.name.clone()
    }

    #[test]
    fn a_row_that_was_overtaken_on_its_way_does_not_replace_the_newer_name() {
        let mut known = Known::holding(10);
        known.note(named("ana", "new"), Position(9));
        let shown = known.fill(named("ana", "old"), Position(8));
        assert_eq!(shown.person.name.as_deref(), Some("new"));
        assert_eq!(name_of(&known, "ana").as_deref(), Some("new"));
    }

    #[test]
    fn a_change_that_a_filled_row_already_holds_changes_nothing() {
        let mut known = Known::holding(10);
        known.fill(named("ana", "newest"), Position(20));
        known.note(named("ana", "older"), Position(9));
        assert_eq!(name_of(&known, "ana").as_deref(), Some("newest"));
    }

    #[test]
    fn at_its_limit_it_forgets_and_then_keeps_no_row_older_than_what_it_forgot() {
        let mut known = Known::holding(2);
        known.note(named("ana", "new"), Position(9));
        known.note(named("ben", "Ben"), Position(10));
        known.note(named("cat", "Cat"), Position(11));
        assert_eq!(known.people.len(), 1);
        let shown = known.fill(named("ana", "old"), Position(8));
        assert_eq!(shown.person.name.as_deref(), Some("old"));
        assert_eq!(name_of(&known, "ana"), None, "a possibly stale row is shown once but not kept");
        known.fill(named("ana", "new"), Position(10));
        assert_eq!(name_of(&known, "ana").as_deref(), Some("new"));
    }
}
