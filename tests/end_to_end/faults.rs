//! Two processes write the same rooms on one PostgreSQL, and what goes wrong is drawn from a seed: one of them is stopped
//! in the middle, killed, cut off between two statements; the database ends its connections, or dies itself.
//!
//! Beside `tests/simulation`, which knows every moment and has no operating system. Here the moments are the machine's:
//! the seed says which faults come, in which order; `SEED=n` draws the same ones again, `SEEDS=n` runs more.
//! Never in here: a wait for time to pass. A fault ends when both processes have answered since.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_log::{Filter, PositionToken, RecordedEvent};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::backend::{Backend, TestStore};
use crate::support::chaos_proxy::ChaosProxy;
use crate::support::naive::{Rooms, whole_log};
use crate::support::person::{Answer, Person, client};
use crate::support::running::{Installation, Running, announce};
use crate::support::storm::{Answered, Count, open_rooms, wish};
use crate::support::watcher::{Watcher, assert_in_order};

/// In an ordinary run.
const SEEDS: u64 = 2;
const FAULTS: usize = 5;
const SENDERS: usize = 10;
const ROOMS: usize = 3;
/// Answers of each process between two faults.
const ANSWERS_BETWEEN: std::ops::Range<u64> = 5..60;
/// Of one wish: processes that live but never answer are a failure, not something to wait for.
const TRIES_MAX: usize = 400;
const PATIENCE: Duration = Duration::from_secs(90);

mod promise_1_an_answered_command_is_durable {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn two_processes_keep_what_they_answered_whatever_happens_to_them_and_their_database() {
        let seeds = match asked("SEED") {
            Some(seed) => seed..seed + 1,
            None => 0..asked("SEEDS").unwrap_or(SEEDS),
        };
        for seed in seeds {
            let Some(store) = Backend::Postgres.store_of_its_own().await else { return };
            // Also seen when it hangs.
            announce(&format!("faults: SEED={seed} cargo test --test end_to_end faults"));
            Storm::of(&store, seed).await.pass().await;
        }
    }
}

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// SIGSTOP until the other one has answered so often.
    Stopped(usize, u64),
    Killed(usize),
    /// A request is cut after so many bytes, or its answer is swallowed. Of the process behind the proxy.
    Cut(Option<usize>),
    /// Every connection of the process behind the proxy ends, and no new one is made until the other has answered so often.
    Unreachable(u64),
    Terminated,
    DatabaseKilled,
}

impl Fault {
    fn drawn(random: &mut StdRng) -> Self {
        match random.random_range(0..12) {
            0..=2 => Self::Stopped(random.random_range(0..2), random.random_range(10..120)),
            3 | 4 => Self::Killed(random.random_range(0..2)),
            5 | 6 => Self::Cut(Some(random.random_range(1..20_000))),
            7 | 8 => Self::Cut(None),
            9 => Self::Unreachable(random.random_range(10..60)),
            10 => Self::Terminated,
            _ => Self::DatabaseKilled,
        }
    }
}

/// Two processes; the second one reaches the database by way of a proxy.
struct Storm<'a> {
    store: &'a TestStore,
    proxy: ChaosProxy,
    installations: [Installation; 2],
    running: [Option<Running>; 2],
    random: StdRng,
    seed: u64,
}

impl<'a> Storm<'a> {
    async fn of(store: &'a TestStore, seed: u64) -> Self {
        let proxy = ChaosProxy::before(store.postgres().address()).await;
        let installations =
            [Installation::new(&store.url()), Installation::new(&store.postgres().url_by(proxy.address()))];
        let running = [Some(installations[0].start().await), Some(installations[1].start().await)];
        Self { store, proxy, installations, running, random: StdRng::seed_from_u64(seed), seed }
    }

    fn people_of(&self, process: usize) -> Vec<Person> {
        // Shorter than a stopped process may sleep: who gets no answer asks the other one.
        let http = client(Duration::from_secs(5));
        (0..SENDERS).map(|n| Person::new(&http, self.installations[process].address, &format!("sender-{n}"))).collect()
    }

