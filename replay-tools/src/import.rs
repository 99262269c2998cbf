//! `replay import`: history of another system, or an export of Kabar's, into the log.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use event_log::{SharedLog, StoreUrl};
use serde::Serialize;
use serde_json::json;

use crate::arguments::{ImportWanted, Shared};
use crate::history::importer::{Complaint, Counts, Importer};
use crate::history::pace::Pace;
use crate::history::source::Source;
use crate::outcome::{Failure, Verdict};
use crate::paint::{harmless, line};
use crate::store;

/// Refused lines that are said on stderr; all of them are in the report.
const COMPLAINTS_SAID_MAX: u64 = 10;

pub async fn run(shared: &Shared, wanted: &ImportWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let mut source = Source::open(&wanted.from)?;
    let mut complaints = Complaints::to(wanted.report.as_ref())?;
    let (log, new) = open(shared, &url, wanted).await?;
    let imported = import(log.clone(), wanted.dry_run, &mut source, &mut complaints).await;
    if let Some(log) = log {
        log.close().await;
    }
    let (counts, took) = imported?;
    complaints.finish()?;
    if shared.json {
        let report = json!({
            "store": url.to_string(),
            "new_store": new,
            "from": wanted.from.display().to_string(),
            "dry_run": wanted.dry_run,
            "lines": counts.lines,
            "taken": counts.taken,
            "already": counts.already,
            "refused": counts.refused,
            "events": counts.events,
            "seconds": took.as_secs_f64(),
            "lines_per_second": rate(counts, took),
        });
        line(&serde_json::to_string_pretty(&report)?)?;
    } else {
        say(&url, wanted, counts, took)?;
    }
    Ok(if counts.refused == 0 { Verdict::Fine } else { Verdict::Differences })
}

async fn import(
    log: Option<SharedLog>,
    dry: bool,
    source: &mut Source,
    complaints: &mut Complaints,
) -> Result<(Counts, Duration), Failure> {
    let mut importer = Importer::into(log, dry).await?;
    let mut pace = Pace::new("importing", source.read.of);
    loop {
        let lines = source.next().await?;
        if lines.is_empty() {
            break;
        }
        let refused = importer.take(lines.into_iter()).await.map_err(|error| stopped(importer.counts, error.into()))?;
        refused.iter().try_for_each(|complaint| complaints.take(complaint))?;
        pace.is_at(source.read.read(), importer.counts.lines);
    }
    Ok((importer.counts, pace.finish()))
}

fn stopped(counts: Counts, error: anyhow::Error) -> Failure {
    Failure::Unreachable(error.context(format!(
        "the import stopped near line {}; what is written stays, and running it again goes on from there",
        counts.lines
    )))
}

/// The log, made where there is none; a dry run makes nothing.
async fn open(shared: &Shared, url: &StoreUrl, wanted: &ImportWanted) -> Result<(Option<SharedLog>, bool), Failure> {
    let there = event_log::exists(url).await.with_context(|| format!("{url} cannot be reached"))?;
    if wanted.dry_run && !there {
        return Ok((None, true));
    }
    // A dry run gives nothing up.
    let keys_lost = wanted.keys.keys_lost && !wanted.dry_run;
    Ok((Some(store::open_or_make(shared, url, keys_lost).await?), !there))
}

fn say(url: &StoreUrl, wanted: &ImportWanted, counts: Counts, took: Duration) -> Result<(), Failure> {
    let Counts { lines, taken, events, already, refused } = counts;
    let would = if wanted.dry_run { "would be " } else { "" };
    line(&format!(
        "{url}: {lines} lines in {:.1} s ({:.0} lines/s): {taken} {would}taken, {events} events; {already} were there \
         before or change nothing; {refused} {would}refused",
        took.as_secs_f64(),
        rate(counts, took)
    ))?;
    match &wanted.report {
        Some(report) if refused > 0 => line(&format!("Every refused line is in {}.", report.display()))?,
        None if refused > COMPLAINTS_SAID_MAX => line("With --report FILE every refused line is written down.")?,
        Some(_) | None => {}
    }
    Ok(())
}

fn rate(counts: Counts, took: Duration) -> f64 {
    counts.lines as f64 / took.as_secs_f64().max(f64::EPSILON)
}

#[derive(Serialize)]
struct Entry<'a> {
    line: u64,
    field: &'a str,
    reason: &'a str,
}

/// Refused lines, as JSON lines in a file; the first few on stderr too.
pub struct Complaints {
    report: Option<BufWriter<File>>,
    said: u64,
}

impl Complaints {
    pub fn to(report: Option<&PathBuf>) -> Result<Self, Failure> {
        let file = |path: &PathBuf| {
            File::create(path).map_err(|error| Failure::usage(format!("--report {}: {error}", path.display())))
        };
        Ok(Self { report: report.map(file).transpose()?.map(BufWriter::new), said: 0 })
    }

    pub fn take(&mut self, (number, refused): &Complaint) -> Result<(), Failure> {
        if self.said < COMPLAINTS_SAID_MAX {
            eprintln!("line {number}: {}: {}", harmless(&refused.field), harmless(&refused.reason));
        } else if self.said == COMPLAINTS_SAID_MAX {
            eprintln!("(more lines are refused)");
        }
        self.said += 1;
        if let Some(report) = &mut self.report {
            let entry = Entry { line: *number, field: &refused.field, reason: &refused.reason };
            serde_json::to_writer(&mut *report, &entry)?;
            report.write_all(b"\n").context("the report cannot be written")?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(), Failure> {
        let written = self.report.map_or(Ok(()), |mut report| report.flush());
        Ok(written.context("the report cannot be written")?)
    }
}
