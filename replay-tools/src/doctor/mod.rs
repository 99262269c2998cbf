//! `replay doctor`: is the log sound, and can this program read all of it?
//!
//! Streams the whole log once, page by page, and asks the engine for what only another order can tell. Nothing is
//! opened for writing and no lock is taken that a server would wait for, so it runs beside one, also beside one of an
//! older version. What it holds is bounded: a page, the names and versions there are, and at most
//! [`references::STREAMS_MAX`] streams that were seen to begin, as many keys that are gone and as many people.
//! Never in here: a repair.

mod events;
mod findings;
mod keys;
mod lost_keys;
mod places;
mod plain;
mod references;

use event_log::StoreUrl;
use event_log::raw::{self, BEGINNING, Facts, IndexStanding, RawLog, Reading};
use serde_json::json;

use crate::arguments::Shared;
use crate::counting::Counting;
use crate::outcome::{Failure, Verdict};
use crate::paint::{Colour, Paint, harmless, line};
use crate::store;
use events::EventChecks;
use findings::{Findings, Severity};
use keys::{KeyChecks, KeysSeen};
pub use lost_keys::LostKeys;
use plain::PlainChecks;
use references::ReferenceChecks;

/// Rows in memory at a time.
const PAGE_EVENTS: usize = 2_000;
/// Findings of one kind that are spelled out.
const NAMED_MAX: usize = 5;
/// So many events may be in the memory of whoever writes before they are in an index that follows the log.
const BEHIND_MAX: i64 = 100_000;

pub async fn run(shared: &Shared) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    store::require(&url).await.map_err(could_not_look)?;
    let keys = store::keys(shared, &url)?;
    let report = examine(&url, &keys).await.map_err(could_not_look)?;
    if shared.json {
        line(&serde_json::to_string_pretty(&report.as_json())?)?;
    } else {
        report.print(Paint::for_stdout())?;
    }
    Ok(if report.findings.is_clean() { Verdict::Fine } else { Verdict::Differences })
}

/// For scripts: 1 is "looked and found", so everything that kept it from looking is 2.
fn could_not_look(failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable(error) => Failure::CouldNotLook(error),
        Failure::Usage(text) | Failure::Refused(text) => Failure::Usage(text),
        Failure::CouldNotLook(error) => Failure::CouldNotLook(error),
        Failure::NobodyReads => Failure::NobodyReads,
    }
}

struct Report {
    store: String,
    facts: Facts,
    events: u64,
    seconds: f64,
    findings: Findings,
    versions: Vec<events::VersionSeen>,
    keys: KeysSeen,
}

async fn examine(url: &StoreUrl, keys: &StoreUrl) -> Result<Report, Failure> {
    let mut log = raw::look(url, Reading::Moving).await?;
    let facts = log.facts().await?;
    let mut findings = Findings::new(NAMED_MAX);
    let mut counting = Counting::new("examining", facts.head.max(0).unsigned_abs());
    let mut checks = EventChecks::default();
    let mut references = ReferenceChecks::default();
    let mut plain = PlainChecks::default();
    let mut keys = KeyChecks::at(keys, &facts, &mut findings).await?;
    let mut place = BEGINNING;
    loop {
        let page = log.page(place, facts.head, PAGE_EVENTS).await?;
        let Some(last) = page.last() else { break };
        place = (last.position, last.event_id);
        let mut read = Vec::with_capacity(page.len());
        for row in &page {
            let Some(mut recorded) = checks.check(row, &mut findings) else { continue };
            plain.check(row, &mut recorded);
            read.push(recorded);
        }
        references.check(&mut *log, &read, &mut findings).await?;
        keys.check(&mut read).await?;
        counting.is_at(checks.events());
    }
    keys.read_on(&mut *log, place).await?;
    counting.is_busy("examining streams and ids");
    streams_and_ids(&mut *log, &facts, &mut findings).await?;
    index(&mut *log, &facts, &mut findings).await?;
    places::check(url, &mut *log, &mut findings).await?;
    let seconds = counting.finish().as_secs_f64();
    let events = checks.events();
    let versions = checks.versions(&mut findings);
    let keys = keys.finish(&mut findings);
    plain.finish(&mut findings);
    Ok(Report { store: url.to_string(), facts, events, seconds, findings, versions, keys })
}

