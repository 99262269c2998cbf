//! Keys that do not answer: an append that was carried out is answered as carried out, and what they were asked for is
//! made up for by whoever reads on when they answer again.

use std::sync::Arc;

use aggregates::user::{Profile, UserErased, UserEvent, UserRegistered};
use aggregates::{DomainEvent, KeyId, Metadata, Sealed, StreamId, Timestamp, ids::UserId};
use async_trait::async_trait;
use event_log::port::{NewEvent, Original};
use event_log::postgres::PostgresLog;
use event_log::sealing::keys::{Brought, Found, Identity, Kept, KeyStore, Offered};
use event_log::sealing::{Sealing, Unsealed};
use event_log::sqlite::SqliteLog;
use event_log::{EventLogError, Filter, LogId, Position, SharedLog, StoreUrl};
use tokio::sync::watch;

use super::drafts::{Draft, a_room, said, soon, user};
use super::every_log;
use crate::support::backend::TestStore;
use crate::support::memory_keys::MemoryKeys;

every_log![
    an_append_does_not_wait_for_the_words_of_others,
    nor_for_them_while_it_holds_the_log,
    an_erasure_is_answered_and_carried_out_by_the_next_reader,
];

/// Told to be silent, it answers nothing.
struct Silent {
    keys: Arc<MemoryKeys>,
    silent: watch::Sender<bool>,
}

impl Silent {
    async fn answers(&self) {
        let mut silent = self.silent.subscribe();
        silent.wait_for(|silent| !silent).await.expect("the sender lives here");
    }
}

#[async_trait]
impl KeyStore for Silent {
    async fn keep(&self, offered: Vec<Offered>) -> Result<Vec<Offered>, EventLogError> {
        self.answers().await;
        self.keys.keep(offered).await
    }

    async fn find(&self, ids: &[KeyId]) -> Result<Vec<Found>, EventLogError> {
        self.answers().await;
        self.keys.find(ids).await
    }

    async fn of_owner(&self, owner: &UserId) -> Result<Vec<KeyId>, EventLogError> {
        self.answers().await;
        self.keys.of_owner(owner).await
    }

    async fn drop_keys(&self, owner: &UserId, ids: &[KeyId]) -> Result<(), EventLogError> {
        self.answers().await;
        self.keys.drop_keys(owner, ids).await
    }

    async fn page(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<Kept>, EventLogError> {
        self.keys.page(after, limit).await
    }

    async fn bring_in(&self, keys: Vec<Kept>) -> Result<Brought, EventLogError> {
        self.keys.bring_in(keys).await
    }

    async fn identity(&self) -> Result<Identity, EventLogError> {
        self.keys.identity().await
    }

    async fn claim(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.keys.claim(log).await
    }

    async fn take_over(&self, log: LogId) -> Result<Identity, EventLogError> {
        self.keys.take_over(log).await
    }

    async fn scrub(&self) -> Result<bool, EventLogError> {
        self.keys.scrub().await
    }

    async fn mended(&self, log: LogId) -> Result<Position, EventLogError> {
        self.keys.mended(log).await
    }

    async fn save_mended(&self, log: LogId, position: Position) -> Result<(), EventLogError> {
        self.keys.save_mended(log, position).await
    }

    async fn close(&self) {}
}

/// Two handles on one store and one set of keys: for the first, they can be silent.
struct Two {
    first: SharedLog,
    second: SharedLog,
    keys: Arc<Silent>,
}

impl Two {
    async fn of(store: &TestStore) -> Self {
        let keys = Arc::new(MemoryKeys::default());
        let silent = Arc::new(Silent { keys: Arc::clone(&keys), silent: watch::Sender::new(false) });
        let first = unsealed(store, Sealing::new(Arc::clone(&silent) as _)).await;
        Self { first, second: unsealed(store, Sealing::new(keys)).await, keys: silent }
    }