    async fn pass(mut self) {
        let people = [self.people_of(0), self.people_of(1)];
        let rooms = open_rooms(&people[0], ROOMS).await;
        // Over connections of its own.
        let beside = self.store.open().await;
        let watcher = Watcher::of(Arc::clone(&beside));
        let answers: [Arc<Count>; 2] = std::array::from_fn(|_| Arc::new(Count::default()));
        let done = Arc::new(AtomicBool::new(false));
        let mut senders = JoinSet::new();
        let numbers = 0..SENDERS;
        for number in numbers {
            let ways = std::array::from_fn(|process| (people[process][number].clone(), Arc::clone(&answers[process])));
            let (rooms, done) = (rooms.clone(), Arc::clone(&done));
            senders.spawn(Sender { number, ways, rooms, done }.run());
        }
        for _ in 0..FAULTS {
            let more = self.random.random_range(ANSWERS_BETWEEN);
            for count in &answers {
                count.reach(more, &mut senders).await;
            }
            let fault = Fault::drawn(&mut self.random);
            announce(&format!("seed {}: {fault:?}", self.seed));
            self.strike(fault, &answers, &mut senders).await;
        }
        for count in &answers {
            count.reach(ANSWERS_BETWEEN.start, &mut senders).await;
        }
        done.store(true, Ordering::SeqCst);
        let mut answered = Vec::new();
        while let Some(ended) = senders.join_next().await {
            answered.extend(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        let events = watcher.up_to(beside.head().await.expect("a head")).await;
        beside.close().await;
        self.judge(&people, &answered, &events).await;
    }

    async fn strike(&mut self, fault: Fault, answers: &[Arc<Count>; 2], senders: &mut JoinSet<Vec<Answered>>) {
        match fault {
            Fault::Stopped(process, meanwhile) => {
                self.signal(process, "-STOP").await;
                answers[1 - process].reach(meanwhile, senders).await;
                self.signal(process, "-CONT").await;
            }
            Fault::Killed(process) => {
                self.running[process].take().expect("it runs").kill_9().await;
                self.running[process] = Some(self.installations[process].start().await);
            }
            Fault::Cut(after) => {
                match after {
                    Some(bytes) => self.proxy.cut_after_upstream_bytes(bytes),
                    None => self.proxy.cut_before_answer_to(b""),
                }
                tokio::time::timeout(PATIENCE, self.proxy.struck()).await.expect("a connection to cut");
            }
            Fault::Unreachable(meanwhile) => {
                self.proxy.refuse(true);
                answers[0].reach(meanwhile, senders).await;
                self.proxy.refuse(false);
            }
            Fault::Terminated => {
                self.store.postgres().terminate_backends().await;
            }
            Fault::DatabaseKilled => {
                let database = self.store.postgres();
                tokio::task::block_in_place(|| database.kill9_and_restart());
            }
        }
    }

    async fn signal(&self, process: usize, signal: &str) {
        let pid = self.running[process].as_ref().expect("it runs").pid().to_string();
        let sent = tokio::process::Command::new("kill").args([signal, &pid]).status().await.expect("kill can be run");
        assert!(sent.success(), "kill {signal}");
    }

    /// Everything that was answered is there once, as answered; both processes say the same; the views are the log's.
    async fn judge(mut self, people: &[Vec<Person>; 2], answered: &[Answered], watched: &[RecordedEvent]) {
        let log = self.store.open().await;
        let events = whole_log(&*log).await;
        assert_eq!(watched, &events[..watched.len()], "what a reader saw all along");
        assert_in_order(&events);
        let rooms = Rooms::of(&events);
        rooms.assert_gapless();
        let by_id = rooms.by_id();
        assert_eq!(by_id.len(), answered.len(), "messages in the log, and answers");
        for answer in answered {
            let said = by_id[&answer.id.parse().expect("an id")];
            assert_eq!((said.client_message_id.as_deref(), said.seq), (Some(&*answer.name), answer.seq));
            let position = PositionToken { log: log.id(), position: said.position };
            assert_eq!(position.to_string(), answer.position, "position of {}", answer.name);
        }
        for (process, people) in people.iter().enumerate() {
            // A repeat by way of the other process, too, is answered as the first time and writes nothing.
            for answer in answered.iter().skip(process).step_by(5) {
                let person = &people[answer.sender];
                let again = person.post("/api/chat/send", answer.wish()).await;
                assert_eq!(&Answered::of(answer.sender, &answer.room, &answer.name, again), answer);
            }
        }
        let head = log.head().await.expect("a head");
        // The reactor writes on its own; nobody else does.
        let later = log.read_after(events.last().expect("events").position, 1_000, Filter::All).await.expect("a page");
        let kinds: BTreeSet<_> = later.events.iter().map(|event| event.event.schema().name()).collect();
        assert!(kinds.iter().all(|name| *name == "notification_raised"), "repeats wrote {kinds:?}");
        let after = PositionToken { log: log.id(), position: head }.to_string();
        for ((room, user), unread) in rooms.unread() {
            for people in people {
                let person = people.iter().find(|person| person.id == user.as_str()).expect("one of ours");
                let shown = person.unread_in(&room.to_string(), Some(&after)).await;
                assert_eq!(shown, unread, "unread of {user} in {room}");
            }
        }
        log.close().await;
        for running in &mut self.running {
            assert!(running.take().expect("it runs").stop().await.success());
        }
        self.installations[0].verify_is_clean().await;
        let (messages, seed) = (answered.len(), self.seed);
        announce(&format!("seed {seed}: {messages} messages answered by two processes over {FAULTS} faults"));
    }
}

/// Says one thing after the other, to one process or the other; what was not answered is said again to the other one.
struct Sender {
    number: usize,
    ways: [(Person, Arc<Count>); 2],
    rooms: Vec<String>,
    done: Arc<AtomicBool>,
}

impl Sender {
    async fn run(self) -> Vec<Answered> {
        let mut answered = Vec::new();
        for turn in 0.. {
            if self.done.load(Ordering::SeqCst) {
                break;
            }
            let room = &self.rooms[(self.number + turn) % self.rooms.len()];
            let name = format!("{}-{turn}", self.number);
            let answer = self.until_answered(turn, "/api/chat/send", &wish(room, &name)).await;
            answered.push(Answered::of(self.number, room, &name, answer));
            if turn % 5 == 3 {
                self.until_answered(turn, "/api/chat/read", &json!({ "roomId": room })).await.ok();
            }
            let other = (self.number + turn) % SENDERS;
            if turn < SENDERS && other != self.number {
                let path = format!("/api/users/sender-{other}/follow?on=true");
                self.until_answered(turn, &path, &json!({})).await.ok();
            }
        }
        answered
    }

    async fn until_answered(&self, turn: usize, path: &str, wish: &Value) -> Answer {
        for attempt in 0..TRIES_MAX {
            let (person, count) = &self.ways[(self.number + turn + attempt) % 2];
            let answer = person.request(Method::POST, path, Some(wish)).await;
            match answer {
                Ok(answer) if !answer.status.is_server_error() => {
                    assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "limits are out of the way");
                    count.one_more();
                    return answer;
                }
                // Not now, or dead, or dying: the other one is asked.
                Ok(_) | Err(_) => tokio::task::yield_now().await,
            }
        }
        panic!("{} asked {path} {TRIES_MAX} times without an answer: {wish}", self.ways[0].0.id)
    }
}
