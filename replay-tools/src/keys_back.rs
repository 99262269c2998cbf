//! Keys that come to a log: out of a backup of them, or from a log that is gone. And what must be so before either.
//!
//! A log has keys of its own. Whatever is done here ends with the two being tied to each other, or with nothing done.

use std::collections::HashSet;
use std::path::Path;

use event_log::StoreUrl;
use event_log::raw::{self, Reading};
use event_log::sealing::keys::Brought;
use event_log::sealing::looking::KeysLook;
use event_log::tying::{self, OtherKeys, Verdict, Words};
use serde_json::{Value, json};

use crate::arguments::{RestoreWanted, Shared};
use crate::doctor::LostKeys;
use crate::keys_file::Copied;
use crate::outcome::Failure;
use crate::paint::line;
use crate::store;

/// Refuses to back up keys that are not those of the log, or none where there are words.
pub async fn require_all_there(shared: &Shared, url: &StoreUrl) -> Result<(), Failure> {
    let keys = store::keys(shared, url)?;
    if let Verdict::Others(others) = tying::judge(url, &keys).await? {
        return Err(store::refused(shared, &others));
    }
    let any = KeysLook::at(&keys).await?.has_any().await?;
    if !any && tying::words_opened_by(url, &HashSet::new()).await? == Words::Closed {
        return Err(Failure::Refused(format!("there is no key at {keys}, and there are words in the log of {url}")));
    }
    Ok(())
}

/// Before a log is made: its keys will be its own. Those that are there belong to another, unless it is said to be gone.
pub async fn require_place(shared: &Shared, url: &StoreUrl, wanted: &RestoreWanted) -> Result<(), Failure> {
    let keys = store::keys(shared, url)?;
    let mut place = KeysLook::at(&keys).await?;
    if wanted.adopt_keys {
        let missing = || Failure::Refused(format!("--adopt-keys: there are no keys at {keys}"));
        return if place.is_there() { Ok(()) } else { Err(missing()) };
    }
    if wanted.keys_from.is_none() && !wanted.keys.keys_lost {
        return Ok(());
    }
    let owner = place.identity().await?.and_then(|identity| identity.log);
    let whose = match owner {
        Some(log) => format!("those of the log {log}"),
        None if place.has_any().await? => "of an older version".to_owned(),
        None => return Ok(()),
    };
    Err(Failure::Refused(format!(
        "there are keys at {keys} already, {whose}; a restored log gets keys of its own: name an empty place (--keys), or, \
         if that log is gone, take them over with --adopt-keys"
    )))
}

/// Brings the keys of a file to the log, which is there and which nobody has open, and ties it to their place.
pub async fn from_file(shared: &Shared, url: &StoreUrl, from: &Path, mut file: Copied) -> Result<CameBack, Failure> {
    let keys = store::keys(shared, url)?;
    let alone = tying::alone(url).await.map_err(|error| store::not_opened(shared, url, error))?;
    let verdict = tying::judge(url, &keys).await?;
    if let Verdict::Others(others) = &verdict
        && !others.may_be_filled()
    {
        let or = if others.claimed_by_another().is_some() { String::new() } else { format!(". {OR_ADOPT}") };
        return Err(Failure::Refused(format!("{others}{or}")));
    }
    let is_tied = matches!(verdict, Verdict::Tied(_));
    take_what_is_of_the_log(url, from, &mut file, is_tied).await?;
    // First: who is interrupted here finds the place claimed for this log, and goes on.
    done(tying::claim(url, &keys).await?)?;
    let Brought { new, known } = file.bring_in(&keys).await?;
    done(tying::tie_to_claimed(url, &keys).await?)?;
    drop(alone);
    // Drops again what the erasures in the log name.
    store::open(shared, url).await?.close().await;
    if !shared.json {
        line(&format!("{keys}: {new} keys came back, {known} were known"))?;
        if new > 0 {
            line(BLANK)?;
        }
    }
    CameBack::told(shared, url, &keys, json!({ "store": keys.to_string(), "new": new, "known": known })).await
}

