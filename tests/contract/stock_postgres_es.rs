//! A stock postgres-es program works beside Kabar on the same table: its own repository, store and framework, nothing
//! of ours but the aggregate. It knows nothing of positions, event ids or the door; the table sees to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, RoomId};
use aggregates::room::{Room, RoomCommand, RoomError, RoomEvent};
use aggregates::{Command, DomainEvent, Metadata, Refusal, StreamId};
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventStore};
use event_log::{CommandError, Decided, Door, DoorOptions, EventLog, Position, SharedLog, Wish};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::event_log::drafts::{Draft, a_room_of, create, everything, remove, send, soon, words};
use crate::support::backend::{Backend, TestStore};

type StockStore = PersistedEventStore<PostgresEventRepository, Room>;

/// Our log and theirs, which are one.
struct Side {
    store: TestStore,
    ours: SharedLog,
    pool: PgPool,
    stock: CqrsFramework<Room, StockStore>,
    room: RoomId,
}

impl Side {
    /// `None` when PostgreSQL is left out.
    async fn by_side() -> Option<Self> {
        let store = Backend::Postgres.store().await?;
        let ours = store.open().await;
        let pool = PgPoolOptions::new().max_connections(4).connect(&store.url()).await.expect("connects");
        let stock = CqrsFramework::new(stock_store(&pool), vec![], ());
        Some(Self { store, ours, pool, stock, room: RoomId(Uuid::new_v4()) })
    }

    /// A stock program that writes words seals them as everybody does: words that are not cannot be written.
    async fn stock_does(&self, command: RoomCommand) -> Result<(), AggregateError<RoomError>> {
        let command = sealed(&*self.ours, command).await;
        self.stock.execute(&self.room.to_string(), command).await
    }

    async fn stock_loads(&self) -> Loaded {
        stock_store(&self.pool).load_aggregate(&self.room.to_string()).await.expect("a stock program reads it")
    }

    async fn door(&self) -> Door {
        open_door(Arc::clone(&self.ours)).await
    }
}

type Loaded = <StockStore as EventStore<Room>>::AC;

async fn sealed(log: &dyn EventLog, command: RoomCommand) -> RoomCommand {
    let mut commands = [Command::Room(command)];
    log.sealing().expect("a store has keys").seal(&mut commands).await.expect("sealed");
    let [Command::Room(command)] = commands else { unreachable!("sealing changes words alone") };
    command
}

fn stock_store(pool: &PgPool) -> StockStore {
    PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()))
}

/// Patient: on a busy machine a fair race takes its time, and what is tested is who wins it.
async fn open_door(log: SharedLog) -> Door {
    let options = DoorOptions { command_budget: Duration::from_secs(30), ..DoorOptions::default() };
    Door::open(log, options).await.expect("opens")
}

async fn through(door: &Door, room: RoomId, command: RoomCommand) -> Result<Decided, CommandError> {
    let wish = Wish {
        stream: StreamId::room(room),
        command: Command::Room(command),
        id: CommandId(Uuid::new_v4()),
        repeatable: false,
        metadata: Metadata { actor: Some("ana".parse().expect("valid")), ..Metadata::default() },
    };
    soon("the door", door.execute(wish)).await
}

