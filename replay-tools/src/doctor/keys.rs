//! The keys of words: whether they are those of the log, which were dropped with somebody who was erased, which were
//! dropped without that, and which are lost.
//!
//! Apart because keys are kept apart. What is remembered is bounded: of more keys than that only the sum is told.

use std::collections::{BTreeMap, HashMap, HashSet};

use aggregates::ids::UserId;
use aggregates::user::UserEvent;
use aggregates::words::HasWords;
use aggregates::{DomainEvent, KeyId};
use event_log::raw::{Facts, Place, RawLog};
use event_log::sealing::looking::{KeysLook, Standing};
use event_log::{RecordedEvent, StoreUrl};
use serde_json::{Value, json};

use super::PAGE_EVENTS;
use super::findings::{Findings, Severity};
use crate::outcome::Failure;

/// Keys whose standing is remembered from page to page, and keys without a secret that are told apart.
const KEYS_MAX: usize = 100_000;

/// What such a finding is called.
pub(super) const LOST: &str = "words cannot be read: their key is lost";

pub struct KeyChecks {
    look: KeysLook,
    place: String,
    known: HashMap<KeyId, Standing>,
    /// Keys that cannot be used, by whose they are.
    gone: BTreeMap<(UserId, KeyId), Gone>,
    /// Events under keys past [`KEYS_MAX`].
    untold: u64,
    /// Named by an erasure in the log.
    named: HashSet<KeyId>,
}

struct Gone {
    events: u64,
    first: u64,
    standing: Standing,
}

/// What there is of one sort, over all users.
#[derive(Debug, Default)]
pub struct Sum {
    pub users: u64,
    pub events: u64,
}

/// What became of the keys, for the report.
#[derive(Debug, Default)]
pub struct KeysSeen {
    place: String,
    erased: Sum,
    /// Dropped, and no erasure in the log says so.
    dropped: Sum,
    pub lost: Sum,
    /// Events without a key, of more people than are told apart.
    pub untold: u64,
}

impl KeyChecks {
    pub async fn at(url: &StoreUrl, log: &Facts, findings: &mut Findings) -> Result<Self, Failure> {
        let (known, named) = (HashMap::new(), HashSet::new());
        let mut look = KeysLook::at(url).await?;
        let found = look.identity().await?;
        let (id, owner) = (found.map(|found| found.id), found.and_then(|found| found.log));
        if log.keys.is_some() && id != log.keys || owner.is_some_and(|owner| owner != log.id) {
            let advice = "no program opens the log with them: say where its keys are (--keys, database.keys_url), or bring \
                          back a backup of them (docs/erasure.md)";
            findings.add(Severity::Error, "keys", "these are not the keys of this log", advice, || {
                let named = |id: Option<String>| id.unwrap_or_else(|| "none".to_owned());
                let tied_to = named(log.keys.map(|id| id.to_string()));
                let (id, owner) = (named(id.map(|id| id.to_string())), named(owner.map(|id| id.to_string())));
                format!("at {url}: {id}, of the log {owner}; the log {} has {tied_to}", log.id)
            });
        }
        Ok(Self { look, place: url.to_string(), known, gone: BTreeMap::new(), untold: 0, named })
    }

    pub async fn check(&mut self, events: &mut [RecordedEvent]) -> Result<(), Failure> {
        let mut sealed: Vec<(UserId, KeyId, u64)> = Vec::new();
        for recorded in events {
            if let DomainEvent::User(UserEvent::UserErased(erased)) = &recorded.event {
                self.named.extend(&erased.keys);
            }
            let position = recorded.position.0;
            recorded.event.visit_words(&mut |place, words| {
                // Once for an event, however many words it has.
                if let Some(key) = words.key()
                    && sealed.last().is_none_or(|(_, last, at)| (*last, *at) != (key, position))
                {
                    sealed.push((place.owner.clone(), key, position));
                }
            });
        }
        self.learn(&sealed).await?;
        for (owner, key, position) in sealed {
            let standing = self.known.get(&key).copied().unwrap_or(Standing::Missing);
            if standing == Standing::Here {
                continue;
            }
            if let Some(gone) = self.gone.get_mut(&(owner.clone(), key)) {
                gone.events += 1;
            } else if self.gone.len() < KEYS_MAX {
                self.gone.insert((owner, key), Gone { events: 1, first: position, standing });
            } else {
                self.untold += 1;
            }
        }
        Ok(())
    }

