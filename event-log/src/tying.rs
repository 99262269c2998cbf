//! Which keys belong to which log, so that nobody opens one with the keys of another, or with none.
//!
//! A log knows the id of its keys (`log_keys`), a place of keys knows the id of its log (`keys_identity`). Both are compared
//! before anything is made: whoever is refused has written nothing. A log that was never tied (it is new, of a program of
//! before, or restored) is tied to the keys that open it. Never in here: a secret.

use std::collections::HashSet;
use std::fmt;

use aggregates::user::UserEvent;
use aggregates::words::HasWords;
use aggregates::{DomainEvent, KeyId};

use crate::existing::exists;
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{self, BEGINNING, Facts, RawLog, Reading};
use crate::sealing::Sealing;
use crate::sealing::keys::{Identity, KeysId};
use crate::sealing::looking::{KeysLook, Standing};
use crate::store_url::StoreUrl;
use crate::{postgres, sqlite};

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;
/// Keys without a secret that are remembered while looking for one that has it.
const CLOSED_MAX: usize = 100_000;

/// A change of what a log is tied to, carried out only if it is tied as was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    pub if_tied_to: Option<KeysId>,
    pub to: KeysId,
}

/// What a look at a log and at keys came to.
#[derive(Debug)]
pub enum Verdict {
    /// They belong together, under this id.
    Tied(KeysId),
    /// Neither belongs to another, and nothing is lost: they are tied when they are opened.
    Free,
    Others(OtherKeys),
}

/// Keys that are not those of the log.
#[derive(Debug)]
pub struct OtherKeys {
    log: StoreUrl,
    keys: StoreUrl,
    /// `None`: there is no log yet.
    log_id: Option<LogId>,
    /// What the log is tied to.
    pub tied_to: Option<KeysId>,
    /// `None`: nothing is there, or what a program of before made.
    found: Option<Identity>,
    /// Whether any key is there.
    pub any: bool,
}

impl OtherKeys {
    /// No key is there and no other log claims the place: the log's new keys may be made there.
    pub fn may_be_made_there(&self) -> bool {
        !self.any && self.claimed_by_another().is_none()
    }

    /// Keys of this log's may be brought in: there are none yet, or none but those that were brought in for it before.
    pub fn may_be_filled(&self) -> bool {
        self.claimed_by_another().is_none() && (!self.any || self.found.is_some_and(|found| found.log.is_some()))
    }

    /// As it turned out when both were open.
    fn now(log: &StoreUrl, keys: &StoreUrl, log_id: LogId, tied_to: Option<KeysId>, found: Identity) -> Self {
        let (log, keys) = (log.clone(), keys.clone());
        Self { log, keys, log_id: Some(log_id), tied_to, found: Some(found), any: true }
    }

    fn claimed_by_another(&self) -> Option<LogId> {
        self.found.and_then(|found| found.log).filter(|log| Some(*log) != self.log_id)
    }
}

impl fmt::Display for OtherKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, keys, found, tied_to, any, .. } = self;
        let words = match tied_to {
            Some(id) => format!("sealed with the keys {id}"),
            None => "sealed with others".to_owned(),
        };
        match (self.claimed_by_another(), found) {
            (Some(owner), _) => write!(f, "the keys at {keys} are those of the log {owner}, not of that at {log}")?,
            (None, Some(Identity { id, .. })) if *any => {
                write!(f, "the keys at {keys} ({id}) are not those of the log at {log}: its words are {words}")?;
            }
            (None, None) if *any => write!(f, "the keys at {keys} open nothing of the log at {log}")?,
            (None, Some(_) | None) => {
                write!(f, "there are no keys at {keys}, and words of the log at {log} are {words}")?
            }
        }
        f.write_str(
            ". Say where its keys are (--keys, database.keys_url). If they are lost: `replay restore --keys-from FILE` \
             brings a backup of them back; if there is none, --keys-lost (of the server: database.keys_lost) goes on \
             without them (docs/erasure.md)",
        )
    }
}

impl std::error::Error for OtherKeys {}

/// Whether the keys at `keys` are those of the log at `log`. Changes nothing and makes nothing.
pub async fn judge(log: &StoreUrl, keys: &StoreUrl) -> Result<Verdict, EventLogError> {
    match look(log, keys).await? {
        // The log may have been made, and the keys claimed for it, between the two looks.
        Verdict::Others(others) if others.log_id.is_none() => look(log, keys).await,
        verdict => Ok(verdict),
    }
}

