//! The index and its log: whatever becomes of the one, what is asked is answered as the other says.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aggregates::StreamId;
use aggregates::ids::{EventId, RoomId};
use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::super::append::Pen;
use super::super::connection::{STEPS, open_reader, open_writer};
use super::super::{SqliteLog, rows};
use super::keys::{self, id_key, stream_key};
use super::recent::{RECENT_EVENTS_MAX, SEGMENT_EVENTS_MAX};
use super::{Entry, Index, Indexer, StreamName, check, file, path};
use crate::migrations::migrate;
use crate::port::{AppendError, Batch, EventLog, EventLogError, NewEvent};
use crate::position::Position;
use crate::raw::IndexStanding;

const BATCH: u64 = 4_096;

fn room(number: u64) -> StreamId {
    StreamId::room(RoomId(Uuid::from_u128(0x5eed_0000 + u128::from(number))))
}

fn id(number: u64) -> EventId {
    // Spread, as hashed ids are.
    EventId(Uuid::from_u128(u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number)))
}

fn event(stream: &StreamId, sequence: u64, event_id: EventId) -> NewEvent {
    NewEvent {
        group: 0,
        stream: stream.clone(),
        sequence,
        event_id,
        name: "message_sent",
        version: "1",
        payload: "{}".to_owned(),
        metadata: Arc::from("{}"),
        original: None,
    }
}

fn batch(known: u64, events: Vec<NewEvent>) -> Batch {
    Batch { known: Position(known), conditions: Vec::new(), events, groups: 1 }
}

/// Event n is the next of room n % 7; so many behind `from`.
fn messages(from: u64, count: u64) -> Batch {
    batch(
        from,
        (from + 1..=from + count).map(|number| event(&room(number % 7), number.div_ceil(7), id(number))).collect(),
    )
}

/// A writer of its own, as a process has it; dropped without a word it was killed.
struct Process {
    pen: Pen,
    index: Arc<Index>,
}

impl Process {
    fn start(directory: &Path) -> Self {
        Self::try_start(directory).expect("the log opens")
    }

    fn try_start(directory: &Path) -> Result<Self, EventLogError> {
        let connection = open_writer(directory, &directory.join("log.db"))?;
        let log = rows::log_id(&connection)?;
        let index = Index::open(directory, &connection, log)?;
        Ok(Self { pen: Pen::new(connection, index.look()?, log), index })
    }

    fn writes(&mut self, count: u64) -> u64 {
        let mut head = self.head();
        let end = head + count;
        while head < end {
            let more = BATCH.min(end - head);
            self.pen.append(&messages(head, more)).expect("written");
            head += more;
        }
        end
    }

    fn head(&mut self) -> u64 {
        self.pen.append(&batch(0, Vec::new())).map_or_else(
            |error| match error {
                AppendError::Behind { head } => head.0,
                other => panic!("{other}"),
            },
            |appended| appended.base.0,
        )
    }

    fn knows(&mut self, number: u64) -> bool {
        let found = self.pen.settle(&[id(number)]).expect("looked up");
        found.first().is_some_and(|found| found.position.0 == number && found.stream == room(number % 7))
    }

    fn refuses(&mut self, event: NewEvent) -> bool {
        let known = self.head();
        matches!(self.pen.append(&batch(known, vec![event])), Err(AppendError::Taken))
    }