    /// Erasures that were written while this looked: their keys are dropped by now.
    pub async fn read_on(&mut self, log: &mut dyn RawLog, mut place: Place) -> Result<(), Failure> {
        let unnamed = |((_, key), gone): (&(UserId, KeyId), &Gone)| {
            gone.standing == Standing::Dropped && !self.named.contains(key)
        };
        if !self.gone.iter().any(unnamed) {
            return Ok(());
        }
        loop {
            let page = log.page(place, i64::MAX, PAGE_EVENTS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            place = (last.position, last.event_id);
            for recorded in page.iter().filter_map(|row| row.read().ok()) {
                if let DomainEvent::User(UserEvent::UserErased(erased)) = &recorded.event {
                    self.named.extend(&erased.keys);
                }
            }
        }
    }

    async fn learn(&mut self, sealed: &[(UserId, KeyId, u64)]) -> Result<(), Failure> {
        if self.known.len() > KEYS_MAX {
            self.known.clear();
        }
        let mut new: Vec<KeyId> =
            sealed.iter().map(|(_, key, _)| *key).filter(|key| !self.known.contains_key(key)).collect();
        new.sort_unstable();
        new.dedup();
        if !new.is_empty() {
            self.known.extend(self.look.standing(&new).await?);
        }
        Ok(())
    }

    /// Erased is what an erasure names; what was dropped without one is said, and the rest is lost.
    pub fn finish(self, findings: &mut Findings) -> KeysSeen {
        let Self { place, gone, untold, named, .. } = self;
        let mut seen = KeysSeen { place, untold, ..KeysSeen::default() };
        let (mut erased_users, mut dropped_users, mut lost_users) = (HashSet::new(), HashSet::new(), HashSet::new());
        for ((owner, key), Gone { events, first, standing }) in gone {
            let here = || format!("{owner}: {events} events, the first at position {first}, under the key {key}");
            if named.contains(&key) {
                let advice = "this is as it should be: their key was dropped, and counts stay";
                findings.add(Severity::Note, "keys", "words of people who were erased", advice, here);
                seen.erased.events += events;
                erased_users.insert(owner);
            } else if standing == Standing::Dropped {
                let advice = "nothing brings these words back: somebody was erased in a copy of the log that used the same \
                              keys, or the log lost an erasure. Erase them here too, or find out whose keys these are";
                let what = "words under a key that was dropped, and no erasure names it";
                findings.add(Severity::Error, "keys", what, advice, here);
                seen.dropped.events += events;
                dropped_users.insert(owner);
            } else {
                let advice = "nobody was erased, the key is not there: is it the right place (--keys, \
                              database.keys_url)? Restore the backup of the keys (docs/erasure.md)";
                findings.add(Severity::Error, "keys", LOST, advice, here);
                seen.lost.events += events;
                lost_users.insert(owner);
            }
        }
        if untold > 0 {
            let advice = "restore the backup of the keys (docs/erasure.md) and look again";
            findings.add(
                Severity::Error,
                "keys",
                "words without a key, of more people than are told apart",
                advice,
                || format!("{untold} events"),
            );
        }
        (seen.erased.users, seen.lost.users) = (erased_users.len() as u64, lost_users.len() as u64);
        seen.dropped.users = dropped_users.len() as u64;
        seen
    }
}

impl KeysSeen {
    pub fn as_json(&self) -> Value {
        let sum = |sum: &Sum| json!({ "users": sum.users, "events": sum.events });
        json!({
            "store": self.place,
            "erased": sum(&self.erased),
            "dropped_without_erasure": sum(&self.dropped),
            "lost": sum(&self.lost),
        })
    }
}
