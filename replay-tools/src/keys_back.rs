//! Keys that come to a log: out of a backup of them, or from a log that is gone. And what must be so before either.
//!
//! A log has keys of its own. Whatever is done here ends with the two being tied to each other, or with nothing done.

use std::collections::HashSet;
use std::path::Path;

use aggregates::KeyId;
use event_log::StoreUrl;
use event_log::sealing::keys::Brought;
use event_log::sealing::looking::KeysLook;
use event_log::tying::{self, OtherKeys, Verdict, Words};
use serde_json::{Value, json};

use crate::arguments::{RestoreWanted, Shared};
use crate::outcome::Failure;
use crate::paint::line;
use crate::{keys_file, store};

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

/// Brings the keys of a file to the log, which is there, and ties it to their place.
pub async fn from_file(
    shared: &Shared,
    url: &StoreUrl,
    from: &Path,
    in_file: &HashSet<KeyId>,
) -> Result<Value, Failure> {
    let keys = store::keys(shared, url)?;
    if let Verdict::Others(others) = tying::judge(url, &keys).await? {
        if !others.may_be_filled() {
            return Err(Failure::Refused(format!("{others}. {OR_ADOPT}")));
        }
        if tying::words_opened_by(url, in_file).await? == Words::Closed {
            let from = from.display();
            return Err(Failure::Refused(format!(
                "{from}: not one word of the log of {url} is sealed with these keys"
            )));
        }
    }
    // First: who is interrupted here finds the place claimed for this log, and goes on.
    done(tying::claim(url, &keys).await?)?;
    let Brought { new, known } = keys_file::bring_in(from, &keys).await?;
    done(tying::tie_to_claimed(url, &keys).await?)?;
    // Drops again what the erasures in the log name.
    store::open(shared, url).await?.close().await;
    if !shared.json {
        line(&format!("{keys}: {new} keys came back, {known} were known"))?;
        if new > 0 {
            line(BLANK)?;
        }
    }
    Ok(json!({ "store": keys.to_string(), "new": new, "known": known }))
}

/// Gives the log, which is there, keys that belonged to another one.
pub async fn adopted(shared: &Shared, url: &StoreUrl) -> Result<Value, Failure> {
    let keys = store::keys(shared, url)?;
    if !matches!(tying::judge(url, &keys).await?, Verdict::Tied(_)) {
        if !KeysLook::at(&keys).await?.is_there() {
            return Err(Failure::Refused(format!("--adopt-keys: there are no keys at {keys}")));
        }
        if tying::words_opened_at(url, &keys).await? == Words::Closed {
            return Err(Failure::Refused(format!("--adopt-keys: the keys at {keys} open no word of the log of {url}")));
        }
        done(tying::take_over(url, &keys).await?)?;
    }
    store::open(shared, url).await?.close().await;
    if !shared.json {
        line(&format!("{keys}: these are the keys of this log now; the log that they were of is refused from now on"))?;
        line(BLANK)?;
    }
    Ok(json!({ "store": keys.to_string(), "adopted": true }))
}

/// After a restore without keys.
pub async fn say_what_is_missing(shared: &Shared, url: &StoreUrl) -> Result<(), Failure> {
    let keys = store::keys(shared, url)?;
    if let Verdict::Others(_) = tying::judge(url, &keys).await? {
        // Whole: without them it would be done to the store of the configuration.
        let place = if keys == *url { String::new() } else { format!(" --keys {keys}") };
        let these = format!("--database {url}{place}");
        line(&format!(
            "Its words need their keys, and without them no program opens it. From a file of `backup --keys-to`: \
             `replay restore --keys-from FILE {these}`. From {keys}, when the log that they were of is gone: \
             `replay restore --adopt-keys {these}`. If there are none any more: `replay rebuild --all --keys-lost {these}`"
        ))?;
    }
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