/// The `seq` of the one message that was sent.
fn seq(decided: &Decided) -> u64 {
    match decided.outcome.events() {
        [DomainEvent::Room(RoomEvent::MessageSent(message))] => message.seq,
        other => panic!("expected one message, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stock_program_writes_is_in_the_one_order_and_is_heard() {
    let Some(side) = Side::by_side().await else { return };
    let mut heard = side.ours.listen();
    side.stock_does(create(side.room)).await.expect("created");
    side.stock_does(send(side.room, "ben", "theirs 1")).await.expect("sent");
    let (other, known) = a_room_of(&*side.ours, 1).await;
    side.stock_does(send(side.room, "ana", "theirs 2")).await.expect("sent");
    soon("the stock program to be heard", heard.wait_for(|head| *head >= Position(4))).await.expect("open");

    let appended = Draft::at(known).says(&other, 2, "ours").append(&*side.ours).await.expect("carried out");
    assert_eq!(appended.left_out, [0; 0], "another room is nobody's business");

    let events = everything(&*side.ours).await;
    assert_eq!(appended.foreign.events, &events[3..4], "what they wrote behind the known head comes back");
    assert_eq!(words(&events), ["theirs 1", "1", "theirs 2", "ours"], "each opened with its own key");
    let positions: Vec<u64> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5]);
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    assert_eq!(side.ours.head().await.expect("readable"), Position(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_through_the_door_is_read_by_a_stock_program() {
    let Some(side) = Side::by_side().await else { return };
    let door = side.door().await;
    through(&door, side.room, create(side.room)).await.expect("created");
    through(&door, side.room, send(side.room, "ana", "halo")).await.expect("sent");

    let mut loaded = side.stock_loads().await;
    let ben = "ben".parse().expect("valid");
    assert!(loaded.aggregate().membership(&ben).is_some_and(|member| member.last_seq == 1));
    let events = stock_store(&side.pool).load_events(&side.room.to_string()).await.expect("readable");
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(events[1].metadata.get("actor").map(String::as_str), Some("ana"));
    side.stock_does(send(side.room, "ben", "halo juga")).await.expect("goes on where the door was");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_decides_on_what_a_stock_program_wrote_meanwhile() {
    let Some(side) = Side::by_side().await else { return };
    let door = side.door().await;
    through(&door, side.room, create(side.room)).await.expect("created");
    let first = through(&door, side.room, send(side.room, "ben", "1")).await.expect("sent");
    assert_eq!(seq(&first), 1);

    // The door has the room in memory, and is behind.
    side.stock_does(send(side.room, "ben", "2")).await.expect("sent");
    let third = through(&door, side.room, send(side.room, "ana", "3")).await.expect("sent");
    assert_eq!(seq(&third), 3);

    side.stock_does(remove(side.room, "ben")).await.expect("removed");
    let refused = through(&door, side.room, send(side.room, "ben", "4")).await;
    assert!(
        matches!(refused, Err(CommandError::Refused { refusal: Refusal::Room(RoomError::NotFound), .. })),
        "{refused:?}"
    );
    door.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_are_found_both_ways() {
    let Some(side) = Side::by_side().await else { return };
    side.stock_does(create(side.room)).await.expect("created");
    let stream = StreamId::room(side.room);

    let mut loaded = side.stock_loads().await;
    let command = sealed(&*side.ours, send(side.room, "ben", "theirs, too late")).await;
    let events = loaded.aggregate().decide(&command).expect("allowed");
    let known = side.ours.head().await.expect("readable");
    let ours = Draft::at(known).says(&stream, 2, "ours").append(&*side.ours).await.expect("carried out");
    assert_eq!(ours.left_out, [0; 0]);
    let lost = stock_store(&side.pool).commit(events, loaded, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)), "{lost:?}");

    let known = side.ours.head().await.expect("readable");
    side.stock_does(send(side.room, "ben", "theirs")).await.expect("sent");
    let late = Draft::at(known).says(&stream, 3, "ours, too late").append(&*side.ours).await.expect("carried out");
    assert_eq!(late.left_out, [0]);
    let events = everything(&*side.ours).await;
    assert_eq!(words(&events), ["ours", "theirs"]);
    assert_eq!(late.foreign.events, &events[2..], "what broke it comes back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_program_and_two_doors_fill_one_room_without_gap_or_loss() {
    const EACH: usize = 15;
    let Some(side) = Side::by_side().await else { return };
    let doors = [side.door().await, open_door(side.store.open().await).await];
    through(&doors[0], side.room, create(side.room)).await.expect("created");

    let room = side.room;
    let doing: Vec<_> = doors
        .iter()
        .map(|door| {
            let door = door.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    through(&door, room, send(room, "ana", &number.to_string())).await.expect("sent");
                }
            })
        })
        .collect();
    let mut sent = 0;
    while sent < EACH {
        match soon("the stock program", side.stock_does(send(room, "ben", "stock"))).await {
            Ok(()) => sent += 1,
            Err(AggregateError::AggregateConflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    for door in doing {
        soon("the doors", door).await.expect("no caller failed");
    }

    let events = everything(&*side.ours).await;
    let positions: Vec<u64> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (1..=1 + 3 * EACH as u64).collect::<Vec<_>>());
    let seqs = events.iter().filter_map(|recorded| match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(message)) => Some(message.seq),
        _ => None,
    });
    assert_eq!(seqs.collect::<Vec<_>>(), (1..=3 * EACH as u64).collect::<Vec<_>>());
}
