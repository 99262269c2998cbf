//! The log as its readers see it: with open words.
//!
//! A wrapper, so that engines know nothing of keys. What goes in was sealed before (by the door, or with
//! [`super::Sealing::seal`]); what is read to decide stays closed, for no rule looks into it.

use std::sync::Arc;
use std::time::Duration;

use aggregates::{AggregateKind, StreamId};
use async_trait::async_trait;

use super::{Sealing, erasure};
use crate::caches::CacheSize;
use crate::plain::PlainWords;
use crate::port::{
    AppendError, Appended, Batch, EventLog, EventLogError, Filter, Foreign, LockedLog, LogWrapper, Page, SharedLog,
};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// An append that was carried out is answered after this long, whatever becomes of the words that others wrote.
const KEYS_PATIENCE: Duration = Duration::from_secs(1);
/// The same while the log is held: everybody waits, and PostgreSQL lets a silent holder go after a second.
const KEYS_PATIENCE_HELD: Duration = Duration::from_millis(250);
/// Events looked at together for erasures that were not carried out.
const MEND_EVENTS: usize = 1_000;

#[derive(Clone)]
pub struct Unsealed {
    log: SharedLog,
    sealing: Sealing,
    plain: PlainWords,
}

impl Unsealed {
    /// Carries out what a crash left between an erasure and its key, then lets readers in.
    pub async fn over(log: SharedLog, sealing: Sealing) -> Result<Self, EventLogError> {
        let unsealed = Self { log, sealing, plain: PlainWords::default() };
        unsealed.mend().await?;
        Ok(unsealed)
    }

    /// Looks through what was written since the last time; all of it when the keys are of another log, as after a
    /// restore of either. Reading it is carrying it out.
    async fn mend(&self) -> Result<(), EventLogError> {
        let begun = self.sealing.mended(self.log.id()).await?;
        let mut mended = begun;
        loop {
            let users = Filter::Kinds(&[AggregateKind::User]);
            let read = LogWrapper::read_after(self, mended, MEND_EVENTS, users).await;
            let page = match read {
                // Readers stop at it and say so; the rest of the program goes on. What lies behind it is mended by the
                // program that can read it.
                Err(EventLogError::Unreadable { position, source }) => {
                    tracing::error!(%position, error = %source, "erasures are carried out only up to here");
                    break;
                }
                page => page?,
            };
            if page.scanned_to <= mended {
                break;
            }
            mended = page.scanned_to;
        }
        if mended > begun {
            self.sealing.save_mended(self.log.id(), mended).await?;
        }
        Ok(())
    }

    /// What others wrote, opened, and its erasures carried out. The append was carried out whatever becomes of this: what
    /// cannot be opened now is left closed.
    async fn open_foreign(&self, foreign: &mut [RecordedEvent], patience: Duration) {
        if foreign.is_empty() {
            return;
        }
        let opening = self.open_page(foreign.iter_mut().collect());
        if let Err(error) = in_time(patience, opening).await {
            tracing::warn!(%error, "what others wrote cannot be opened now");
        }
    }

    /// What can be opened is open behind it, and what is to be seen by nobody any more is gone.
    async fn open_page(&self, mut events: Vec<&mut RecordedEvent>) -> Result<(), EventLogError> {
        self.plain.lose(&*self.log, &mut events).await?;
        self.sealing.open_page(events).await
    }

    /// An erasure of our own counts from the moment it is written.
    async fn heed(&self, batch: &Batch, appended: &Appended) {
        // One that was left out has not happened: its words are still somebody's.
        let written = batch.events.iter().filter(|event| appended.left_out.binary_search(&event.group).is_err());
        let originals = written.filter_map(|event| event.original.as_ref());
        for erased in originals.filter_map(|original| erasure(&original.event)) {
            self.plain.erased(&erased.user_id);
            if let Err(error) = in_time(KEYS_PATIENCE, self.sealing.drop_keys(erased)).await {
                // Every reader that passes it tries again.
                tracing::warn!(%error, user = %erased.user_id, "the keys of an erased user cannot be dropped now");
            }
        }
    }
}

/// The keys are asked, but not waited for for ever: whoever waits here has written already.
async fn in_time(
    patience: Duration,
    work: impl Future<Output = Result<(), EventLogError>>,
) -> Result<(), EventLogError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done,
        Err(elapsed) => Err(EventLogError::Unavailable(elapsed.into())),
    }
}

struct UnsealedLock {
    locked: Box<dyn LockedLog>,
    log: Unsealed,
}

#[async_trait]
impl LockedLog for UnsealedLock {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        let mut appended = self.locked.append(batch).await?;
        self.log.open_foreign(&mut appended.foreign.events, KEYS_PATIENCE).await;
        self.log.heed(batch, &appended).await;
        Ok(appended)
    }
}

#[async_trait]
impl LogWrapper for Unsealed {
    fn wrapped(&self) -> &dyn EventLog {
        &*self.log
    }

    fn sealing(&self) -> Option<&Sealing> {
        Some(&self.sealing)
    }

    fn caches(&self) -> Vec<CacheSize> {
        let mut caches = self.log.caches();
        caches.push(self.sealing.keys_at_hand());
        caches
    }

    async fn append(&self, batch: &Batch) -> Result<Appended, AppendError> {
        let mut appended = self.log.append(batch).await?;
        self.open_foreign(&mut appended.foreign.events, KEYS_PATIENCE).await;
        self.heed(batch, &appended).await;
        Ok(appended)
    }

