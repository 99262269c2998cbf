//! The places of those who read the log: are they in this log, and not past its head?

use event_log::raw::{RawLog, RawReactor};
use event_log::{Chain, StoreUrl};
use projections::{Standings, UnitStage, UnitStanding};

use super::findings::{Findings, Severity};
use crate::outcome::Failure;

pub async fn check(url: &StoreUrl, log: &mut dyn RawLog, findings: &mut Findings) -> Result<(), Failure> {
    // The head last: read the other way round, whoever is busy would seem to be past it.
    let Standings { found: units, damaged } = projections::standings(url).await?;
    let facts = log.facts().await?;
    for RawReactor { name, log, position } in &facts.reactors.places {
        if *log != facts.id {
            let advice =
                "nobody knows what it has done of this log: docs/backup.md, \"A reactor has lost its checkpoint\"";
            findings.add(Severity::Error, "places", "a reactor's checkpoint is of another log", advice, || {
                format!("{name}: of the log {log}")
            });
        } else if *position > facts.head {
            let advice = "the log lost events that it has seen, the server refuses to start it: docs/backup.md, \"The log went back\"";
            findings.add(Severity::Error, "places", "a reactor is past the head", advice, || {
                format!("{name}: at {position}, the log ends at {}", facts.head)
            });
        }
    }
    for name in &facts.reactors.lost {
        let advice =
            "the server does not start it, and /readyz says so: docs/backup.md, \"A reactor has lost its checkpoint\"";
        findings.add(Severity::Error, "places", "a reactor has lost its checkpoint", advice, || name.clone());
    }
    for error in damaged {
        let advice = "the log is not touched by it, and the server does not start with it";
        findings.add(Severity::Error, "places", "a view cannot be read", advice, || Chain(&error).to_string());
    }
    // A rebuild leaves the one it has replaced, for programs that are still reading it.
    let last_closed = |unit, format| {
        let closed =
            units.iter().filter(|one| one.stage == UnitStage::Closed && (one.unit, one.format) == (unit, format));
        closed.map(|one| one.generation).max()
    };
    for &UnitStanding { unit, format, generation, log, checkpoint, stage } in &units {
        let name = || format!("{unit}, generation {generation} of format {format}, at {checkpoint}");
        let past = i64::try_from(checkpoint.0).unwrap_or(i64::MAX) > facts.head;
        match stage {
            UnitStage::Closed if last_closed(unit, format) == Some(generation) => {}
            UnitStage::Closed => {
                let advice = "the next rebuild of the unit deletes it";
                findings.add(Severity::Note, "places", "a closed generation is left behind", advice, name);
            }
            UnitStage::Building | UnitStage::Ready if log != facts.id => {
                let advice = "the server refuses it: `replay rebuild --all`";
                findings.add(Severity::Error, "places", "a view is of another log", advice, || {
                    format!("{}, of the log {log}", name())
                });
            }
            UnitStage::Building | UnitStage::Ready if past => {
                let advice = "the log lost events that it shows: docs/backup.md, \"The log went back\", before `replay rebuild --all`";
                findings.add(Severity::Error, "places", "a view is past the head", advice, || {
                    format!("{}, the log ends at {}", name(), facts.head)
                });
            }
            UnitStage::Building => {
                let advice =
                    "a rebuild is running, or died: the next rebuild of the unit goes on with it or deletes it";
                findings.add(Severity::Warning, "places", "a generation is not finished", advice, name);
            }
            UnitStage::Ready => {}
        }
    }
    Ok(())
}
