//! kill -9 in a loop, under load, on every engine: what was answered is there, once, and the views count right.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aggregates::DomainEvent;
use aggregates::ids::UserId;
use aggregates::notification::NotificationEvent;
use aggregates::relationship::RelationshipEvent;
use event_log::{PositionToken, RecordedEvent};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::backend::{Backend, TestStore};
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Answer, Person, client, number};
use crate::support::running::{Installation, Running, announce};
use crate::support::storm::{Answered, Count, open_rooms, wish};

/// How often the program is killed; `KABAR_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 8;
/// Answers between two kills: enough that batches, views and reactors are all under way.
const ANSWERS_BETWEEN_KILLS: std::ops::Range<u64> = 20..200;
const SENDERS: usize = 12;
const ROOMS: usize = 3;
/// Of one wish, over all restarts: a server that lives but never answers is a failure, not something to wait for.
const TRIES_MAX: usize = 200;

mod promise_1_an_answered_command_is_durable {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn every_answered_command_is_in_the_log_once_as_answered_on_sqlite() {
        every_answered_command_is_in_the_log_once_as_answered(Backend::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_answered_command_is_in_the_log_once_as_answered_on_postgres() {
        every_answered_command_is_in_the_log_once_as_answered(Backend::Postgres).await;
    }

    async fn every_answered_command_is_in_the_log_once_as_answered(backend: Backend) {
        let Some(store) = backend.store().await else { return };
        let storm = Storm::pass_over(&store).await;
        let log = store.open().await;
        let events = whole_log(&*log).await;
        let rooms = Rooms::of(&events);
        rooms.assert_gapless();
        let by_id = rooms.by_id();
        assert_eq!(by_id.len(), storm.answered.len(), "messages in the log, and answers");
        for answered in &storm.answered {
            let said = by_id[&answered.id.parse().expect("an id")];
            assert_eq!(said.client_message_id.as_deref(), Some(answered.name.as_str()));
            assert_eq!(said.seq, answered.seq, "seq of {}", answered.name);
            let position = PositionToken { log: log.id(), position: said.position };
            assert_eq!(position.to_string(), answered.position, "position of {}", answered.name);
        }
        storm.repeats_are_answered_alike_and_write_nothing().await;
        assert_eq!(whole_log(&*log).await.len(), events.len(), "events after every command was repeated");
        log.close().await;
    }
}

mod promise_5_after_kill_9_nothing_is_lost_or_counted_twice {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn views_and_notifications_are_what_the_log_says_on_sqlite() {
        views_and_notifications_are_what_the_log_says(Backend::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn views_and_notifications_are_what_the_log_says_on_postgres() {
        views_and_notifications_are_what_the_log_says(Backend::Postgres).await;
    }

    async fn views_and_notifications_are_what_the_log_says(backend: Backend) {
        let Some(store) = backend.store().await else { return };
        let storm = Storm::pass_over(&store).await;
        storm.every_follow_is_in_the_feed_once(&store).await;
        storm.every_unread_count_is_naive(&store).await;
        let Storm { installation, running, .. } = storm;
        assert!(running.stop().await.success());
        installation.verify_is_clean().await;
    }
}

/// What is left when it has passed: a server that runs, and everything it ever answered.
struct Storm {
    installation: Installation,
    running: Running,
    people: Vec<Person>,
    answered: Vec<Answered>,
    /// Who follows whom, as answered.
    followed: BTreeSet<(String, String)>,
}

impl Storm {
    async fn pass_over(store: &TestStore) -> Self {
        let seed = rand::random::<u64>();
        let rounds = std::env::var("KABAR_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
        let installation = Installation::new(&store.url());
        let mut running = installation.start().await;
        let http = client(Duration::from_secs(10));
        let people: Vec<Person> =
            (0..SENDERS).map(|n| Person::new(&http, installation.address, &format!("sender-{n}"))).collect();
        let rooms = open_rooms(&people, ROOMS).await;

        let (lives, alive) = watch::channel(Life { number: 0, last: false });
        let answers = Arc::new(Count::default());
        let mut senders = JoinSet::new();
        for number in 0..SENDERS {
            let sender = Sender {
                number,
                people: people.clone(),
                rooms: rooms.clone(),
                alive: alive.clone(),
                answers: Arc::clone(&answers),
            };
            senders.spawn(sender.run());
        }

        let mut random = StdRng::seed_from_u64(seed);
        for round in 1..=rounds {
            answers.reach(random.random_range(ANSWERS_BETWEEN_KILLS), &mut senders).await;
            running.kill_9().await;
            running = installation.start().await;
            lives.send_replace(Life { number: round, last: round == rounds });
        }
        let (mut answered, mut followed) = (Vec::new(), BTreeSet::new());
        while let Some(ended) = senders.join_next().await {
            let (messages, follows) = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            answered.extend(messages);
            followed.extend(follows);
        }
        let backend = store.backend().name();
        announce(&format!("{backend}: {} messages answered over {rounds} times kill -9, seed {seed}", answered.len()));
        Self { installation, running, people, answered, followed }
    }

    async fn repeats_are_answered_alike_and_write_nothing(&self) {
        for answered in &self.answered {
            let person = &self.people[answered.sender];
            let answer = person.post("/api/chat/send", answered.wish()).await;
            assert_eq!(&Answered::of(answered.sender, &answered.room, &answered.name, answer), answered);
        }
    }

    /// The reactor answered every follow with one notification, however often it was killed in between.
    async fn every_follow_is_in_the_feed_once(&self, store: &TestStore) {
        let log = store.open().await;
        let mut heard = log.listen();
        let mut follows = BTreeSet::new();
        let mut raised = Vec::new();
        let waited = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                heard.borrow_and_update();
                (follows, raised) = follows_and_notifications(&whole_log(&*log).await);
                if raised.len() >= follows.len() {
                    return;
                }
                heard.changed().await.expect("the log is open");
            }
        });
        assert!(
            waited.await.is_ok(),
            "{} follows, but only {} notifications after a minute",
            follows.len(),
            raised.len()
        );
        let recorded = follows.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        assert_eq!(self.followed, recorded, "follows as answered, and in the log");
        assert!(!follows.is_empty());
        let once: BTreeSet<_> = raised.iter().cloned().collect();
        assert_eq!((once.len(), &once), (raised.len(), &follows), "each follow is told once");