/// At the log first: keys are made before a log is tied to them.
async fn look(log: &StoreUrl, keys: &StoreUrl) -> Result<Verdict, EventLogError> {
    let mut rows = if exists(log).await? { Some(raw::look(log, Reading::Moving).await?) } else { None };
    let facts = match &mut rows {
        Some(rows) => Some(rows.facts().await?),
        None => None,
    };
    let mut place = KeysLook::at(keys).await?;
    let (found, any) = (place.identity().await?, place.has_any().await?);
    let (log_id, tied_to) = (facts.as_ref().map(|facts| facts.id), facts.as_ref().and_then(|facts| facts.keys));
    let others = OtherKeys { log: log.clone(), keys: keys.clone(), log_id, tied_to, found, any };
    if others.claimed_by_another().is_some() {
        return Ok(Verdict::Others(others));
    }
    let Some(rows) = &mut rows else { return Ok(Verdict::Free) };
    if let Some(tied_to) = tied_to {
        let same = found.is_some_and(|found| found.id == tied_to);
        return Ok(if same { Verdict::Tied(tied_to) } else { Verdict::Others(others) });
    }
    Ok(match words(&mut **rows, Opener::Place(&mut place)).await? {
        Words::Opened | Words::None => Verdict::Free,
        Words::Closed => Verdict::Others(others),
    })
}

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

enum Opener<'a> {
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
async fn words(log: &mut dyn RawLog, mut opener: Opener<'_>) -> Result<Words, EventLogError> {
    let head = log.facts().await?.head;
    let (mut closed, mut erased): (HashSet<KeyId>, HashSet<KeyId>) = Default::default();
    let mut place = BEGINNING;
    loop {
        let page = log.page(place, head, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { break };
        place = (last.position, last.event_id);
        let mut met: HashSet<KeyId> = HashSet::new();
        // What this program cannot read says nothing of keys.
        for mut recorded in page.iter().filter_map(|row| row.read().ok()) {
            recorded.event.visit_words(&mut |_, words| met.extend(words.key()));
            if let DomainEvent::User(UserEvent::UserErased(told)) = &recorded.event {
                erased.extend(&told.keys);
            }
        }
        let new: Vec<KeyId> = met.into_iter().filter(|key| !closed.contains(key)).collect();
        if !new.is_empty() && opener.any(&new).await? {
            return Ok(Words::Opened);
        }
        closed.extend(new.into_iter().take(CLOSED_MAX.saturating_sub(closed.len())));
    }
    Ok(if closed.iter().all(|key| erased.contains(key)) { Words::None } else { Words::Closed })
}

/// Ties the log to the keys that were opened for it, unless it is tied to others than `seen`. Two who do so at once agree.
/// `None`: they belong together.
pub(crate) async fn tie(
    log: &StoreUrl,
    keys: &StoreUrl,
    log_id: LogId,
    found: Identity,
    seen: Option<KeysId>,
) -> Result<Option<OtherKeys>, EventLogError> {
    let others = |tied_to| Some(OtherKeys::now(log, keys, log_id, tied_to, found));
    if found.log != Some(log_id) {
        return Ok(others(seen));
    }
    if seen == Some(found.id) {
        return Ok(None);
    }
    let tie = Tie { if_tied_to: seen, to: found.id };
    let tied = match log {
        StoreUrl::Sqlite(directory) => sqlite::tying::tie(directory, tie).await?,
        StoreUrl::Postgres(url) => postgres::tying::tie(url, tie).await?,
    };
    Ok(if tied == found.id { None } else { others(Some(tied)) })
}

/// Gives the log, which must be there, the keys at `keys`, whosever they were: under a new id, so that whatever log they
/// were of is refused from then on. `None`: done.
pub async fn take_over(log: &StoreUrl, keys: &StoreUrl) -> Result<Option<OtherKeys>, EventLogError> {
    let facts = facts_of(log).await?;
    let sealing = Sealing::open(keys).await?;
    let identity = sealing.take_over(facts.id).await;
    sealing.close().await;
    tie(log, keys, facts.id, identity?, facts.keys).await
}

/// Makes the place at `keys`, where there is none, and keeps it for the log, which must be there. `None`: done.
pub async fn claim(log: &StoreUrl, keys: &StoreUrl) -> Result<Option<OtherKeys>, EventLogError> {
    let facts = facts_of(log).await?;
    let found = claimed(facts.id, keys).await?;
    let others = OtherKeys::now(log, keys, facts.id, facts.keys, found);
    Ok(others.claimed_by_another().is_some().then_some(others))
}

/// Ties the log, which must be there, to the keys at `keys`, which were claimed for it. `None`: done.
pub async fn tie_to_claimed(log: &StoreUrl, keys: &StoreUrl) -> Result<Option<OtherKeys>, EventLogError> {
    let facts = facts_of(log).await?;
    let found = claimed(facts.id, keys).await?;
    tie(log, keys, facts.id, found, facts.keys).await
}

async fn facts_of(log: &StoreUrl) -> Result<Facts, EventLogError> {
    raw::look(log, Reading::Moving).await?.facts().await
}

async fn claimed(log: LogId, keys: &StoreUrl) -> Result<Identity, EventLogError> {
    let sealing = Sealing::open(keys).await?;
    let identity = sealing.claim(log).await;
    sealing.close().await;
    identity
}