    /// As a graceful end does it.
    fn stops(self, directory: &Path) {
        let indexer = Indexer::open(Arc::clone(&self.index), &directory.join("log.db")).expect("opens");
        self.pen.finish();
        drop(self.pen);
        indexer.run();
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn standing(directory: &Path) -> IndexStanding {
    let log = open_reader(&directory.join("log.db")).expect("opens");
    let id = rows::log_id(&log).expect("readable");
    check(&path(directory), &log, id, 5).expect("looked at")
}

#[track_caller]
fn follows_up_to(directory: &Path, position: u64) {
    let IndexStanding::Follows { checkpoint, wrong } = standing(directory) else { panic!("{:?}", standing(directory)) };
    assert_eq!((checkpoint.cast_unsigned(), wrong.named, wrong.total), (position, vec![], 0));
}

#[test]
fn what_was_committed_and_not_merged_when_the_process_died_is_found_by_the_next() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(100);
    drop(process);
    follows_up_to(folder.path(), 0);
    let mut next = Process::start(folder.path());
    assert!((1..=100).all(|number| next.knows(number)));
    assert!(next.refuses(event(&room(9), 1, id(50))), "its id is taken");
    assert!(next.refuses(event(&room(1), 15, id(101))), "its place is taken");
    assert!(next.refuses(event(&room(1), 17, id(101))), "there is none before it");
    assert!(!next.refuses(event(&room(1), 16, id(101))));
}

#[test]
fn what_was_merged_is_found_and_taken_as_well() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(100);
    process.stops(folder.path());
    follows_up_to(folder.path(), 100);
    let mut next = Process::start(folder.path());
    assert!((1..=100).all(|number| next.knows(number)));
    assert!(!next.knows(101));
    assert!(next.refuses(event(&room(9), 1, id(50))), "its id is taken");
    assert!(next.refuses(event(&room(1), 15, id(101))), "its place is taken");
    assert!(next.refuses(event(&room(1), 17, id(101))), "there is none before it");
    assert!(next.refuses(event(&room(9), 2, id(101))), "nor here");
    let twice = vec![event(&room(8), 1, id(101)), event(&room(9), 1, id(101))];
    assert!(matches!(next.pen.append(&batch(100, twice)), Err(AppendError::Taken)), "twice in one batch");
    assert!(!next.refuses(event(&room(1), 16, id(101))));
}

