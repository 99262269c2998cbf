//! `replay rebuild`: a view anew, from the first event.

use std::time::Duration;

use event_log::{SharedLog, StoreUrl};
use futures_util::future;
use projections::{LostWords, RebuildOptions, RebuildReport, UnitName};
use serde_json::{Value, json};

use crate::arguments::{RebuildWanted, Shared};
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::progress::Bars;
use crate::store;

/// Said when a rebuild is interrupted.
pub const INTERRUPTED: &str = "interrupted; a view that was done by then is live, the others are as they were, and what \
                               was filled of them is kept: the same command goes on from there (--fresh begins anew)";

pub async fn run(shared: &Shared, wanted: &RebuildWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open_also_without(shared, &url, &wanted.keys).await?;
    let (units, options, bars) = (wanted.units(), wanted.options(), Bars::new());
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let mut take = |rebuilt: Result<(RebuildReport, Duration), Failure>| -> Result<(), Failure> {
        match rebuilt {
            Ok(rebuilt) => done.push(told(shared, rebuilt)?),
            Err(failure) => failed.push(failure),
        }
        Ok(())
    };
    // All to their ends: one that fails does not take the others, or what is said of them, with it.
    if wanted.parallel {
        let all = units.into_iter().map(|unit| one(&url, &log, unit, &options, &bars));
        for rebuilt in future::join_all(all).await {
            take(rebuilt)?;
        }
    } else {
        for unit in units {
            take(one(&url, &log, unit, &options, &bars).await)?;
        }
    }
    log.close().await;
    if shared.json {
        line(&serde_json::to_string_pretty(&done)?)?;
    }
    let Some(last) = failed.pop() else { return Ok(Verdict::Fine) };
    for failure in failed {
        failure.report(shared.json);
    }
    Err(last)
}

async fn one(
    url: &StoreUrl,
    log: &SharedLog,
    unit: UnitName,
    options: &RebuildOptions,
    bars: &Bars,
) -> Result<(RebuildReport, Duration), Failure> {
    let shown = bars.of(unit, "rebuilding");
    let report = projections::rebuild(url, log.clone(), unit, options, &|progress| shown.is_at(progress)).await;
    let took = shown.finish();
    let report = report
        .map_err(|error| Failure::of_view(error, format!("{unit} was not rebuilt; the live view is as it was")))?;
    Ok((report, took))
}

fn told(shared: &Shared, (report, took): (RebuildReport, Duration)) -> Result<Value, Failure> {
    if !shared.json {
        line(&as_text(&report, took))?;
    }
    Ok(as_json(&report, took))
}

pub fn as_text(report: &RebuildReport, took: Duration) -> String {
    let replaced = report.replaced.map_or_else(|| "the first".to_owned(), |old| format!("in the place of {old}"));
    let resumed = report.resumed_at.map_or_else(String::new, |at| format!(", gone on with from position {at}"));
    let rested = if report.rested.is_zero() {
        String::new()
    } else {
        format!(" (of which {:.1} s at rest)", report.rested.as_secs_f64())
    };
    let lost =
        if report.lost.any() { format!("; without {}, whose keys are lost", report.lost) } else { String::new() };
    format!(
        "{}: generation {} is live, {replaced}{resumed}; {} events in {:.1} s{rested}, up to position {}{lost} (a running \
         server goes over to it within a second)",
        report.unit,
        report.generation,
        report.events,
        took.as_secs_f64(),
        report.checkpoint
    )
}

pub fn as_json(report: &RebuildReport, took: Duration) -> Value {
    json!({
        "unit": report.unit.name(),
        "generation": report.generation,
        "replaced": report.replaced,
        "resumed_at": report.resumed_at,
        "removed": report.removed,
        "events": report.events,
        "checkpoint": report.checkpoint,
        "seconds": took.as_secs_f64(),
        "seconds_at_rest": report.rested.as_secs_f64(),
        "words_lost": lost_as_json(&report.lost),
    })
}

pub fn lost_as_json(lost: &LostWords) -> Value {
    json!({ "total": lost.total(), "by_user": lost.by_user() })
}
