//! What a backup is: a folder with a manifest and the log as compressed lines, the same for every engine.
//!
//! `docs/backup.md` describes it for whoever wants to read one with other tools. Separate from the commands so that
//! making and reading it are seen side by side. Never in here: where the rows come from or go to.

mod hashing;
mod reader;
mod writer;

use aggregates::Timestamp;
use event_log::LogId;
use event_log::raw::{RawEvent, RawReactor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use hashing::Hashing;
pub use reader::Reader;
pub use writer::Writer;

pub const FORMAT: &str = "kabar-backup";
/// Of manifest and lines together.
pub const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
const LINES: &str = "log.jsonl.gz";

/// `manifest.json`. Everything in it is said, or follows from what is said, in the lines as well, and compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub version: u32,
    pub made_at: Timestamp,
    pub log_id: LogId,
    /// The last position; what was answered up to it is in here.
    pub head: i64,
    pub events: u64,
    pub reactors: u64,
    pub file: String,
    pub bytes: u64,
    /// Of the file, in hexadecimal.
    pub sha256: String,
}

/// One line of the file: first the log, then reactors, with and without a place, then events by position, then the end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Log {
        id: LogId,
        head: i64,
    },
    Reactor {
        name: String,
        log_id: LogId,
        position: i64,
    },
    /// Ran once, and has lost its place.
    LostReactor {
        name: String,
    },
    Event(Box<EventLine>),
    End {
        events: u64,
        reactors: u64,
    },
}

/// Payload and metadata are text in a string, not JSON in JSON: they come back to the byte.
#[derive(Debug, Serialize, Deserialize)]
struct EventLine {
    position: i64,
    id: Uuid,
    kind: String,
    stream: String,
    sequence: i64,
    name: String,
    version: String,
    payload: String,
    metadata: String,
    recorded_us: i64,
}

impl From<RawEvent> for EventLine {
    fn from(event: RawEvent) -> Self {
        Self {
            position: event.position,
            id: event.event_id,
            kind: event.aggregate_type,
            stream: event.aggregate_id,
            sequence: event.sequence,
            name: event.event_type,
            version: event.event_version,
            payload: event.payload,
            metadata: event.metadata,
            recorded_us: event.recorded_us,
        }
    }
}

impl From<EventLine> for RawEvent {
    fn from(line: EventLine) -> Self {
        Self {
            position: line.position,
            event_id: line.id,
            aggregate_type: line.kind,
            aggregate_id: line.stream,
            sequence: line.sequence,
            event_type: line.name,
            event_version: line.version,
            payload: line.payload,
            metadata: line.metadata,
            recorded_us: line.recorded_us,
        }
    }
}

impl From<&RawReactor> for Line {
    fn from(reactor: &RawReactor) -> Self {
        Self::Reactor { name: reactor.name.clone(), log_id: reactor.log, position: reactor.position }
    }
}

/// A backup that must not be restored, and why.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{0} cannot be read")]
    File(String, #[source] std::io::Error),
    #[error("it is not a backup of Kabar: {0}")]
    NotOne(String),
    #[error("it is of format version {0}, this program reads version {VERSION}")]
    OtherVersion(u32),
    #[error("it is damaged: {0}")]
    Damaged(String),
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use event_log::raw::Reactors;

    use super::*;

    fn event(position: i64) -> RawEvent {
        RawEvent {
            position,
            event_id: Uuid::from_u128(position.unsigned_abs().into()),
            aggregate_type: "room".into(),
            aggregate_id: "a".into(),
            sequence: position,
            event_type: "message_sent".into(),
            event_version: "1".into(),
            payload: "{ \"words\":\n \"halo 👋\" }".into(),
            metadata: "{}".into(),
            recorded_us: 1_795_328_222_045_678,
        }
    }

    fn made(to: &Path, events: i64) -> Manifest {
        let log = LogId(Uuid::from_u128(9));
        let places = vec![RawReactor { name: "notification".into(), log, position: 2 }];
        let reactors = Reactors { places, lost: vec!["digest".into()] };
        let mut writer = Writer::begin(to, log, events, &reactors).expect("begun");
        for position in 1..=events {
            writer.event(event(position)).expect("written");
        }
        writer.finish(Timestamp::from_millis(0)).expect("finished")
    }

    fn read(from: &Path) -> Result<Vec<RawEvent>, ArchiveError> {
        let mut reader = Reader::open(from)?;
        let mut events = Vec::new();
        loop {
            let page = reader.page(2)?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page);
        }
    }

    #[test]
    fn what_goes_in_comes_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("backup");
        let manifest = made(&to, 5);
        assert_eq!((manifest.events, manifest.reactors, manifest.head), (5, 2, 5));
        assert_eq!(read(&to).expect("sound"), (1..=5).map(event).collect::<Vec<_>>());
        let reactors = Reader::open(&to).expect("sound").reactors().clone();
        assert_eq!((reactors.places[0].position, reactors.lost), (2, vec!["digest".to_owned()]));
        let files: Vec<_> = std::fs::read_dir(folder.path()).expect("readable").collect();
        assert_eq!(files.len(), 1, "nothing lies beside it");
    }

    /// Whole, by its checksum and its counts, and still no log: somebody's hand, or a writer that is wrong.
    #[test]
    fn positions_that_do_not_go_forward_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, positions) in [("back", [2, 1, 3]), ("twice", [1, 1, 3])] {
            let to = folder.path().join(name);
            let mut writer = Writer::begin(&to, LogId(Uuid::nil()), 3, &Reactors::default()).expect("begun");
            for position in positions {
                writer.event(event(position)).expect("written");
            }
            writer.finish(Timestamp::from_millis(0)).expect("finished");
            let refused = read(&to).expect_err(name).to_string();
            assert!(refused.contains("position 1 comes behind"), "{refused}");
        }
    }

    #[test]
    fn a_backup_that_was_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("backup");
        let mut writer = Writer::begin(&to, LogId(Uuid::nil()), 1, &Reactors::default()).expect("begun");
        writer.event(event(1)).expect("written");
        drop(writer);
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_changed_byte_a_lost_end_and_a_changed_manifest_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let damaged = |name: &str, file: &str, damage: &dyn Fn(&mut Vec<u8>)| {
            let to = folder.path().join(name);
            made(&to, 3);
            let path = to.join(file);
            let mut bytes = std::fs::read(&path).expect("readable");
            damage(&mut bytes);
            std::fs::write(&path, bytes).expect("written");
            read(&to).expect_err(name).to_string()
        };
        let replaced = |from: &'static str, to: &'static str| {
            move |bytes: &mut Vec<u8>| {
                let text = String::from_utf8(bytes.clone()).expect("text");
                assert!(text.contains(from), "{text}");
                *bytes = text.replace(from, to).into_bytes();
            }
        };
        let middle = |bytes: &mut Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        };
        assert!(damaged("flipped", LINES, &middle).contains("checksum"));
        assert!(damaged("cut", LINES, &|bytes| bytes.truncate(bytes.len() - 1)).contains("bytes"));
        assert!(damaged("head", MANIFEST, &replaced("\"head\": 3", "\"head\": 2")).contains("head"));
        assert!(damaged("count", MANIFEST, &replaced("\"events\": 3", "\"events\": 4")).contains("4 events"));
        assert!(damaged("later", MANIFEST, &replaced("\"version\": 1", "\"version\": 2")).contains("version 2"));
        assert!(damaged("other", MANIFEST, &replaced(FORMAT, "zip")).contains("not a backup"));
        assert!(damaged("text", MANIFEST, &|bytes| bytes.truncate(10)).contains("not a backup"));
    }
}
