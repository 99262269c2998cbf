//! A connection that goes silent without an error: whoever asked is told in time, and the next question is answered.
//!
//! PostgreSQL only: SQLite has no connection to stall. The proxy holds an answer back in the middle of a read; without a
//! limit of its own such a read waits for as long as the network does.

use std::time::Duration;

use aggregates::StreamId;
use aggregates::ids::{EventId, UserId};
use event_log::{EventLog, EventLogError, Filter, Position, SharedLog, StoreUrl};
use projections::Views;
use uuid::Uuid;

use super::drafts::a_room_of;
use crate::support::backend::{Backend, TestStore};
use crate::support::chaos_proxy::ChaosProxy;

/// Far longer than any patience: what does not end by then hangs.
const HANGS: Duration = Duration::from_secs(60);

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(HANGS, work).await {
        Ok(done) => done,
        Err(_) => panic!("{what} hangs"),
    }
}

fn url(store: &TestStore, proxy: &ChaosProxy) -> StoreUrl {
    StoreUrl::parse(&store.postgres().url_by(proxy.address())).expect("a URL")
}

async fn through(store: &TestStore, proxy: &ChaosProxy) -> SharedLog {
    event_log::open(&url(store, proxy)).await.expect("reachable")
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Page,
    Kinds,
    Head,
    Stream,
    Find,
    Snapshot,
    Checkpoint,
    /// Read by postgres-es.
    Load,
}

impl Question {
    /// Something in its statement that no other has.
    fn needle(self) -> &'static [u8] {
        match self {
            Self::Page => b"WHERE e.position > $1 ORDER BY e.position LIMIT $2",
            Self::Kinds => b"aggregate_type || '' = ANY",
            Self::Head => b"max(position)",
            Self::Stream => b"AND e.sequence > $3",
            Self::Find => b"event_id = ANY",
            Self::Snapshot => b"FROM state_snapshots",
            Self::Checkpoint => b"FROM reactor_checkpoints",
            Self::Load => b"ORDER BY sequence",
        }
    }

    async fn ask(self, log: &dyn EventLog, room: &StreamId) -> Result<(), EventLogError> {
        match self {
            Self::Page => log.read_after(Position::START, 10, Filter::All).await.map(drop),
            Self::Kinds => {
                let kinds = Filter::Kinds(&[aggregates::AggregateKind::Room]);
                log.read_after(Position::START, 10, kinds).await.map(drop)
            }
            Self::Head => log.head().await.map(drop),
            Self::Stream => log.read_stream(room, 0, 10).await.map(drop),
            Self::Find => log.find(&[EventId(Uuid::nil())]).await.map(drop),
            Self::Snapshot => log.snapshot(room).await.map(drop),
            Self::Checkpoint => log.reactor_checkpoint("notification").await.map(drop),
            Self::Load => log.load(room, 0, 1_000).await.map(drop),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_answer_stays_away_ends_in_time_and_the_next_one_is_answered() {
    use Question::{Checkpoint, Find, Head, Kinds, Load, Page, Snapshot, Stream};
    tokio::join!(
        stalled(Page),
        stalled(Kinds),
        stalled(Head),
        stalled(Stream),
        stalled(Find),
        stalled(Snapshot),
        stalled(Checkpoint),
        stalled(Load),
    );
}

async fn stalled(question: Question) {
    let Some(store) = Backend::Postgres.store().await else { return };
    let (room, _) = a_room_of(&*store.open().await, 3).await;
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let log = through(&store, &proxy).await;
    // A new connection has not prepared the statement yet, so that it goes over the wire as text.
    proxy.cut().await;
    proxy.stall_before_answer_to(question.needle());
    let told = in_time(&format!("{question:?}"), question.ask(&*log, &room)).await;
    let Err(EventLogError::Unavailable(why)) = told else { panic!("{question:?}: {told:?}") };
    assert!(why.to_string().contains("did not answer within"), "{question:?}: {why}");
    let next = in_time(&format!("the next {question:?}"), question.ask(&*log, &room)).await;
    assert!(next.is_ok(), "{question:?}: {next:?}");
}

/// As a firewall that forgot them: all of them lie there, and none answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_went_silent_while_they_lay_idle_are_replaced() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let (room, _) = a_room_of(&*store.open().await, 3).await;
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let log = through(&store, &proxy).await;
    for _ in 0..2 {
        let reads = (0..20).map(|_| {
            let (log, room) = (log.clone(), room.clone());
            tokio::spawn(async move {
                Question::Stream.ask(&*log, &room).await?;
                Question::Load.ask(&*log, &room).await
            })
        });
        for read in reads.collect::<Vec<_>>() {
            read.await.expect("no panic").expect("readable");
        }
        proxy.stall_now();
        // postgres-es has a pool that asks an idle connection for as long as it lends: that one may fail once.
        let first = in_time("the first load", Question::Load.ask(&*log, &room)).await;
        assert!(matches!(first, Ok(()) | Err(EventLogError::Unavailable(_))), "{first:?}");
        in_time("a load", Question::Load.ask(&*log, &room)).await.expect("answered by a new connection");
        in_time("a page", Question::Page.ask(&*log, &room)).await.expect("answered by a new connection");
    }
    in_time("closing", log.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_to_a_view_whose_answer_stays_away_ends_in_time_and_the_next_one_is_answered() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let proxy = ChaosProxy::before(store.postgres().address()).await;
    let views = Views::open(&url(&store, &proxy), store.open().await).await.expect("open");
    let ana = UserId::parse("ana").expect("an id");
    proxy.stall_before_answer_to(b".users");
    let told = in_time("a question", views.inbox().users(std::slice::from_ref(&ana))).await;
    let told = told.expect_err("its answer stayed away");
    let why = std::error::Error::source(&told).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{told:?}").contains("did not answer within"), "{told}: {why}");
    in_time("the next question", views.inbox().users(&[ana])).await.expect("answered by a new connection");
}