#[test]
fn an_index_that_cannot_be_followed_is_made_anew() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 9] = [
        ("taken away", |file| std::fs::remove_file(file).expect("gone")),
        ("nothing", |file| std::fs::write(file, b"").expect("written")),
        ("garbage", |file| std::fs::write(file, vec![b'x'; 16_384]).expect("written")),
        ("cut off", |file| {
            let length = std::fs::metadata(file).expect("there").len();
            std::fs::File::options().write(true).open(file).and_then(|it| it.set_len(length / 2)).expect("cut");
        }),
        ("of another format", |file| statement(file, "PRAGMA user_version = 99")),
        ("of another log", |file| statement(file, "UPDATE checkpoint SET log_id = randomblob(16)")),
        ("past the end", |file| statement(file, "UPDATE checkpoint SET position = 100000")),
        ("of another salt", |file| statement(file, "UPDATE checkpoint SET salt = randomblob(16)")),
        ("without streams", |file| statement(file, "DELETE FROM streams")),
    ];
    for (what, damage) in damages {
        let folder = folder();
        let mut process = Process::start(folder.path());
        process.writes(5_000);
        process.stops(folder.path());
        let before = salt(folder.path());
        damage(&path(folder.path()));
        let mut next = Process::start(folder.path());
        assert!([1, 2_500, 5_000].iter().all(|number| next.knows(*number)), "{what}");
        assert!(next.refuses(event(&room(9), 1, id(50))), "{what}");
        drop(next);
        assert_ne!(salt(folder.path()), before, "{what}: it was not made anew");
        follows_up_to(folder.path(), 5_000);
        assert_eq!(std::fs::metadata(path(folder.path())).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

/// Another one in every index.
fn salt(directory: &Path) -> keys::Salt {
    let index = open_reader(&path(directory)).expect("opens");
    file::Checkpoint::read(&index).expect("readable").salt
}

fn statement(file: &Path, sql: &str) {
    Connection::open(file).and_then(|file| file.execute_batch(sql)).expect("carried out");
}

/// An older copy of the log was put back, and has gone on otherwise: what the index knows of the time after it never was.
#[test]
fn an_index_of_a_log_that_went_another_way_is_made_anew() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(50);
    process.stops(folder.path());
    let log = folder.path().join("log.db");
    let older = std::fs::read(&log).expect("readable");
    let mut process = Process::start(folder.path());
    process.writes(50);
    process.stops(folder.path());
    std::fs::write(&log, older).expect("put back");
    let connection = Connection::open(&log).expect("opens");
    for number in 51..=120 {
        let (stream, id) = (room(20), id(1_000 + number));
        let event = event(&stream, number - 50, id);
        connection
            .execute(
                "INSERT INTO events VALUES (?1, ?2, 'room', ?3, ?4, ?5, '1', '{}', '{}', 0)",
                rusqlite::params![number, id.0, &*stream.id, event.sequence, event.name],
            )
            .expect("written");
    }
    drop(connection);
    let mut next = Process::start(folder.path());
    assert!(next.knows(50) && !next.knows(51));
    assert_eq!(next.pen.settle(&[id(1_060)]).expect("looked up")[0].position, Position(60));
    drop(next);
    follows_up_to(folder.path(), 120);
}

#[test]
fn a_log_from_before_there_was_an_index_is_brought_up_to_date() {
    let folder = folder();
    let mut connection = Connection::open(folder.path().join("log.db")).expect("opens");
    let before = STEPS.iter().position(|step| step.name.ends_with("drop_event_indexes")).expect("a step");
    migrate(&mut connection, &STEPS[..before]).expect("made");
    for number in 1..=300_u64 {
        let (stream, sequence) = (room(number % 7), number.div_ceil(7));
        connection
            .execute(
                "INSERT INTO events VALUES (?1, ?2, 'room', ?3, ?4, 'message_sent', '1', '{}', '{}', 0)",
                rusqlite::params![number, id(number).0, &*stream.id, sequence],
            )
            .expect("written");
    }
    drop(connection);
    let mut process = Process::start(folder.path());
    assert!((1..=300).all(|number| process.knows(number)));
    assert!(process.refuses(event(&room(9), 1, id(7))));
    process.writes(10);
    let log = open_reader(&folder.path().join("log.db")).expect("opens");
    let indexes: u32 =
        log.query_row("SELECT count(*) FROM pragma_index_list('events')", [], |row| row.get(0)).expect("counted");
    assert_eq!(indexes, 0);
    follows_up_to(folder.path(), 300);
}

/// Bytes that are not in the key differ; and a stream of the same key, as a hash could give it.
#[test]
fn what_has_the_same_key_is_told_apart_by_its_row() {
    let folder = folder();
    let (one, other) = (Uuid::from_u128(7), Uuid::from_u128(7 | 1 << 64));
    assert_eq!(id_key(one), id_key(other));
    let mut process = Process::start(folder.path());
    process.pen.append(&batch(0, vec![event(&room(1), 1, EventId(one))])).expect("written");
    process.pen.append(&batch(1, vec![event(&room(2), 1, EventId(other))])).expect("its id is another");
    process.stops(folder.path());
    let index = Connection::open(path(folder.path())).expect("opens");
    let key = stream_key(salt(folder.path()), "room", &room(1).id);
    index.execute("INSERT INTO streams VALUES (?1, 2, 2)", [key]).expect("written");
    drop(index);
    let mut next = Process::start(folder.path());
    let found = next.pen.settle(&[EventId(one), EventId(other)]).expect("looked up");
    assert_eq!(found.iter().map(|found| found.position.0).collect::<Vec<_>>(), [1, 2]);
    assert!(!next.refuses(event(&room(1), 2, id(3))), "the other stream's place is not its own");
    let look = next.index.look().expect("opens");
    let log = open_reader(&folder.path().join("log.db")).expect("opens");
    let mut seen = Vec::new();
    let read = look.each_of_stream(&log, (&room(1), 0), 10, |position| {
        let is_own = rows::is_of_stream(&log, position, &room(1))?;
        seen.extend(is_own.then_some(position));
        Ok(is_own)
    });
    read.expect("read");
    assert_eq!(seen, [1, 3]);
}

/// Both write, both merge, each goes on from what the other has merged.
#[test]
fn two_processes_follow_one_log() {
    let folder = folder();
    let (mut one, mut other) = (Process::start(folder.path()), Process::start(folder.path()));
    let threads: Vec<_> = [&one, &other]
        .map(|process| Indexer::open(Arc::clone(&process.index), &folder.path().join("log.db")).expect("opens"))
        .into_iter()
        .map(|indexer| std::thread::spawn(move || indexer.run()))
        .collect();
    let mut head = 0;
    while head < 2 * SEGMENT_EVENTS_MAX + 2 * BATCH {
        head = one.writes(BATCH);
        head = other.writes(BATCH).max(head);
        assert!(one.knows(head) && other.knows(head - BATCH));
    }
    assert!(one.refuses(event(&room(9), 1, id(head - 5))), "the other has written it");
    assert!(other.refuses(event(&room(9), 1, id(3))));
    for Process { pen, .. } in [one, other] {
        pen.finish();
    }
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    follows_up_to(folder.path(), head);
}

#[test]
fn an_event_is_found_at_every_moment_of_its_way_from_memory_to_the_file() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    let indexer = Indexer::open(Arc::clone(&process.index), &folder.path().join("log.db")).expect("opens");
    let indexer = std::thread::spawn(move || indexer.run());
    let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let reader = std::thread::spawn({
        let (index, file) = (Arc::clone(&process.index), folder.path().join("log.db"));
        let (written, stop) = (Arc::clone(&written), Arc::clone(&stop));
        move || {
            let (look, log) = (index.look().expect("opens"), open_reader(&file).expect("opens"));
            let mut asked = 0_u64;
            while !stop.load(Ordering::SeqCst) {
                let written = written.load(Ordering::SeqCst);
                let wanted: Vec<Uuid> =
                    (0..8).map(|step| id(written - (asked * 37 + step * 4_001) % written.max(1)).0).collect();
                if written > 0 {
                    let found = look.find(&log, &wanted).expect("looked up");
                    assert!(found.iter().all(Option::is_some), "{found:?} of {written}");
                    asked += 1;
                }
            }
            asked
        }
    });
    while written.load(Ordering::SeqCst) < 3 * SEGMENT_EVENTS_MAX {
        written.store(process.writes(1_024), Ordering::SeqCst);
    }
    stop.store(true, Ordering::SeqCst);
    assert!(reader.join().expect("found all of them") > 0);
    process.pen.finish();
    drop(process);
    indexer.join().expect("no panic");
}