/// Refuses the keys of another log. Of one that this log was restored from, or that was restored from this one, what
/// they have in common is taken; what opens no word here never seals one.
async fn take_what_is_of_the_log(url: &StoreUrl, from: &Path, file: &mut Copied, is_tied: bool) -> Result<(), Failure> {
    let facts = raw::look(url, Reading::Moving).await?.facts().await?;
    let own = file.log_id == Some(facts.id) || file.keys_id.is_some() && file.keys_id == facts.keys;
    let others = !own && file.log_id.is_some() && facts.keys.is_some();
    let (words, named) = tying::named_among(url, &file.ids()).await?;
    let of_no_use = match words {
        Words::Opened => false,
        Words::Closed => !(own && is_tied),
        Words::None => others,
    };
    if of_no_use {
        let from = from.display();
        let whose = match file.log_id.filter(|_| !own) {
            Some(log) => format!(": they are those of the log {log}, and this is {}", facts.id),
            None => String::new(),
        };
        let what = format!("{from}: not one word of the log of {url} is sealed with these keys{whose}");
        return Err(Failure::Refused(what));
    }
    if others {
        // Whom the other log has erased is not erased here.
        file.keys.retain(|key| named.contains(&key.id));
    }
    for key in &mut file.keys {
        key.seals &= named.contains(&key.id);
    }
    Ok(())
}

/// What a log has when keys have come to it.
pub struct CameBack {
    pub report: Value,
    /// Words are left whose key is not there.
    pub some_are_lost: bool,
}

impl CameBack {
    async fn told(shared: &Shared, url: &StoreUrl, keys: &StoreUrl, mut report: Value) -> Result<Self, Failure> {
        let lost = LostKeys::look(url, keys).await?;
        report["lost"] = lost.as_json();
        if lost.any() && !shared.json {
            line(&format!("{lost}. Is there a newer backup of the keys? Bring it back as well (docs/erasure.md)"))?;
        }
        Ok(Self { report, some_are_lost: lost.any() })
    }
}

/// Gives the log, which is there, keys that belonged to another one.
pub async fn adopted(shared: &Shared, url: &StoreUrl) -> Result<CameBack, Failure> {
    let keys = store::keys(shared, url)?;
    let failed = |error| store::not_opened(shared, url, error);
    let alone = tying::alone(url).await.map_err(failed)?;
    if !matches!(tying::judge(url, &keys).await?, Verdict::Tied(_)) {
        if !KeysLook::at(&keys).await?.is_there() {
            return Err(Failure::Refused(format!("--adopt-keys: there are no keys at {keys}")));
        }
        if tying::words_opened_at(url, &keys).await? == Words::Closed {
            return Err(Failure::Refused(format!("--adopt-keys: the keys at {keys} open no word of the log of {url}")));
        }
        done(tying::take_over(url, &keys).await.map_err(failed)?)?;
    }
    drop(alone);
    store::open(shared, url).await?.close().await;
    if !shared.json {
        line(&format!("{keys}: these are the keys of this log now; the log that they were of is refused from now on"))?;
        line(BLANK)?;
    }
    CameBack::told(shared, url, &keys, json!({ "store": keys.to_string(), "adopted": true })).await
}

/// After a restore without keys.
pub async fn say_what_is_missing(shared: &Shared, url: &StoreUrl) -> Result<(), Failure> {
    let keys = store::keys(shared, url)?;
    let Verdict::Others(others) = tying::judge(url, &keys).await? else { return Ok(()) };
    if others.claimed_by_another().is_some() {
        return Ok(line(&format!("No program opens it yet: {others}"))?);
    }
    // Whole: without them it would be done to the store of the configuration.
    let place = if keys == *url { String::new() } else { format!(" --keys {keys}") };
    let these = format!("--database {url}{place}");
    line(&format!(
        "Its words need their keys, and without them no program opens it. From a file of `backup --keys-to`: \
         `replay restore --keys-from FILE {these}`. From {keys}, when the log that they were of is gone: \
         `replay restore --adopt-keys {these}`. If there are none any more: `replay restore --keys-lost {these}`"
    ))?;
    Ok(())
}

const OR_ADOPT: &str = "Keys of a log that is gone are taken over by `replay restore --adopt-keys`";
const BLANK: &str = "views that were made without them stay blank until `replay rebuild --all`";

fn done(others: Option<OtherKeys>) -> Result<(), Failure> {
    match others {
        None => Ok(()),
        Some(others) => Err(Failure::Refused(others.to_string())),
    }
}
