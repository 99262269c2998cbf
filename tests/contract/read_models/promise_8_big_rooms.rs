//! A room of 10,000 (promise 8): what is said in it costs what it costs in a room of ten, everybody's count is exact, and
//! read anew it is the same room.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use aggregates::ids::{CommandId, RoomId, UserId};
use aggregates::room::{AddMembers, JoinRoom, MEMBERS_PER_COMMAND_MAX, RoomCommand};
use aggregates::{Command, Metadata, Sealed, State, StreamId, snapshot};
use event_log::port::Snapshot;
use event_log::{Door, DoorOptions, Position, StoreUrl, Wish, loading};
use futures_util::future::join_all;
use projections::UnitName;
use uuid::Uuid;

use crate::door::callers::{create_group, group, noon, read, refused, remove, send, send_words};
use crate::door::failing_log::FailingLog;
use crate::event_log::drafts::soon;
use crate::read_models::on_every_backend;
use crate::read_models::promise_4_rebuild_equals_live::verified;
use crate::read_models::world::{Driven, World, user};
use crate::support::backend::Backend;
use crate::support::written;

on_every_backend! {
    a_message_into_a_room_of_10_000_writes_the_rows_of_one_into_a_room_of_10,
    a_message_beside_10_000_members_looks_at_a_few_rows,
    a_room_of_10_000_that_is_read_anew_is_the_same_room,
}

const MEMBERS: usize = 10_000;

fn name(number: usize) -> String {
    format!("m{number:05}")
}

/// In chunks, as the platform brings them; somebody says something after every chunk, so that counting starts elsewhere for
/// each. The owner, `m00000`, is one of them.
async fn filled(door: &Door, room_id: RoomId, members: usize) -> Position {
    let mut position = door.execute(create_group(room_id, &[&name(0)])).await.expect("created").position;
    let names: Vec<UserId> = (1..members).map(|number| user(&name(number))).collect();
    for chunk in names.chunks(MEMBERS_PER_COMMAND_MAX) {
        door.execute(add(room_id, chunk.to_vec())).await.expect("brought in");
        position = door.execute(send(room_id, &name(0))).await.expect("sent").position;
    }
    position
}

fn add(room_id: RoomId, members: Vec<UserId>) -> Wish {
    let command = AddMembers { room_id, added_by: user(&name(0)), members, apart: BTreeSet::new(), at: noon() };
    wish(room_id, RoomCommand::AddMembers(command))
}

fn wish(room_id: RoomId, command: RoomCommand) -> Wish {
    Wish {
        stream: StreamId::room(room_id),
        command: Command::Room(command),
        id: CommandId(Uuid::new_v4()),
        repeatable: false,
        metadata: Metadata::default(),
    }
}