/// Nobody merges here: at the limit nothing more is written, and it is said why.
#[test]
fn promise_8_what_is_held_in_memory_is_limited() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(RECENT_EVENTS_MAX);
    let refused = process.pen.append(&messages(RECENT_EVENTS_MAX, 1));
    let Err(AppendError::NothingWritten(EventLogError::Unavailable(why))) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("65536 events wait to be written to the log's index"), "{why}");
    assert!(process.knows(1), "what is there can still be looked up");
    let indexer = Indexer::open(Arc::clone(&process.index), &folder.path().join("log.db")).expect("opens");
    let indexer = std::thread::spawn(move || indexer.run());
    process.pen.append(&messages(RECENT_EVENTS_MAX, 1)).expect("as soon as there is room");
    process.pen.finish();
    drop(process);
    indexer.join().expect("no panic");
}

#[test]
fn a_log_that_went_back_under_an_open_process_is_not_written() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(10);
    statement(&folder.path().join("log.db"), "DELETE FROM events WHERE position > 8");
    let refused = process.pen.append(&batch(8, vec![event(&room(9), 1, id(99))]));
    assert!(matches!(refused, Err(AppendError::WentBack { known: Position(10), head: Position(8) })), "{refused:?}");
}

#[test]
fn a_damaged_index_is_not_put_in_the_place_of_one_that_others_use() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(10);
    std::fs::remove_file(path(folder.path())).expect("taken away");
    let refused = Process::try_start(folder.path()).err().expect("another uses it");
    assert!(crate::chain::Chain(&refused).to_string().contains("end those first"), "{refused:?}");
    assert!(process.knows(10), "whoever has it open goes on");
    drop(process);
    assert!(Process::start(folder.path()).knows(10));
}

