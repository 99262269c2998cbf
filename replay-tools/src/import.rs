//! `replay import`: history of another system, or an export of Kabar's, into the log.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use event_log::{SharedLog, StoreUrl};
use serde::Serialize;
use serde_json::json;

use crate::arguments::{ImportWanted, Shared};
use crate::history::importer::{Complaint, Counts, Importer};
use crate::history::pace::Pace;
use crate::history::source::{Parsed, Source};
use crate::outcome::{Failure, Verdict};
use crate::paint::{harmless, line};
use crate::store;

/// Refused lines that are said on stderr; all of them are in the report.
const COMPLAINTS_SAID_MAX: u64 = 10;
/// Said when an import is interrupted.
pub const INTERRUPTED: &str = "interrupted; what was written stays, and the same command goes on from there";

pub async fn run(shared: &Shared, wanted: &ImportWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let mut source = Source::open(&wanted.from)?;
    let mut complaints = Complaints::to(wanted.report.as_ref())?;
    let since = Instant::now();
    let began = begin(&mut source, &mut complaints).await?;
    let (counts, took, new) = if began.holds_nothing() {
        (began.counts, since.elapsed(), false)
    } else {
        let (log, new) = open(shared, &url, wanted).await?;
        let imported = import(log.clone(), wanted.dry_run, began, &mut source, &mut complaints).await;
        if let Some(log) = log {
            log.close().await;
        }
        let (counts, took) = imported?;
        (counts, took, new)
    };
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

/// What comes before the first line that can be taken, and the lines it is among.
struct Begun {
    counts: Counts,
    lines: Parsed,
}

impl Begun {
    /// Every line is refused: no store is made for the sake of a file that is something else.
    fn holds_nothing(&self) -> bool {
        self.lines.is_empty() && self.counts.refused > 0
    }
}

async fn begin(source: &mut Source, complaints: &mut Complaints) -> Result<Begun, Failure> {
    let mut counts = Counts::default();
    loop {
        let lines = source.next().await?;
        if lines.is_empty() || lines.iter().any(|(_, line)| line.is_ok()) {
            return Ok(Begun { counts, lines });
        }
        counts.lines += lines.len() as u64;
        counts.refused += lines.len() as u64;
        let refused = lines.into_iter().filter_map(|(number, line)| Some((number, line.err()?)));
        refused.into_iter().try_for_each(|complaint| complaints.take(&complaint))?;
    }
}

async fn import(
    log: Option<SharedLog>,
    dry: bool,
    began: Begun,
    source: &mut Source,
    complaints: &mut Complaints,
) -> Result<(Counts, Duration), Failure> {
    let mut importer = Importer::into(log, dry).await?;
    importer.counts = began.counts;
    let mut pace = Pace::new("importing", source.read.of);
    let mut lines = began.lines;
    while !lines.is_empty() {
        let refused = importer.take(lines.into_iter()).await.map_err(|error| stopped(importer.counts, error.into()))?;
        refused.iter().try_for_each(|complaint| complaints.take(complaint))?;
        pace.is_at(source.read.read(), importer.counts.lines);
        lines = source.next().await?;
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
            // For its owner alone: reasons quote what is in the lines. One that is there is written over.
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
            file.map_err(|error| Failure::usage(format!("--report {}: {error}", path.display())))
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