async fn a_message_into_a_room_of_10_000_writes_the_rows_of_one_into_a_room_of_10(backend: Backend) {
    let Some(world) = World::on(backend).await else { return };
    let door = Door::open(world.store.open().await, DoorOptions::default()).await.expect("the door opens");
    let driven = Driven::start(world.views().await);
    let (small, big) = (group(1), group(2));
    filled(&door, small, 10).await;
    driven.caught_up(filled(&door, big, MEMBERS - 500).await).await;
    written::count(&world.store, UnitName::Inbox).await;
    written::count(&world.store, UnitName::Feed).await;

    // The last chunk: two tables have a row for each, and no table is asked once for each.
    let last = ((MEMBERS - 500)..MEMBERS).map(|number| user(&name(number))).collect();
    driven.caught_up(door.execute(add(big, last)).await.expect("brought in").position).await;
    let rows = written::rows(&world.store, UnitName::Inbox).await;
    assert_eq!(rows, [("members", 500), ("participants", 500), ("rooms", 1)].map(|(of, n)| (of.to_owned(), n)).into());
    let statements = written::statements(&world.store, UnitName::Inbox).await;
    assert_eq!(statements.is_empty(), matches!(world.store.store_url(), StoreUrl::Sqlite(_)));
    assert!(statements.values().all(|count| *count <= 4), "{statements:?}");

    let mut costs = Vec::new();
    for room in [small, big] {
        let head = world.log.head().await.expect("readable");
        let sent = door.execute(send(room, &name(3))).await.expect("sent").position;
        driven.caught_up(sent).await;
        let said = written::rows(&world.store, UnitName::Inbox).await;
        let seen = door.execute(read(room, &name(7))).await.expect("read").position;
        driven.caught_up(seen).await;
        let heard = written::rows(&world.store, UnitName::Inbox).await;
        costs.push((sent.0 - head.0, said, seen.0 - sent.0, heard));
        assert_eq!(written::rows(&world.store, UnitName::Feed).await, [].into(), "nobody is notified one by one");
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!((costs[0].0, costs[0].1.values().sum::<i64>(), costs[0].2), (1, 3, 1), "{costs:?}");

    everybodys_count_is_exact(&driven, big).await;
    door.close().await;
    verified(&world, "with a room of 10,000").await;
    driven.stop().await.expect("nothing was wrong");
}

/// Without statistics as well, which is when a planner would rather read a whole table.
async fn a_message_beside_10_000_members_looks_at_a_few_rows(backend: Backend) {
    let Some(world) = World::on(backend).await else { return };
    let door = Door::open(world.store.open().await, DoorOptions::default()).await.expect("the door opens");
    let driven = Driven::start(world.views().await);
    let (small, big) = (group(1), group(2));
    filled(&door, small, 10).await;
    driven.caught_up(filled(&door, big, MEMBERS).await).await;
    written::note_looks(&world.store).await;
    for _ in 0..3 {
        for room in [small, big] {
            // Several in one step, which is when reading everything begins to look cheap.
            let sent = join_all((0..10).map(|number| door.execute(send(room, &name(number))))).await;
            driven.caught_up(sent.into_iter().map(|sent| sent.expect("sent").position).max().expect("ten")).await;
        }
    }
    let looks = written::looks(&world.store).await;
    assert_eq!(looks.is_empty(), matches!(world.store.store_url(), StoreUrl::Sqlite(_)));
    assert!(looks.iter().all(|rows| (1..=100).contains(rows)), "{looks:?}");
    door.close().await;
    driven.stop().await.expect("nothing was wrong");
}

/// 19 chunks were followed by a message each, one came behind the last chunk, and `m00003` and `m00007` have read it.
async fn everybodys_count_is_exact(driven: &Driven, room: RoomId) {
    let inbox = driven.views.inbox();
    let users: Vec<UserId> = (0..MEMBERS).map(|number| user(&name(number))).collect();
    let mut counts = Vec::new();
    for some in users.chunks(500) {
        counts.extend(inbox.unread_totals(some).await.expect("answered"));
    }
    let chunks = (MEMBERS as u64 - 500).div_ceil(500);
    for (number, count) in counts.into_iter().enumerate() {
        let (in_big, in_small) = match number {
            // Said all but the last word in both.
            0 => (1, 1),
            3 | 7 => (0, 0),
            1..10 => (chunks + 1, 2),
            10..9_500 => (chunks - (number as u64 - 1) / 500 + 1, 0),
            _ => (1, 0),
        };
        assert_eq!(count, in_big + in_small, "of member {number}");
    }
    let row = inbox.room(room, &user(&name(1))).await.expect("answered").expect("theirs");
    assert_eq!((row.participant_count, row.last_seq, row.unread), (MEMBERS as u64, chunks + 1, chunks + 1));
}

async fn a_room_of_10_000_that_is_read_anew_is_the_same_room(backend: Backend) {
    let Some(world) = World::on(backend).await else { return };
    let room = group(1);
    let stream = StreamId::room(room);
    let log = FailingLog::over(world.store.open().await);
    let door = Door::open(log.clone(), DoorOptions::default()).await.expect("the door opens");
    filled(&door, room, MEMBERS).await;
    for number in (100..MEMBERS).step_by(500) {
        door.execute(remove(room, &name(number), &name(0))).await.expect("removed");
    }

    // At every border: what was kept there and the rest is the whole.
    let events = world.log.load(&stream, 0, 1_000).await.expect("readable");
    let mut states = vec![State::empty(stream.kind)];
    for (_, event) in &events {
        let mut next = states[states.len() - 1].clone();
        next.evolve(event);
        states.push(next);
    }
    let whole = &states[events.len()];
    for border in (0..=events.len()).rev().step_by(9) {
        let state = states[border].to_kept().expect("kept").expect("JSON");
        assert!(state.len() <= 2 * states[border].weight_bytes(), "{} bytes", state.len());
        let kept = Snapshot { stream: stream.clone(), sequence: border as u64, format: snapshot::FORMAT, state };
        world.log.save_snapshots(&[kept]).await.expect("kept");
        let loaded = loading::load(&*world.log, &stream, None).await.expect("readable");
        assert!(loaded.state == *whole && loaded.version == events.len() as u64, "kept at {border}");
    }

    // Kept by the door itself once more is said than the members weigh, and gone on from there.
    let long = Sealed::new("x".repeat(6_000));
    let said = join_all((0..250).map(|_| door.execute(send_words(room, &name(9_999), long.clone())))).await;
    assert!(said.iter().all(Result::is_ok));
    let mut kept = log.kept.subscribe();
    soon("the state of the big room to be kept", kept.wait_for(|kept| *kept > 0)).await.expect("the log is there");
    door.close().await;

    let log = FailingLog::over(world.store.open().await);
    let cold = Door::open(log.clone(), DoorOptions::default()).await.expect("the door opens");
    cold.execute(send(room, &name(9_998))).await.expect("still a member");
    assert!(log.loaded.load(Ordering::SeqCst) <= 250, "{} events were read", log.loaded.load(Ordering::SeqCst));
    assert_eq!(refused(cold.execute(send(room, &name(600))).await), "there is no such room");
    let joined = JoinRoom { room_id: room, user_id: user(&name(600)), is_platform_admin: false, at: noon() };
    let joins = wish(room, RoomCommand::JoinRoom(joined));
    assert!(refused(cold.execute(joins).await).contains("removed"), "whom others removed is remembered too");
    cold.execute(add(room, vec![user(&name(600))])).await.expect("brought back");
    cold.execute(send(room, &name(600))).await.expect("a member again");
    cold.close().await;
}
