//! Each event by itself and beside the one before it: order, time, and whether this program can read it.

use std::collections::BTreeMap;

use aggregates::versions::{self, Standing};
use aggregates::{Timestamp, UnreadableEvent};
use event_log::RecordedEvent;
use event_log::raw::{RawEvent, unreadable};
use serde_json::{Value, json};

use super::findings::{Findings, Severity};

/// Kinds of event that are counted apart.
const VERSIONS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub struct EventChecks {
    events: u64,
    last: Option<(i64, i64)>,
    /// By (kind of stream, name, version).
    seen: BTreeMap<(String, String, String), VersionSeen>,
}

/// How often an event of one name and version occurs, and what this program makes of it.
#[derive(Debug, Clone)]
pub struct VersionSeen {
    kind: String,
    name: String,
    version: String,
    count: u64,
    first: i64,
    standing: Standing,
}

impl EventChecks {
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The event, when it can be read.
    pub fn check(&mut self, row: &RawEvent, findings: &mut Findings) -> Option<RecordedEvent> {
        self.events += 1;
        self.order(row, findings);
        let standing = self.note(row);
        match row.read() {
            Ok(recorded) => Some(recorded),
            Err(error) => {
                // A name or version of nobody is one finding for all its events, made at the end.
                if matches!(standing, Standing::Current | Standing::Upcast) {
                    not_read(row, unreadable(error), findings);
                }
                None
            }
        }
    }

    fn order(&mut self, row: &RawEvent, findings: &mut Findings) {
        let RawEvent { position, recorded_us, .. } = *row;
        let (before, before_us) = self.last.unwrap_or((0, i64::MIN));
        if position <= before {
            let advice =
                "readers that stand at this position see one of the two: docs/backup.md, \"The log is damaged\"";
            findings.add(Severity::Error, "order", "a position is taken twice", advice, || position.to_string());
        } else if position > before + 1 {
            let advice = "events were deleted, or moved to another place: docs/backup.md, \"The log is damaged\"";
            findings.add(Severity::Error, "order", "positions are missing", advice, || {
                let (first, last) = (before + 1, position - 1);
                if first == last { first.to_string() } else { format!("{first} to {last}") }
            });
        }
        if recorded_us < before_us {
            let advice =
                "the log gives times that never go back: somebody wrote past it; reports as of a time are wrong";
            findings.add(Severity::Error, "order", "recorded_at goes back", advice, || {
                let at = |us: i64| Timestamp::from_millis(us.div_euclid(1_000));
                format!("position {position}: {} comes after {}", at(recorded_us), at(before_us))
            });
        }
        self.last = Some((position, recorded_us.max(before_us)));
    }

    fn note(&mut self, row: &RawEvent) -> Standing {
        let RawEvent { aggregate_type: kind, event_type: name, event_version: version, position, .. } = row;
        let key = (kind.clone(), name.clone(), version.clone());
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.count += 1;
            return seen.standing;
        }
        let standing = versions::standing(kind, name, version);
        if self.seen.len() < VERSIONS_MAX {
            let (kind, name, version) = key.clone();
            self.seen.insert(key, VersionSeen { kind, name, version, count: 1, first: *position, standing });
        }
        standing
    }

    /// All that were seen, after saying of each one that this program does not know what is wrong with it.
    pub fn versions(self, findings: &mut Findings) -> Vec<VersionSeen> {
        for seen in self.seen.values() {
            let (what, advice) = match seen.standing {
                Standing::Current | Standing::Upcast => continue,
                Standing::Unknown => (
                    "an event that this program does not know".to_owned(),
                    "written by another program or a later version: run the doctor of the version that wrote it",
                ),
                Standing::Later => (
                    "an event of a later version than this program writes".to_owned(),
                    "do not deploy this version over that log",
                ),
                Standing::NoWayTo(to) => (
                    format!("an event of an older version that no upcaster leads from: there is none to version {to}"),
                    "write the missing step; until then neither deciding nor projecting can read it",
                ),
            };
            findings.add(Severity::Error, "versions", what, advice, || seen.in_words());
            findings.uncounted("versions", seen.count - 1);
        }
        self.seen.into_values().collect()
    }
}

impl VersionSeen {
    fn in_words(&self) -> String {
        let Self { kind, name, version, count, first, standing: _ } = self;
        format!("{kind} {name} version {version}: {count} events, first at position {first}")
    }

    pub fn as_json(&self) -> Value {
        let standing = match self.standing {
            Standing::Current => "current",
            Standing::Upcast => "upcast",
            Standing::NoWayTo(_) => "no way",
            Standing::Later => "later",
            Standing::Unknown => "unknown",
        };
        json!({
            "kind": self.kind, "name": self.name, "version": self.version,
            "count": self.count, "first": self.first, "standing": standing,
        })
    }
}

fn not_read(row: &RawEvent, error: Option<UnreadableEvent>, findings: &mut Findings) {
    let RawEvent { position, aggregate_type, aggregate_id, sequence, event_type, event_version, .. } = row;
    let here = || {
        format!(
            "position {position}: {event_type} version {event_version} of {aggregate_type}/{aggregate_id}#{sequence}"
        )
    };
    match error {
        Some(UnreadableEvent::Mislabelled { found, .. }) => {
            let advice = "columns and payload contradict each other, no reader gets past it: docs/backup.md, \"The log is damaged\"";
            findings.add(Severity::Error, "events", "an event is mislabelled", advice, || {
                format!("{} holds a {found}", here())
            });
        }
        Some(UnreadableEvent::Payload { source, .. }) => {
            let advice =
                "no reader gets past it: put back what a backup has there (docs/backup.md, \"The log is damaged\")";
            findings
                .add(Severity::Error, "events", "an event cannot be read", advice, || format!("{}: {source}", here()));
        }
        Some(UnreadableEvent::UnknownAggregate(_) | UnreadableEvent::UnknownVersion { .. }) | None => {
            let advice =
                "no reader gets past it: put back what a backup has there (docs/backup.md, \"The log is damaged\")";
            findings.add(Severity::Error, "events", "an event cannot be read", advice, here);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(position: i64, recorded_us: i64) -> RawEvent {
        RawEvent {
            position,
            event_id: uuid::Uuid::from_u128(position.unsigned_abs().into()),
            aggregate_type: "room".into(),
            aggregate_id: "a".into(),
            sequence: position,
            event_type: "nothing_we_know".into(),
            event_version: "1".into(),
            payload: "{}".into(),
            metadata: "{}".into(),
            recorded_us,
        }
    }

    /// One clock that ran ahead must not hide behind the next: everything before the latest time so far goes back.
    #[test]
    fn a_time_is_compared_with_the_latest_so_far_and_not_with_its_neighbour() {
        let (mut checks, mut findings) = (EventChecks::default(), Findings::new(5));
        for (position, seconds) in [(1, 10), (2, 5), (3, 7), (4, 10), (5, 11)] {
            checks.check(&row(position, seconds * 1_000_000), &mut findings);
        }
        let found: Vec<_> = findings.all().filter(|finding| finding.what == "recorded_at goes back").collect();
        assert_eq!(found.iter().map(|finding| finding.count).collect::<Vec<_>>(), [2]);
        assert!(found[0].examples[1].starts_with("position 3: "), "{:?}", found[0].examples);
    }
}
