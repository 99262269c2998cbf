//! What loads of messages have in common while things go wrong: what was answered, and a count of it to wait on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::person::{Answer, Person, number, text};

const PATIENCE: Duration = Duration::from_secs(90);

/// A message that was answered, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub sender: usize,
    pub room: String,
    /// The client message id.
    pub name: String,
    pub id: String,
    pub seq: u64,
    pub position: String,
}

impl Answered {
    #[track_caller]
    pub fn of(sender: usize, room: &str, name: &str, answer: Answer) -> Self {
        let position = answer.position.clone().expect("a command is answered with its position");
        let message = &answer.ok()["message"];
        assert_eq!(message["clientMessageId"], name);
        assert_eq!(text(&message["position"]), position, "body and header say the same");
        let (id, seq) = (text(&message["id"]), number(&message["seq"]));
        Self { sender, room: room.to_owned(), name: name.to_owned(), id, seq, position }
    }

    /// The same once more.
    pub fn wish(&self) -> Value {
        wish(&self.room, &self.name)
    }
}

pub fn wish(room: &str, name: &str) -> Value {
    json!({ "roomId": room, "content": format!("pesan {name}"), "clientMessageId": name })
}

/// Everybody shows up, the first of them makes `count` rooms, and all are in them.
pub async fn open_rooms(people: &[Person], count: usize) -> Vec<String> {
    for person in people {
        person.shows_up().await;
    }
    let mut rooms = Vec::new();
    for number in 0..count {
        let room = people[0].creates_group(&format!("room {number}")).await;
        for person in &people[1..] {
            person.joins(&room).await;
        }
        rooms.push(room);
    }
    rooms
}

/// Answers so far, of one process or of all its lives.
#[derive(Default)]
pub struct Count {
    answers: AtomicU64,
    told: watch::Sender<u64>,
}

impl Count {
    pub fn one_more(&self) {
        let answers = self.answers.fetch_add(1, Ordering::SeqCst) + 1;
        self.told.send_if_modified(|told| {
            let ahead = answers > *told;
            *told = answers.max(*told);
            ahead
        });
    }

    /// Waits for so many more; a sender that failed is told at once.
    pub async fn reach<T: 'static>(&self, more: u64, senders: &mut JoinSet<T>) {
        let wanted = self.answers.load(Ordering::SeqCst) + more;
        let mut told = self.told.subscribe();
        let reached = tokio::time::timeout(PATIENCE, told.wait_for(|answers| *answers >= wanted));
        tokio::select! {
            reached = reached => {
                let reached = reached.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {more} more answers"));
                reached.expect("somebody counts");
            }
            ended = senders.join_next() => match ended {
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                Some(Ok(_)) | None => panic!("a sender ended before the storm"),
            },
        }
    }
}
