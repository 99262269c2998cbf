//! The same work by a program that takes cqrs-es and postgres-es as they come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aggregates::Command;
use aggregates::room::{Room, RoomCommand};
use cqrs_es::AggregateError;
use event_log::SharedLog;
use postgres_es::PostgresCqrs;
use rand::Rng;
use sqlx::Executor;
use sqlx::postgres::PgPoolOptions;

use crate::load::{EVENTS_BEHIND, MEMBERS, ROOMS, WORDS, member, room, send};
use crate::support::postgres::Database;

/// As postgres-es 0.5 documents it.
pub const EVENTS_TABLE: &str = "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
     sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, \
     payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

pub struct Stock {
    framework: Arc<PostgresCqrs<Room>>,
    /// Whose keys its words are sealed with: words that are not sealed cannot be written, by anybody.
    keys: SharedLog,
}

impl Stock {
    /// The rooms as the door finds them: opened, with as many events behind them.
    pub async fn prepare(database: &Database, keys: SharedLog) -> Self {
        let pool = PgPoolOptions::new().max_connections(64).connect(&database.url()).await.expect("reachable");
        pool.execute(EVENTS_TABLE).await.expect("a table");
        for number in 1..=ROOMS {
            let room_id = room(number);
            sqlx::query(
                "INSERT INTO events SELECT 'room', $1, 1, 'room_opened', '1', json_build_object('type', 'room_opened', \
                 'room_id', $1, 'kind', 'group', 'opened_by', 'user-0', 'at', '2026-11-22T00:00:00.000Z', 'members', \
                 (SELECT json_agg(json_build_object('user_id', 'user-' || u, 'role', 'member')) FROM generate_series(0, $2) u)), '{}'::json \
                 UNION ALL SELECT 'room', $1, s, 'message_sent', '1', json_build_object('type', 'message_sent', 'room_id', $1, \
                 'message_id', gen_random_uuid(), 'seq', s - 1, 'sender_id', 'user-1', 'kind', 'text', 'content', $3::text, \
                 'at', '2026-11-22T00:00:00.000Z'), '{}'::json FROM generate_series(2, $4) s",
            )
            .bind(room_id.to_string())
            .bind(i32::try_from(MEMBERS - 1).expect("small"))
            .bind(WORDS)
            .bind(i32::try_from(EVENTS_BEHIND).expect("small"))
            .execute(&pool)
            .await
            .expect("rooms are filled");
        }
        Self { framework: Arc::new(postgres_es::postgres_cqrs(pool, vec![], ())), keys }
    }

    /// Commands answered.
    pub async fn drive(&self, callers: usize, length: Duration) -> u64 {
        let end = Instant::now() + length;
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let (framework, keys) = (Arc::clone(&self.framework), Arc::clone(&self.keys));
            running.spawn(async move {
                let mut answered = 0;
                while Instant::now() < end {
                    let (number, sender) = (rand::rng().random_range(1..=ROOMS), rand::rng().random_range(0..MEMBERS));
                    let room_id = room(number);
                    let command = sealed(&keys, send(room_id, member(sender))).await;
                    match framework.execute(&room_id.to_string(), command).await {
                        Ok(()) => answered += 1,
                        Err(AggregateError::AggregateConflict) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
                answered
            });
        }
        let mut answered = 0;
        while let Some(caller) = running.join_next().await {
            answered += caller.expect("no caller panics");
        }
        answered
    }
}

async fn sealed(keys: &SharedLog, command: RoomCommand) -> RoomCommand {
    let mut commands = [Command::Room(command)];
    keys.sealing().expect("a store has keys").seal(&mut commands).await.expect("sealed");
    let [Command::Room(command)] = commands else { unreachable!("sealing changes words alone") };
    command
}