/// Found while it is used: said, and taken away, so that the next opening makes it anew.
#[tokio::test]
async fn an_index_that_is_found_damaged_is_taken_away() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(5_000);
    process.stops(folder.path());
    let file = path(folder.path());
    let root: usize = Connection::open(&file)
        .and_then(|index| {
            index.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'streams'", [], |row| row.get(0))
        })
        .expect("a table");
    // Behind the back of whoever has it open: opening would find it.
    let log = SqliteLog::open(folder.path()).await.expect("opens");
    assert_eq!(log.trouble(), None);
    let at = ((root - 1) * 4_096) as u64;
    let rotten = std::fs::File::options().write(true).open(&file).expect("there");
    rotten.write_all_at(&[0x55; 4_096], at).expect("written");
    let asked = log.read_stream(&room(3), 0, 2_000).await;
    let Err(EventLogError::Corrupt(what)) = &asked else { panic!("{asked:?}") };
    assert!(what.contains("the index is made anew"), "{what}");
    assert!(log.trouble().is_some_and(|what| what.contains("log-index.db")), "{:?}", log.trouble());
    assert!(!file.exists());
    log.close().await;
    drop((log, rotten));
    assert!(Process::start(folder.path()).knows(2_500));
    follows_up_to(folder.path(), 5_000);
}

/// A new one is what following from the first event gives.
#[test]
fn an_index_made_anew_is_the_one_that_followed() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(9_000);
    process.stops(folder.path());
    let content = || {
        let index = open_reader(&path(folder.path())).expect("opens");
        let mut ids = index.prepare("SELECT key, position FROM ids").expect("valid");
        let ids: Vec<(i64, i64)> =
            ids.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("asked").map(Result::unwrap).collect();
        let mut streams = index.prepare("SELECT sequence, position FROM streams ORDER BY 2").expect("valid");
        let streams: Vec<(i64, i64)> =
            streams.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("asked").map(Result::unwrap).collect();
        (ids, streams)
    };
    let followed = content();
    std::fs::remove_file(path(folder.path())).expect("taken away");
    drop(Process::start(folder.path()));
    assert_eq!(content(), followed);
    assert_eq!(followed.0.len(), 9_000);
}

/// By another process, which was further: the file does not go back.
#[test]
fn a_segment_that_is_in_the_file_already_is_let_go() {
    let folder = folder();
    let mut process = Process::start(folder.path());
    process.writes(20);
    let mut other = Process::start(folder.path());
    assert!(other.knows(20));
    other.writes(10);
    other.stops(folder.path());
    follows_up_to(folder.path(), 30);
    process.stops(folder.path());
    follows_up_to(folder.path(), 30);
    let mut next = Process::start(folder.path());
    next.writes(10);
    next.stops(folder.path());
    follows_up_to(folder.path(), 40);
}

#[test]
fn an_event_that_is_known_is_not_taken_twice() {
    let folder = folder();
    let process = Process::start(folder.path());
    let entry =
        |position| Entry { position, event_id: id(position).0, stream: StreamName::of(&room(1)), sequence: position };
    let recent = process.index.recent();
    recent.take((1..=5).map(entry), 0);
    recent.take((3..=7).map(entry), 0);
    assert_eq!(recent.covered(), 7);
    let (places, base) = recent.places(&StreamName::of(&room(1)), 2, 10);
    assert_eq!((places, base), ((3..=7).map(|at| (at, at)).collect(), 0));
}
