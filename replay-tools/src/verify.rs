//! `replay verify`: is a view what the log says it should be?

use anyhow::Context;
use projections::{Difference, VerifyReport};
use serde_json::{Value, json};

use crate::arguments::{Shared, VerifyWanted};
use crate::outcome::{Failure, Verdict};
use crate::paint::{Colour, Paint, harmless, line};
use crate::progress::Bars;
use crate::rebuild::lost_as_json;
use crate::store;

pub async fn run(shared: &Shared, wanted: &VerifyWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open(shared, &url).await?;
    if projections::status(&url, &log).await?.is_empty() {
        log.close().await;
        // Nothing is there that could differ.
        line(if shared.json { "[]" } else { "no views yet: the server makes them" })?;
        return Ok(Verdict::Fine);
    }
    let (mut reports, mut failed, bars) = (Vec::new(), Vec::new(), Bars::new());
    for unit in wanted.units() {
        let shown = bars.of(unit, "verifying");
        let report = projections::verify(&url, log.clone(), unit, &|progress| shown.is_at(progress)).await;
        shown.finish();
        // One that cannot be read does not keep from looking at the others.
        match report.with_context(|| format!("{unit} cannot be verified")) {
            Ok(report) => {
                if !shared.json {
                    print(&report, Paint::for_stdout())?;
                }
                reports.push(report);
            }
            Err(error) => failed.push(Failure::Unreachable(error)),
        }
    }
    log.close().await;
    if shared.json {
        let reports: Vec<Value> = reports.iter().map(as_json).collect();
        line(&serde_json::to_string_pretty(&reports)?)?;
    }
    let last = failed.pop();
    for failure in failed {
        failure.report(shared.json);
    }
    if let Some(last) = last {
        return Err(last);
    }
    let clean = reports.iter().all(VerifyReport::is_clean);
    Ok(if clean { Verdict::Fine } else { Verdict::Differences })
}

pub fn print(report: &VerifyReport, paint: Paint) -> Result<(), Failure> {
    let VerifyReport { unit, generation, checkpoint, events, rows, differences, differences_total, lost } = report;
    let verdict = if report.is_clean() {
        paint.text(Colour::Green, "clean")
    } else {
        paint.text(Colour::Red, &format!("{differences_total} rows differ"))
    };
    line(&format!(
        "{unit}: {verdict}; generation {generation} at position {checkpoint}, {rows} rows from {events} events"
    ))?;
    if lost.any() {
        line(&paint.text(
            Colour::Red,
            &format!(
                "  compared without {lost}, whose keys are lost: where the live view has them, it is the one that is right"
            ),
        ))?;
    }
    for difference in differences {
        for text in spelled_out(difference, paint) {
            line(&text)?;
        }
    }
    let unnamed = differences_total.saturating_sub(differences.len() as u64);
    if unnamed > 0 {
        line(&format!("  and {unnamed} more"))?;
    }
    Ok(())
}

/// As a diff has it: `-` is what the live view has, `+` what the log says.
fn spelled_out(difference: &Difference, paint: Paint) -> Vec<String> {
    let row = |row: &Option<String>| row.as_deref().map_or_else(|| "(no such row)".to_owned(), harmless);
    let mut lines = vec![
        format!("  {} {}", difference.table, harmless(&difference.key)),
        paint.text(Colour::Red, &format!("  - {}", row(&difference.live))),
        paint.text(Colour::Green, &format!("  + {}", row(&difference.rebuilt))),
    ];
    if difference.touched_by.is_empty() {
        lines.push("    no event touched it".to_owned());
        return lines;
    }
    let earlier = difference.touched_by_total.saturating_sub(difference.touched_by.len() as u64);
    let earlier = if earlier > 0 { format!("{earlier} earlier, ") } else { String::new() };
    let events: Vec<String> = difference
        .touched_by
        .iter()
        .map(|one| format!("{} {} ({})", one.position, one.event, harmless(&one.stream)))
        .collect();
    lines.push(paint.text(Colour::Dim, &format!("    touched by {earlier}{}", events.join(", "))));
    lines
}

pub fn as_json(report: &VerifyReport) -> Value {
    let row = |row: &Option<String>| {
        row.as_deref().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)))
    };
    let events = |one: &Difference| -> Vec<Value> {
        let event =
            |one: &projections::Touching| json!({ "position": one.position, "event": one.event, "stream": one.stream });
        one.touched_by.iter().map(event).collect()
    };
    let differences: Vec<Value> = report
        .differences
        .iter()
        .map(|one| {
            json!({
                "table": one.table,
                "key": one.key,
                "live": row(&one.live),
                "rebuilt": row(&one.rebuilt),
                "touched_by_total": one.touched_by_total,
                "touched_by": events(one),
            })
        })
        .collect();
    json!({
        "unit": report.unit.name(),
        "clean": report.is_clean(),
        "generation": report.generation,
        "checkpoint": report.checkpoint,
        "events": report.events,
        "rows": report.rows,
        "differences_total": report.differences_total,
        "differences": differences,
        "words_lost": lost_as_json(&report.lost),
    })
}
