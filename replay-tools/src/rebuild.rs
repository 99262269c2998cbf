//! `replay rebuild`: a view anew, from the first event.

use std::time::Duration;

use anyhow::Context;
use projections::RebuildReport;
use serde_json::{Value, json};

use crate::arguments::{RebuildWanted, Shared};
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::progress::Progressing;
use crate::store;

pub async fn run(shared: &Shared, wanted: &RebuildWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open(&url).await?;
    let mut done = Vec::new();
    for unit in wanted.units() {
        let shown = Progressing::new(unit, "rebuilding");
        let report = projections::rebuild(&url, log.clone(), unit, &|progress| shown.is_at(progress)).await;
        let took = shown.finish();
        let report = report.with_context(|| format!("{unit} was not rebuilt; the live view is as it was"))?;
        if shared.json {
            done.push(as_json(&report, took));
        } else {
            line(&as_text(&report, took))?;
        }
    }
    log.close().await;
    if shared.json {
        line(&serde_json::to_string_pretty(&done)?)?;
    }
    Ok(Verdict::Fine)
}

fn as_text(report: &RebuildReport, took: Duration) -> String {
    let replaced = report.replaced.map_or_else(|| "the first".to_owned(), |old| format!("in the place of {old}"));
    format!(
        "{}: generation {} is live, {replaced}; {} events in {:.1} s, up to position {}",
        report.unit,
        report.generation,
        report.events,
        took.as_secs_f64(),
        report.checkpoint
    )
}

fn as_json(report: &RebuildReport, took: Duration) -> Value {
    json!({
        "unit": report.unit.name(),
        "generation": report.generation,
        "replaced": report.replaced,
        "removed": report.removed,
        "events": report.events,
        "checkpoint": report.checkpoint,
        "seconds": took.as_secs_f64(),
    })
}