        let after = PositionToken { log: log.id(), position: log.head().await.expect("a head") };
        for person in &self.people {
            let feed = person.get(&format!("/api/notifications?limit=100&after={after}")).await.ok();
            let entries = feed["notifications"].as_array().expect("a list").len();
            let told = once.iter().filter(|(_, to)| to.as_str() == person.id).count();
            assert_eq!((entries, number(&feed["unreadCount"])), (told, told as u64), "the feed of {}", person.id);
        }
        log.close().await;
    }

    async fn every_unread_count_is_naive(&self, store: &TestStore) {
        let log = store.open().await;
        let events = whole_log(&*log).await;
        let after = PositionToken { log: log.id(), position: events.last().expect("something happened").position };
        for ((room, user), unread) in Rooms::of(&events).unread() {
            let person = self.people.iter().find(|person| person.id == user.as_str()).expect("one of ours");
            let shown = person.unread_in(&room.to_string(), Some(&after.to_string())).await;
            assert_eq!(shown, unread, "unread of {user} in {room}");
        }
        log.close().await;
    }
}

type Follow = (UserId, UserId);

fn follows_and_notifications(events: &[RecordedEvent]) -> (BTreeSet<Follow>, Vec<Follow>) {
    let (mut follows, mut raised) = (BTreeSet::new(), Vec::new());
    for recorded in events {
        match &recorded.event {
            DomainEvent::Relationship(RelationshipEvent::UserFollowed(event)) => {
                assert!(follows.insert((event.from.clone(), event.to.clone())), "followed twice: {event:?}");
            }
            DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => {
                raised.push((event.actor_id.clone().expect("a follower"), event.recipient_id.clone()));
            }
            _ => {}
        }
    }
    (follows, raised)
}

/// What a sender was told: its messages, and whom it follows.
type Told = (Vec<Answered>, Vec<(String, String)>);

/// One start of the server after another.
#[derive(Debug, Clone, Copy)]
struct Life {
    number: u64,
    /// No more kills: bring to an end what was begun.
    last: bool,
}

struct Sender {
    number: usize,
    people: Vec<Person>,
    rooms: Vec<String>,
    alive: watch::Receiver<Life>,
    answers: Arc<Count>,
}

impl Sender {
    /// Says one thing after the other until the last life has begun; what was not answered is said again.
    async fn run(mut self) -> Told {
        let (mut answered, mut followed) = (Vec::new(), Vec::new());
        for turn in 0.. {
            if self.alive.borrow().last {
                break;
            }
            let room = self.rooms[(self.number + turn) % self.rooms.len()].clone();
            let name = format!("{}-{turn}", self.number);
            // Somebody new each time, for whom a key is made: many are when it is killed. They may get no answer.
            let newcomer = self.people[self.number].another(&format!("newcomer-{name}"));
            drop(newcomer.request(Method::GET, "/api/chat/unread-count", None).await);
            let answer = self.until_answered("/api/chat/send", wish(&room, &name)).await;
            answered.push(Answered::of(self.number, &room, &name, answer));
            if turn % 7 == 3 {
                self.until_answered("/api/chat/read", json!({ "roomId": room })).await.ok();
            }
            let other = (self.number + turn) % SENDERS;
            if turn < SENDERS && other != self.number {
                let (me, other) = (self.people[self.number].id.clone(), self.people[other].id.clone());
                self.until_answered(&format!("/api/users/{other}/follow?on=true"), json!({})).await.ok();
                followed.push((me, other));
            }
        }
        (answered, followed)
    }

    async fn until_answered(&mut self, path: &str, wish: Value) -> Answer {
        for _ in 0..TRIES_MAX {
            let life = self.alive.borrow_and_update().number;
            match self.people[self.number].request(Method::POST, path, Some(&wish)).await {
                Ok(answer) if !answer.status.is_server_error() => {
                    self.answers.one_more();
                    return answer;
                }
                // It lives and had no time: asking again is all there is to do.
                Ok(_) => {}
                // Dead, or dying: the next one will answer. When it began to live meanwhile, at once.
                Err(_) => {
                    let next = self.alive.wait_for(|now| now.number > life || now.last);
                    next.await.expect("the storm outlives its senders");
                }
            }
        }
        panic!("{} asked {path} {TRIES_MAX} times without an answer: {wish}", self.people[self.number].id)
    }
}
