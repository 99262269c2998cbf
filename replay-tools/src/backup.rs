//! `replay backup`: log and reactor checkpoints as they are at one moment, while everybody goes on writing.

use std::path::Path;
use std::time::Duration;

use aggregates::Timestamp;
use anyhow::Context;
use event_log::StoreUrl;
use event_log::raw::{self, BEGINNING, Reading};
use serde_json::{Value, json};

use crate::archive::{Manifest, Writer};
use crate::arguments::{BackupWanted, Shared};
use crate::counting::Counting;
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::{backup_places, keys_back, keys_file, store};

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;

pub async fn run(shared: &Shared, wanted: &BackupWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    store::require(&url).await?;
    // Before anything is written.
    if let Some(keys_to) = &wanted.keys_to {
        keys_back::require_all_there(shared, &url).await?;
        backup_places::require_apart(wanted.to.as_deref(), keys_to)?;
        backup_places::require_writable(keys_to)?;
    }
    let made = match &wanted.to {
        Some(to) => Some(of_log(&url, to).await?),
        None => None,
    };
    // Behind the log: a key is there before the first word under it.
    let keys = match &wanted.keys_to {
        Some(to) => Some((to, keys_file::write(&store::keys(shared, &url)?, to).await?)),
        None => None,
    };
    if shared.json {
        let mut report = match (&made, &wanted.to) {
            (Some((manifest, took)), Some(to)) => as_json(manifest, to, *took),
            (Some(_) | None, _) => json!({}),
        };
        report["keys"] = keys.map_or(Value::Null, |(to, count)| json!({ "to": to, "keys": count }));
        line(&serde_json::to_string_pretty(&report)?)?;
        return Ok(Verdict::Fine);
    }
    if let (Some((manifest, took)), Some(to)) = (&made, &wanted.to) {
        line(&as_text(manifest, to, *took))?;
    }
    line(&match keys {
        Some((to, count)) => format!("{}: {count} keys. Whoever has both can read every word", to.display()),
        None => "The keys of words are not in it: back them up apart (--keys-to, docs/erasure.md).".to_owned(),
    })?;
    Ok(Verdict::Fine)
}

async fn of_log(url: &StoreUrl, to: &Path) -> Result<(Manifest, Duration), Failure> {
    backup_places::require_free(to)?;
    let mut log = raw::look(url, Reading::OneMoment).await.with_context(|| format!("{url} cannot be read"))?;
    let facts = log.facts().await?;
    let in_place = || format!("{} cannot be written", to.display());
    let mut writer = Writer::begin(to, facts.id, facts.head, &facts.reactors).with_context(in_place)?;
    let mut counting = Counting::new("backing up", facts.head.max(0).unsigned_abs());
    let mut place = BEGINNING;
    let mut done = 0;
    loop {
        let page = log.page(place, facts.head, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { break };
        place = (last.position, last.event_id);
        done += page.len() as u64;
        for event in page {
            writer.event(event).with_context(in_place)?;
        }
        counting.is_at(done);
    }
    let manifest = writer.finish(store::now()).with_context(in_place)?;
    Ok((manifest, counting.finish()))
}

fn as_text(manifest: &Manifest, to: &Path, took: Duration) -> String {
    let Manifest { log_id, head, events, reactors, bytes, .. } = manifest;
    let reactors = if *reactors == 1 { "1 reactor".to_owned() } else { format!("{reactors} reactors") };
    format!(
        "{}: log {log_id} up to position {head}, {events} events and {reactors}, {bytes} bytes in {:.1} s",
        to.display(),
        took.as_secs_f64()
    )
}

fn as_json(manifest: &Manifest, to: &Path, took: Duration) -> Value {
    json!({
        "to": to.display().to_string(),
        "log_id": manifest.log_id.to_string(),
        "head": manifest.head,
        "events": manifest.events,
        "reactors": manifest.reactors,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
        "made_at": manifest.made_at,
        "seconds": took.as_secs_f64(),
    })
}

/// For `restore`, which says how old what it brought back is.
pub fn age_in_words(made_at: Timestamp) -> String {
    let seconds = (store::now().as_millis() - made_at.as_millis()).max(0) / 1_000;
    indicatif::HumanDuration(Duration::from_secs(seconds.unsigned_abs())).to_string()
}
