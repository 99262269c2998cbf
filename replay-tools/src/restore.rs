//! `replay restore`: a log from a backup, in an empty place, as a log of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use event_log::raw::{self, MakeError};
use event_log::{LogId, StoreUrl};
use serde_json::{Value, json};

use crate::archive::{ArchiveError, Manifest, Reader};
use crate::arguments::{RestoreWanted, Shared};
use crate::backup::age_in_words;
use crate::counting::Counting;
use crate::keys_file::Copied;
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::{keys_back, keys_fit, store};

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;

pub async fn run(shared: &Shared, wanted: &RestoreWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    // Before anything is made.
    require_there("--from", wanted.from.as_deref())?;
    require_there("--keys-from", wanted.keys_from.as_deref())?;
    let copied = wanted.keys_from.as_deref().map(Copied::read).transpose()?;
    if let Some(from) = &wanted.from {
        keys_back::require_place(shared, &url, wanted).await?;
        if let (Some(keys_from), Some(copied)) = (&wanted.keys_from, &copied) {
            keys_fit::require(from, keys_from, &copied.ids())?;
        }
    }
    let mut report = match &wanted.from {
        Some(from) => of_log(shared, &url, from).await?,
        None => json!({}),
    };
    store::require(&url).await?;
    let mut came_back = None;
    if let (Some(from), Some(copied)) = (&wanted.keys_from, copied) {
        came_back = Some(keys_back::from_file(shared, &url, from, copied).await?);
    } else if wanted.adopt_keys {
        came_back = Some(keys_back::adopted(shared, &url).await?);
    } else if wanted.keys.keys_lost {
        store::open_or_make(shared, &url, true).await?.close().await;
    } else if !shared.json {
        keys_back::say_what_is_missing(shared, &url).await?;
    }
    let some_are_lost = came_back.as_ref().is_some_and(|came_back| came_back.some_are_lost);
    if let Some(came_back) = came_back {
        report["keys"] = came_back.report;
    }
    if shared.json {
        line(&serde_json::to_string_pretty(&report)?)?;
    }
    Ok(if some_are_lost { Verdict::Differences } else { Verdict::Fine })
}

/// A name that is wrong is a wish that makes no sense, unlike a file that is.
fn require_there(flag: &str, path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let looked = std::fs::metadata(path).map(drop);
    looked.map_err(|error| Failure::usage(format!("{flag}: {}: {error}", path.display())))
}

async fn of_log(shared: &Shared, url: &StoreUrl, from: &Path) -> Result<Value, Failure> {
    let name = from.display().to_string();
    let refused = |error: ArchiveError| Failure::Refused(format!("{name}: {}", with_source(&error)));
    let mut backup = Reader::open(from).map_err(refused)?;
    let mut log = raw::make(url).await.map_err(|error| not_made(url, error))?;
    let mut counting = Counting::new("restoring", backup.manifest().events);
    let mut done = 0;
    loop {
        let page = backup.page(PAGE_EVENTS).map_err(refused)?;
        if page.is_empty() {
            break;
        }
        done += page.len() as u64;
        log.write(page).await.with_context(|| format!("{url} cannot be written; there is no log there yet"))?;
        counting.is_at(done);
    }
    let manifest = backup.manifest().clone();
    let id = log.finish(manifest.log_id, backup.reactors().clone()).await.map_err(|error| not_made(url, error))?;
    let took = counting.finish();
    let views = views_beside(url, id).await;
    if !shared.json {
        say(url, &manifest, id, took, &views)?;
    }
    Ok(json!({
        "store": url.to_string(),
        "from": name,
        "log_id": id.to_string(),
        "restored_log_id": manifest.log_id.to_string(),
        "head": manifest.head,
        "events": manifest.events,
        "reactors": manifest.reactors,
        "views_of_another_log": views,
        "seconds": took.as_secs_f64(),
    }))
}

fn say(url: &StoreUrl, manifest: &Manifest, id: LogId, took: Duration, views: &[String]) -> Result<(), Failure> {
    line(&format!(
        "{url}: log {id}, {} events up to position {} in {:.1} s, as the log {} was {} ago",
        manifest.events,
        manifest.head,
        took.as_secs_f64(),
        manifest.log_id,
        age_in_words(manifest.made_at)
    ))?;
    line("It is a log of its own: positions that clients hold of the old one are refused, and they reload.")?;
    if views.is_empty() {
        line("The server makes its views when it starts.")?;
    } else {
        line(&format!("Views of another log lie there ({}): run `replay rebuild --all` first.", views.join(", ")))?;
    }
    Ok(())
}

/// The server refuses them until they are rebuilt. A look that fails is no reason to call the restore a failure.
async fn views_beside(url: &StoreUrl, id: LogId) -> Vec<String> {
    let standings = projections::standings(url).await.unwrap_or_default().found;
    let foreign = standings.into_iter().filter(|found| found.log != id);
    foreign.map(|found| format!("{} {}", found.unit, found.generation)).collect()
}

fn not_made(url: &StoreUrl, error: MakeError) -> Failure {
    match error {
        MakeError::NotEmpty(what) => {
            Failure::Refused(format!("{url} is not an empty place: {what}. A restore never writes over a log"))
        }
        MakeError::Log(error) => Failure::Unreachable(anyhow::Error::new(error).context(format!("{url}"))),
    }
}

fn with_source(error: &ArchiveError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