/// What the engine finds in the order of streams and ids.
async fn streams_and_ids(log: &mut dyn RawLog, facts: &Facts, findings: &mut Findings) -> Result<(), Failure> {
    for index in &facts.missing_indexes {
        let advice = "without it two writers can both win a place, or one command be written twice: make it again";
        findings.add(Severity::Error, "index", "a unique index of the log is missing or not valid", advice, || {
            (*index).to_owned()
        });
    }
    let broken = log.broken_streams(facts.head, NAMED_MAX * 4).await?;
    let named = broken.named.len() as u64;
    for event in broken.named {
        let stream = format!("{}/{}", event.stream.aggregate_type, event.stream.aggregate_id);
        let here = format!("{stream}#{} at position {}", event.sequence, event.position);
        let (what, before) = match event.before {
            None => ("a stream does not begin at 1", String::new()),
            Some((before, at)) if event.sequence == before => {
                ("a place in a stream is taken twice", format!(", as at position {at}"))
            }
            Some((before, _)) if event.sequence > before + 1 => ("a stream has a hole", format!(", behind #{before}")),
            Some((before, at)) => ("a stream runs against the log", format!(", behind #{before} at position {at}")),
        };
        let advice =
            "decisions on this stream rest on a history that is not whole: docs/backup.md, \"The log is damaged\"";
        findings.add(Severity::Error, "streams", what, advice, || format!("{here}{before}"));
    }
    findings.uncounted("streams", broken.total - named);
    let repeated = log.repeated_ids(facts.head, NAMED_MAX).await?;
    let named = repeated.named.len() as u64;
    for id in repeated.named {
        let advice = "the id is what makes a command happen once: find out who wrote it twice";
        findings.add(Severity::Error, "ids", "an event id occurs more than once", advice, || {
            format!("{} {} times, first at position {}", id.event_id, id.times, id.position)
        });
    }
    findings.uncounted("ids", repeated.total - named);
    for damage in log.file_damage().await? {
        let advice =
            "the file itself is damaged: stop the server, look at the disk, and docs/backup.md, \"The log is damaged\"";
        findings.add(Severity::Error, "file", "the engine finds its file damaged", advice, || damage.clone());
    }
    Ok(())
}

/// An index that follows the log in a file of its own: nothing in it is believed above.
async fn index(log: &mut dyn RawLog, facts: &Facts, findings: &mut Findings) -> Result<(), Failure> {
    let made_anew = "nothing is lost: it is made anew when the log is opened and nobody else has it open";
    match log.index(NAMED_MAX).await? {
        IndexStanding::Within => {}
        IndexStanding::Absent if facts.head == 0 => {}
        IndexStanding::Absent => {
            findings
                .add(Severity::Note, "index", "there is no index of the log", made_anew, || "log-index.db".to_owned());
        }
        IndexStanding::Useless(why) => {
            findings.add(Severity::Warning, "index", "the index of the log cannot be followed", made_anew, || why);
        }
        IndexStanding::Follows { checkpoint, wrong } => {
            if facts.head - checkpoint > BEHIND_MAX {
                let advice = "whoever opens the log next reads what is missing first";
                findings.add(Severity::Note, "index", "the index of the log is far behind", advice, || {
                    format!("at {checkpoint}, the log at {}", facts.head)
                });
            }
            let advice = "until it is made anew commands may be written twice and streams read without these events: end \
                          every program that uses the log, delete log-index.db, and start again";
            let named = wrong.named.len() as u64;
            for example in wrong.named {
                findings.add(Severity::Error, "index", "the index of the log disagrees with it", advice, || example);
            }
            findings.uncounted("index", wrong.total - named);
        }
    }
    Ok(())
}

impl Report {
    fn as_json(&self) -> serde_json::Value {
        json!({
            "store": self.store,
            "log_id": self.facts.id.to_string(),
            "head": self.facts.head,
            "events": self.events,
            "seconds": self.seconds,
            "clean": self.findings.is_clean(),
            "findings": self.findings.as_json(),
            "keys": self.keys.as_json(),
            "versions": self.versions.iter().map(events::VersionSeen::as_json).collect::<Vec<_>>(),
        })
    }

    fn print(&self, paint: Paint) -> Result<(), Failure> {
        let Self { store, facts, events, seconds, findings, versions, keys: _ } = self;
        line(&format!(
            "{store}: log {}, {events} events up to position {}, {} kinds of event, in {seconds:.1} s",
            facts.id,
            facts.head,
            versions.len()
        ))?;
        for finding in findings.all() {
            let colour = match finding.severity {
                Severity::Error => Colour::Red,
                Severity::Warning => Colour::Cyan,
                Severity::Note => Colour::Dim,
            };
            let severity = paint.text(colour, finding.severity.name());
            line(&format!("{severity} {}: {} ({})", finding.check, finding.what, finding.count))?;
            for example in &finding.examples {
                line(&format!("    {}", harmless(example)))?;
            }
            let unnamed = finding.count.saturating_sub(finding.examples.len() as u64);
            if unnamed > 0 {
                line(&format!("    and {unnamed} more"))?;
            }
            line(&paint.text(Colour::Dim, &format!("    {}", finding.advice)))?;
        }
        if findings.is_clean() {
            line(&paint.text(Colour::Green, "clean"))?;
        }
        Ok(())
    }
}
