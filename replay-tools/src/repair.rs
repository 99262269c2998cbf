//! `replay repair`: where a view is not what the log says, the rows that are take its place.

use anyhow::Context;
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
            let report = report.with_context(|| format!("{unit} was not repaired; the live view is as it was"))?;
            (report.found, report.repaired)
        } else {
            let report = projections::verify(&url, log.clone(), unit, &tell).await;
            (report.with_context(|| format!("{unit} cannot be compared"))?, None)
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