    async fn lock(&self, known: Position) -> Result<(Box<dyn LockedLog>, Foreign), AppendError> {
        let (locked, mut foreign) = self.log.lock(known).await?;
        self.open_foreign(&mut foreign.events, KEYS_PATIENCE_HELD).await;
        Ok((Box::new(UnsealedLock { locked, log: self.clone() }), foreign))
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, EventLogError> {
        let mut events = self.log.read_stream(stream, after, limit).await?;
        self.open_page(events.iter_mut().collect()).await?;
        Ok(events)
    }

    async fn read_after(&self, position: Position, limit: usize, filter: Filter) -> Result<Page, EventLogError> {
        let mut page = self.log.read_after(position, limit, filter).await?;
        self.open_page(page.events.iter_mut().map(Arc::make_mut).collect()).await?;
        Ok(page)
    }

    async fn close(&self) {
        self.log.close().await;
        self.sealing.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::{Condition, NewEvent, Original};
    use crate::sqlite::SqliteLog;
    use crate::store_url::StoreUrl;
    use aggregates::DomainEvent;
    use aggregates::ids::{EventId, UserId};
    use aggregates::user::{Profile, UserErased, UserEvent, UserRegistered};
    use aggregates::{Metadata, Timestamp};
    use uuid::Uuid;

    fn draft(event: DomainEvent, user: &UserId, id: u128) -> NewEvent {
        let schema = event.schema();
        NewEvent {
            group: 0,
            stream: StreamId::user(user),
            sequence: 1,
            event_id: EventId(Uuid::from_u128(id)),
            name: schema.name(),
            version: schema.version(),
            payload: event.to_json().expect("json"),
            metadata: "{}".into(),
            original: Some(Original { event, metadata: Arc::new(Metadata::default()) }),
        }
    }

    fn batch(event: NewEvent) -> Batch {
        Batch {
            known: Position(0),
            conditions: vec![Condition { group: 0, stream: event.stream.clone(), version: 0, kinds: &[] }],
            events: vec![event],
            groups: 1,
        }
    }

    #[tokio::test]
    async fn an_erasure_that_was_left_out_drops_no_key() {
        let dir = tempfile::tempdir().expect("dir");
        let url = StoreUrl::Sqlite(dir.path().to_owned());
        let sealing = Sealing::open(&url).await.expect("keys");
        let engine: SharedLog = Arc::new(SqliteLog::open(dir.path()).await.expect("log"));
        let log: SharedLog = Arc::new(Unsealed::over(engine, sealing.clone()).await.expect("opens"));
        let ana = UserId::parse("ana").expect("id");
        let at = Timestamp::from_millis(0);
        let key = sealing.key_of(&ana, true).await.expect("made").expect("made");
        let registered = UserRegistered { user_id: ana.clone(), profile: Profile::default(), at };
        log.append(&batch(draft(UserEvent::UserRegistered(registered).into(), &ana, 1))).await.expect("written");
        let erased = UserErased { user_id: ana.clone(), keys: vec![key], at };
        let appended = log.append(&batch(draft(UserEvent::UserErased(erased).into(), &ana, 2))).await.expect("weighed");
        assert_eq!(appended.left_out, [0], "it lost the race and was not written");
        assert_eq!(log.head().await.expect("head"), Position(1));
        assert_eq!(sealing.key_of(&ana, false).await.expect("readable"), Some(key), "so the key stands");
    }

    #[tokio::test]
    async fn an_unreadable_event_of_a_user_does_not_keep_the_log_shut() {
        let dir = tempfile::tempdir().expect("dir");
        let url = StoreUrl::Sqlite(dir.path().to_owned());
        crate::open(&url).await.expect("opens").close().await;
        let connection = rusqlite::Connection::open(dir.path().join("log.db")).expect("opens");
        connection
            .execute_batch(
                "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                 event_version, payload, metadata, recorded_at) VALUES (1, randomblob(16), 'user', 'ana', 1, \
                 'user_tagged', '1', '{\"type\":\"user_tagged\"}', '{}', 0)",
            )
            .expect("written");
        drop(connection);
        let opened = crate::open(&url).await;
        assert!(opened.is_ok(), "{:?}", opened.err());
    }

    #[tokio::test]
    async fn what_is_kept_in_memory_loses_its_words_with_their_owner() {
        let dir = tempfile::tempdir().expect("dir");
        let url = StoreUrl::Sqlite(dir.path().to_owned());
        let log = crate::open(&url).await.expect("opens");
        let sealing = log.sealing().expect("keys").clone();
        let ana = UserId::parse("ana").expect("id");
        let at = Timestamp::from_millis(0);
        let profile = Profile { name: Some(aggregates::Sealed::new("anabel")), ..Profile::default() };
        let mut events =
            [DomainEvent::from(UserEvent::UserRegistered(UserRegistered { user_id: ana.clone(), profile, at }))];
        sealing.seal(&mut events).await.expect("sealed");
        let [event] = events;
        log.append(&batch(draft(event, &ana, 1))).await.expect("written");
        crate::erasing::erase(&log, &ana, &std::collections::BTreeSet::new(), at).await.expect("erased");
        let page = log.read_after(Position(0), 10, Filter::All).await.expect("readable");
        let DomainEvent::User(UserEvent::UserRegistered(first)) = &page.events[0].event else { panic!() };
        assert_eq!(first.profile.name.as_ref().and_then(|name| name.words()), None);
    }
}