    fn fall_silent(&self, silent: bool) {
        self.keys.silent.send_replace(silent);
    }
}

async fn unsealed(store: &TestStore, sealing: Sealing) -> SharedLog {
    let engine: SharedLog = match store.store_url() {
        StoreUrl::Sqlite(directory) => Arc::new(SqliteLog::open(&directory).await.expect("a log")),
        StoreUrl::Postgres(url) => Arc::new(PostgresLog::open(&url).await.expect("a log")),
    };
    Arc::new(Unsealed::over(engine, sealing).await.expect("its keys answer"))
}

/// A user's event, sealed.
pub async fn of_user(log: &SharedLog, name: &str, sequence: u64, event: UserEvent) -> NewEvent {
    let mut events = [DomainEvent::from(event)];
    log.sealing().expect("keys").seal(&mut events).await.expect("sealed");
    let [event] = events;
    let stream = StreamId::user(&user(name));
    NewEvent {
        name: event.schema().name(),
        version: event.schema().version(),
        payload: event.to_json().expect("JSON"),
        original: Some(Original { event, metadata: Arc::new(Metadata::default()) }),
        ..said_under(&stream, sequence)
    }
}

fn said_under(stream: &StreamId, sequence: u64) -> NewEvent {
    NewEvent { stream: stream.clone(), ..said(&a_room(), sequence, "") }
}

pub fn registered(name: &str) -> UserEvent {
    let profile = Profile { name: Some(Sealed::new("anabel")), ..Profile::default() };
    UserEvent::UserRegistered(UserRegistered { user_id: user(name), profile, at: Timestamp::from_millis(0) })
}

async fn name_at(log: &SharedLog, position: u64) -> Option<String> {
    let page = log.read_after(Position(position - 1), 1, Filter::All).await.expect("readable");
    let DomainEvent::User(UserEvent::UserRegistered(event)) = &page.events[0].event else { panic!("{page:?}") };
    event.profile.name.as_ref().and_then(|name| name.words()).map(ToOwned::to_owned)
}

async fn an_append_does_not_wait_for_the_words_of_others(store: &TestStore) {
    let two = Two::of(store).await;
    let theirs = of_user(&two.second, "ana", 1, registered("ana")).await;
    Draft::at(Position(0)).event(theirs).append(&*two.second).await.expect("written");
    two.fall_silent(true);
    let room = a_room();
    let draft = Draft::at(Position(0)).says(&room, 1, "halo");
    let appended = soon("an answer", draft.append(&*two.first)).await.expect("it was carried out");
    assert_eq!((appended.base, appended.foreign.events.len()), (Position(1), 1));
    assert_eq!(two.first.find(&draft.ids()).await.expect("found").len(), 1);
    two.fall_silent(false);
    assert_eq!(name_at(&two.first, 1).await.as_deref(), Some("anabel"), "nothing of it is lost");
}

async fn nor_for_them_while_it_holds_the_log(store: &TestStore) {
    let two = Two::of(store).await;
    let theirs = of_user(&two.second, "ana", 1, registered("ana")).await;
    Draft::at(Position(0)).event(theirs).append(&*two.second).await.expect("written");
    two.fall_silent(true);
    let (locked, foreign) = soon("the lock", two.first.lock(Position(0))).await.expect("held");
    assert_eq!(foreign.events.len(), 1);
    let draft = Draft::at(Position(1)).says(&a_room(), 1, "halo");
    soon("an answer", locked.append(draft.batch())).await.expect("the log was held all the while");
}

async fn an_erasure_is_answered_and_carried_out_by_the_next_reader(store: &TestStore) {
    let two = Two::of(store).await;
    let sealing = two.first.sealing().expect("keys");
    let ours = of_user(&two.first, "ana", 1, registered("ana")).await;
    Draft::at(Position(0)).event(ours).append(&*two.first).await.expect("written");
    let key = sealing.key_of(&user("ana"), false).await.expect("readable").expect("was made");
    let erased = UserErased { user_id: user("ana"), keys: vec![key], at: Timestamp::from_millis(1) };
    let erased = of_user(&two.first, "ana", 2, UserEvent::UserErased(erased)).await;
    two.fall_silent(true);
    let draft = Draft::at(Position(1)).event(erased);
    soon("an answer", draft.append(&*two.first)).await.expect("it was carried out");
    two.fall_silent(false);
    assert_eq!(sealing.key_of(&user("ana"), false).await.expect("readable"), Some(key), "nobody dropped it yet");
    two.first.read_after(Position(1), 10, Filter::All).await.expect("readable");
    assert_eq!(sealing.key_of(&user("ana"), false).await.expect("readable"), None);
    assert_eq!(name_at(&two.first, 1).await, None);
}
