//! `replay repair`: where a view is not what the log says, the rows that are take its place.

use std::time::Duration;

use projections::{ReadError, RebuildOptions, RebuildReport};
use serde_json::{Value, json};

use crate::arguments::{RepairWanted, Shared};
use crate::outcome::{Failure, Verdict};
use crate::paint::{Paint, line};
use crate::progress::Bars;
use crate::{rebuild, store, verify};

pub async fn run(shared: &Shared, wanted: &RepairWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open_also_without(shared, &url, &wanted.keys).await?;
    let (bars, options) = (Bars::new(), wanted.options());
    let (mut answers, mut verdict): (Vec<Value>, Verdict) = (Vec::new(), Verdict::Fine);
    for unit in wanted.units() {
        let shown = bars.of(unit, "comparing");
        let tell = |progress| shown.is_at(progress);
        let (found, repaired) = if wanted.yes {
            let report = projections::repair(&url, log.clone(), unit, &options, &tell).await;
            if let Err(damaged @ ReadError::Damaged { .. }) = &report {
                let options = RebuildOptions { fresh: true, ..options };
                let anew = projections::rebuild(&url, log.clone(), unit, &options, &tell).await;
                let what = || format!("{unit} is damaged and was not filled anew");
                let anew = anew.map_err(|error| Failure::of_view(error, what()))?;
                answers.push(filled_anew(shared, damaged, &anew, shown.finish())?);
                continue;
            }
            let what = || format!("{unit} was not repaired; the live view is as it was");
            let report = report.map_err(|error| Failure::of_view(error, what()))?;
            (report.found, report.repaired)
        } else {
            let report = projections::verify(&url, log.clone(), unit, &tell).await;
            let what = || format!("{unit} cannot be compared");
            (report.map_err(|error| Failure::of_view(error, what()))?, None)
        };
        let took = shown.finish();
        let is_left = !found.is_clean() && repaired.is_none();
        if is_left {
            verdict = Verdict::Differences;
        }
        if !shared.json {
            verify::print(&found, Paint::for_stdout())?;
            if let Some(report) = &repaired {
                line(&format!("repaired: {}", rebuild::as_text(report, took)))?;
            } else if is_left {
                line("nothing was changed: with --yes, these rows are replaced by what the log says")?;
            }
        }
        let repaired = repaired.map(|report| rebuild::as_json(&report, took));
        answers.push(json!({ "unit": unit.name(), "found": verify::as_json(&found), "repaired": repaired }));
    }
    log.close().await;
    if shared.json {
        line(&serde_json::to_string_pretty(&answers)?)?;
    }
    Ok(verdict)
}

/// There was nothing to compare with: all rows are new.
fn filled_anew(shared: &Shared, damaged: &ReadError, report: &RebuildReport, took: Duration) -> Result<Value, Failure> {
    if !shared.json {
        line(&format!("{damaged}"))?;
        line(&format!("repaired: {}", rebuild::as_text(report, took)))?;
    }
    Ok(json!({
        "unit": report.unit.name(),
        "found": { "unit": report.unit.name(), "clean": false, "damage": damaged.to_string() },
        "repaired": rebuild::as_json(report, took),
    }))
}
