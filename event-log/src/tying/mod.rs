//! Which keys belong to which log, so that nobody opens one with the keys of another, or with none.
//!
//! A log knows the id of its keys (`log_keys`), a place of keys knows the id of its log (`keys_identity`). Both are compared
//! before anything is made: whoever is refused has written nothing. A log that was never tied (it is new, of a program of
//! before, or restored) is tied to the keys that open it. A tie is changed only while no program has the log open.
//! `words` is what keys make of a log, `others` what is said of those that are not its own. Never in here: a secret.

mod others;
mod words;

use crate::existing::exists;
use crate::in_use::{self, Alone, What};
use crate::open::OpenError;
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{self, Facts, Reading};
use crate::sealing::Sealing;
use crate::sealing::keys::{Identity, KeysId};
use crate::sealing::looking::KeysLook;
use crate::store_url::StoreUrl;
use crate::{postgres, sqlite};

pub use others::OtherKeys;
use words::{Opener, words};
pub use words::{Words, named_among, words_opened_at, words_opened_by};

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

/// Nobody has the log open, which must be there: what it is tied to may be changed.
pub async fn alone(log: &StoreUrl) -> Result<Alone, OpenError> {
    in_use::alone(log, What::Log).await
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
    let tied = if seen == Some(found.id) {
        // It may have been changed between the look and the opening, which keeps everybody from changing it.
        facts_of(log).await?.keys
    } else {
        let tie = Tie { if_tied_to: seen, to: found.id };
        Some(match log {
            StoreUrl::Sqlite(directory) => sqlite::tying::tie(directory, tie).await?,
            StoreUrl::Postgres(url) => postgres::tying::tie(url, tie).await?,
        })
    };
    Ok(if tied == Some(found.id) { None } else { others(tied) })
}

/// Gives the log, which must be there and which nobody has open, new keys in an empty place. `Err` in it: refused.
pub(crate) async fn give_up(log: &StoreUrl, keys: &StoreUrl) -> Result<Result<KeysId, OtherKeys>, OpenError> {
    let alone = alone(log).await?;
    let facts = facts_of(log).await?;
    let found = claimed(facts.id, keys).await?;
    let others = tie(log, keys, facts.id, found, facts.keys).await?;
    drop(alone);
    Ok(match others {
        None => Ok(found.id),
        Some(others) => Err(others),
    })
}

/// Gives the log, which must be there, the keys at `keys`, whosever they were, if nobody uses them: under a new id, so that
/// whatever log they were of is refused from then on. `None`: done.
pub async fn take_over(log: &StoreUrl, keys: &StoreUrl) -> Result<Option<OtherKeys>, OpenError> {
    let facts = facts_of(log).await?;
    drop(in_use::alone(keys, What::Keys).await?);
    let sealing = Sealing::open(keys).await?;
    let identity = sealing.take_over(facts.id).await;
    sealing.close().await;
    Ok(tie(log, keys, facts.id, identity?, facts.keys).await?)
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
