//! Callers at the door: as many at once as asked, for as long as asked, each sending one message after the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aggregates::ids::{CommandId, MessageId, RoomId, UserId};
use aggregates::room::{CreateGroup, HistoryFrom, JoinPolicy, MessageKind, RoomCommand, SendMessage};
use aggregates::{Command, Metadata, Sealed, StreamId, Timestamp};
use event_log::{Door, DoorOptions, SharedLog, StoreUrl, Wish};
use rand::Rng;
use uuid::Uuid;

pub const ROOMS: u32 = 1_000;
pub const MEMBERS: usize = 20;
/// Events behind each of the thousand rooms, and behind the hot one, before measuring.
pub const EVENTS_BEHIND: u32 = 26;
pub const EVENTS_BEHIND_HOT: u32 = 5_000;
/// A message of ordinary length.
pub const WORDS: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

#[derive(Debug, Clone, Copy)]
pub enum Rooms {
    Thousand,
    Hot,
}

impl Rooms {
    fn pick(self) -> RoomId {
        match self {
            Self::Thousand => room(rand::rng().random_range(1..=ROOMS)),
            Self::Hot => room(0),
        }
    }

    fn all(self) -> Vec<RoomId> {
        match self {
            Self::Thousand => (1..=ROOMS).map(room).collect(),
            Self::Hot => vec![room(0)],
        }
    }
}

/// Room 0 is the hot one.
pub fn room(number: u32) -> RoomId {
    RoomId(Uuid::from_u128(0xbe_0000_0000 + u128::from(number)))
}

pub fn member(number: usize) -> UserId {
    UserId::parse(&format!("user-{number}")).expect("digits and letters")
}

/// What a run came to.
#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub struct Run {
    pub answered: u64,
    pub failed: u64,
    pub tries_max: u32,
    pub seconds: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
}

impl Run {
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }
}

pub async fn open_log(url: &str) -> SharedLog {
    event_log::open(&StoreUrl::parse(url).expect("a store URL")).await.expect("the log opens")
}

pub async fn open_door(url: &str) -> Door {
    let log = open_log(url).await;
    // A room of a hundred thousand messages takes longer to load than a caller would wait; that is not what is measured.
    let options = DoorOptions { command_budget: Duration::from_secs(60), ..DoorOptions::default() };
    Door::open(log, options).await.expect("the door opens")
}

/// Opens every room (already open: nothing happens) so that all are in memory.
pub async fn warm(door: &Door, rooms: Rooms) {
    let mut opening = tokio::task::JoinSet::new();
    for room_id in rooms.all() {
        let door = door.clone();
        opening.spawn(async move { door.execute(open_room(room_id)).await.expect("a room opens") });
    }
    while let Some(opened) = opening.join_next().await {
        opened.expect("a caller panicked");
    }
}

fn open_room(room_id: RoomId) -> Wish {
    let command = CreateGroup {
        room_id,
        created_by: member(0),
        members: (1..MEMBERS).map(member).collect(),
        apart: BTreeSet::new(),
        name: Sealed::new("bench"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: Timestamp::from_millis(0),
    };
    wish(room_id, RoomCommand::CreateGroup(command))
}

pub fn send(room_id: RoomId, sender: UserId) -> RoomCommand {
    RoomCommand::SendMessage(SendMessage {
        room_id,
        message_id: MessageId(Uuid::now_v7()),
        sender_id: sender,
        kind: MessageKind::Text,
        content: Sealed::new(WORDS),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        blocked: false,
        author_gone: false,
        at: Timestamp::from_millis(1_795_000_000_000),
    })
}

fn wish(room_id: RoomId, command: RoomCommand) -> Wish {
    // As the server's commands without a key have them.
    let id = Uuid::now_v7();
    let metadata = Metadata { actor: Some(member(1)), correlation: Some(id), ..Metadata::default() };
    Wish {
        stream: StreamId::room(room_id),
        command: Command::Room(command),
        id: CommandId(id),
        repeatable: false,
        metadata,
    }
}

/// Brings the log to where a run begins. Only missing events are written.
pub async fn seed(url: &str) {
    let door = open_door(url).await;
    warm(&door, Rooms::Thousand).await;
    warm(&door, Rooms::Hot).await;
    let wanted = (1..=ROOMS).map(|number| (room(number), EVENTS_BEHIND)).chain([(room(0), EVENTS_BEHIND_HOT)]);
    let mut sending = tokio::task::JoinSet::new();
    for (room_id, events) in wanted {
        for _ in 1..events {
            let door = door.clone();
            sending.spawn(async move { door.execute(wish(room_id, send(room_id, member(1)))).await.is_ok() });
            if sending.len() > 1_000 {
                sending.join_next().await;
            }
        }
    }
    while sending.join_next().await.is_some() {}
    door.close().await;
}

pub async fn drive(door: &Door, rooms: Rooms, callers: usize, length: Duration) -> Run {
    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (door, stop) = (door.clone(), Arc::clone(&stop));
        running.spawn(async move { call(&door, rooms, &stop).await });
    }
    tokio::time::sleep(length).await;
    stop.store(true, Ordering::Relaxed);
    let (mut run, mut micros) = (Run::default(), Vec::new());
    while let Some(one) = running.join_next().await {
        let (caller, took) = one.expect("a caller panicked");
        run.answered += caller.answered;
        run.failed += caller.failed;
        run.tries_max = run.tries_max.max(caller.tries_max);
        micros.extend(took);
    }
    run.seconds = began.elapsed().as_secs_f64();
    micros.sort_unstable();
    let quantile = |share: f64| {
        micros.get(((micros.len().max(1) - 1) as f64 * share) as usize).map_or(0.0, |us| f64::from(*us) / 1_000.0)
    };
    (run.p50, run.p99) = (quantile(0.5), quantile(0.99));
    run
}

async fn call(door: &Door, rooms: Rooms, stop: &AtomicBool) -> (Run, Vec<u32>) {
    let (mut run, mut micros) = (Run::default(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let room_id = rooms.pick();
        let sender = member(rand::rng().random_range(0..MEMBERS));
        let began = Instant::now();
        match door.execute(wish(room_id, send(room_id, sender))).await {
            Ok(decided) => {
                run.answered += 1;
                run.tries_max = run.tries_max.max(decided.tries);
                micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Err(error) => {
                run.failed += 1;
                eprintln!("a caller failed: {error}");
            }
        }
    }
    (run, micros)
}
