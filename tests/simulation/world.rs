//! A world from a seed: processes, people, mishaps, and a clock that goes on only when everybody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::CommandId;
use aggregates::notification::Surroundings;
use event_log::{DoorOptions, Position, Wish};
use kabar::clock::Clock;
use kabar::reactor::Reactor;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::faulty_log::Weather;
use super::judge::Judge;
use super::node::{Answer, Call, Engine, Ground, Node, call};
use super::showing::{self, Mishap};
use super::wishes;

/// Processes that write the same log.
const NODES: usize = 2;
const CALLS_MAX: usize = 14;
/// Simulated: everything that was asked is answered by then.
const ANSWERED_IN: Duration = Duration::from_secs(120);
/// Earlier keyed wishes that may be asked again.
const KEPT_WISHES: usize = 40;

/// What is decided must be the same whenever it is: one seed is one history.
struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

pub struct World {
    random: StdRng,
    ground: Ground,
    nodes: Vec<Node>,
    options: DoorOptions,
    judge: Judge,
    /// The highest position that anybody was told.
    told: Arc<AtomicU64>,
    keyed: Vec<Wish>,
    began: Instant,
    /// From here on the reactor tells of follows.
    reacts_from: Position,
    faults: u64,
    /// Kept states that processes which are gone went on from.
    kept_used: u64,
    /// What happened, in words: one seed is one history.
    pub trace: Vec<String>,
}

impl World {
    pub async fn from_seed(seed: u64, engine: Engine) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let options = DoorOptions {
            batch_commands_max: random.random_range(2..40),
            cached_streams_max: if random.random_bool(0.3) { 8 } else { 1_000 },
            snapshot_events_min: random.random_range(1..12),
            ..DoorOptions::default()
        };
        let ground = Ground::new(engine, random.random_range(3..200)).await;
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(Node::start(&ground, random.random(), options).await);
        }
        let mut world = Self {
            random,
            ground,
            nodes,
            options,
            judge: Judge::new(),
            told: Arc::default(),
            keyed: Vec::new(),
            began: Instant::now(),
            reacts_from: Position::START,
            faults: 0,
            kept_used: 0,
            trace: Vec::new(),
        };
        world.settle_in().await;
        world
    }

    /// People and rooms; the reactor has begun.
    async fn settle_in(&mut self) {
        let mut wanted: Vec<_> = wishes::people().iter().map(wishes::register).collect();
        wanted.pop(); // Somebody nobody knows yet.
        for room in wishes::groups() {
            wanted.push(wishes::create_group(room, &mut self.random));
        }
        let calls = wanted.into_iter().map(|wanted| {
            let id = CommandId(Uuid::from_u128(self.random.random()));
            let node = &self.nodes[0];
            let wish = wishes::wish(wanted, id, false);
            tokio::spawn(call(
                (node.door.clone(), node.faulty.clone()),
                wish,
                Duration::ZERO,
                None,
                Arc::clone(&self.told),
            ))
        });
        let calls = calls.collect();
        self.hear(calls).await;
        self.react(false).await;
        self.reacts_from = self.judge.head();
    }

    /// A burst of commands, a view that moves, a reaction, a restart, or time passing.
    pub async fn step(&mut self) {
        let action = self.random.random_range(0..100);
        match action {
            0..=69 => self.burst().await,
            70..=79 => {
                let mishap = Mishap::any(&mut self.random);
                self.show(mishap).await;
            }
            80..=89 => {
                let stormy = self.random.random_bool(0.6);
                self.react(stormy).await;
            }
            90..=95 => {
                let number = self.random.random_range(0..NODES);
                self.say(format!("node {number} is restarted"));
                self.nodes[number].door.close().await;
                self.restart(number).await;
            }
            _ => {
                let seconds = self.random.random_range(1..600);
                self.say(format!("{seconds} s pass"));
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
        }
    }

    fn say(&mut self, what: String) {
        self.trace.push(what);
    }

    fn weather(&mut self) -> Weather {
        match self.random.random_range(0..3) {
            0 => Weather::default(),
            1 => Weather { appends: 15, reads: 3, settles: 10, slow: 10 },
            _ => Weather { appends: 60, reads: 15, settles: 40, slow: 40 },
        }
    }

    /// Draws what goes wrong on each node in this step.
    fn brew(&mut self) {
        for number in 0..NODES {
            let weather = self.weather();
            let node = &self.nodes[number];
            node.faulty.set_weather(weather);
            if self.random.random_bool(0.08) {
                let seconds = self.random.random_range(1..15);
                node.faulty.goes_away_for(Duration::from_secs(seconds));
                self.trace.push(format!("node {number} loses the log for {seconds} s"));
            }
            if self.random.random_bool(0.12) {
                let (appends, carried) = (self.random.random_range(0..4), self.random.random_bool(0.5));
                self.nodes[number].faulty.dies_in(appends, carried);
                self.trace.push(format!("node {number} dies in {appends} appends, carried out: {carried}"));
            }
        }
    }

    async fn burst(&mut self) {
        self.brew();
        let count = self.random.random_range(1..=CALLS_MAX);
        let mut calls = Vec::new();
        for _ in 0..count {
            let wish = self.wish();
            let node = &self.nodes[self.random.random_range(0..NODES)];
            let late = if self.random.random_bool(0.7) { 0 } else { self.random.random_range(0..80) };
            let hangs_up =
                self.random.random_bool(0.1).then(|| Duration::from_millis(self.random.random_range(0..300)));
            let way = (node.door.clone(), node.faulty.clone());
            let delay = Duration::from_millis(10 * late);
            calls.push(tokio::spawn(call(way, wish, delay, hangs_up, Arc::clone(&self.told))));
        }
        if self.random.random_bool(0.06) {
            // In the middle of it.
            let (number, after) = (self.random.random_range(0..NODES), self.random.random_range(0..40));
            let door = self.nodes[number].door.clone();
            self.say(format!("node {number} is closed after {after}0 ms"));
            tokio::time::sleep(Duration::from_millis(10 * after)).await;
            tokio::time::timeout(ANSWERED_IN, door.close()).await.expect("a door closes");
            self.hear(calls).await;
            self.restart(number).await;
        } else {
            self.hear(calls).await;
        }
    }

    /// A new wish, or one that was made before.
    fn wish(&mut self) -> Wish {
        if !self.keyed.is_empty() && self.random.random_bool(0.2) {
            return self.keyed[self.random.random_range(0..self.keyed.len())].clone();
        }
        let id = CommandId(Uuid::from_u128(self.random.random()));
        let keyed = self.random.random_bool(0.5);
        let wanted = wishes::any(&self.judge.known, id, &mut self.random);
        let wish = wishes::wish(wanted, id, keyed);
        if keyed {
            if self.keyed.len() == KEPT_WISHES {
                self.keyed.remove(self.random.random_range(0..KEPT_WISHES));
            }
            self.keyed.push(wish.clone());
        }
        wish
    }

    /// Waits for all answers, then for calm; holds everything against the log.
    async fn hear(&mut self, calls: Vec<JoinHandle<Call>>) {
        let mut heard = Vec::new();
        for call in calls {
            let call = tokio::time::timeout(ANSWERED_IN, call).await.expect("a command is answered in time");
            heard.push(call.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())));
        }
        self.calm_down().await;
        self.judge.look(&*self.ground.log).await;
        self.judge.kept_states_are_true(&*self.ground.log).await;
        for call in &heard {
            self.judge.hear(call);
            self.trace.push(told(call));
        }
    }

    /// The weather clears, the dead are replaced, what was cut loose lands.
    async fn calm_down(&mut self) {
        self.nodes.iter().for_each(|node| node.faulty.set_weather(Weather::default()));
        let calm = async {
            let busy = |node: &Node| !node.faulty.is_dead() && (node.door.inside() > 0 || node.faulty.is_waited_for());
            while self.nodes.iter().any(busy) || self.ground.late.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(ANSWERED_IN, calm).await.expect("everything comes to rest");
        for number in 0..NODES {
            if self.nodes[number].faulty.is_dead() {
                self.say(format!("node {number} died"));
                self.restart(number).await;
            } else {
                let failure = self.nodes[number].door.failure();
                assert_eq!(failure, None, "the door of node {number} fell");
                // What it was to die of did not come.
                self.nodes[number].faulty.dies_in(u32::MAX, false);
            }
        }
        self.align().await;
    }

    async fn restart(&mut self, number: usize) {
        self.faults += self.nodes[number].faulty.faults();
        self.kept_used += self.nodes[number].faulty.keeping.used();
        self.judge.look(&*self.ground.log).await;
        self.judge.saw_it_in_order(&self.nodes[number].reader.seen());
        self.nodes[number].dies();
        self.nodes[number] = Node::start(&self.ground, self.random.random(), self.options).await;
    }

    /// To the next whole second: how long a view took by the real clock is no part of the history.
    async fn align(&self) {
        let whole = Duration::from_secs(self.began.elapsed().as_secs() + 1);
        tokio::time::sleep_until(self.began + whole).await;
    }

    async fn show(&mut self, mishap: Mishap) {
        self.judge.look(&*self.ground.log).await;
        self.trace.push(format!("views: {mishap:?}, to {}", self.judge.head()));
        let views = showing::move_views(&self.ground, &self.judge, mishap, self.random.random()).await;
        showing::compare(&views, &self.judge).await;
        self.align().await;
    }

    /// The reactor handles everything there is, or dies trying.
    async fn react(&mut self, stormy: bool) {
        self.judge.look(&*self.ground.log).await;
        let target = self.judge.head();
        let views = showing::move_views(&self.ground, &self.judge, Mishap::None, self.random.random()).await;
        self.align().await;
        if stormy {
            self.brew();
        }
        let node = &self.nodes[0];
        let (log, door) = (Arc::clone(&node.log), node.door.clone());
        let reactor = Reactor::new(log, views, door, Surroundings::default(), Arc::new(StandingClock));
        let (mut health, stop) = (reactor.health(), CancellationToken::new());
        let running = tokio::spawn(reactor.run(stop.clone()));
        let dead = node.faulty.clone();
        let reached = async {
            while !dead.is_dead() && health.borrow_and_update().position.is_none_or(|position| position < target) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(ANSWERED_IN, reached).await.expect("the reactor handles everything");
        if dead.is_dead() {
            running.abort();
            running.await.ok();
        } else {
            stop.cancel();
            running.await.expect("no panic").expect("nothing unreadable");
        }
        self.calm_down().await;
        self.judge.look(&*self.ground.log).await;
        self.trace.push(format!("reacted up to {target}, the log ends at {}", self.judge.head()));
    }

    pub fn check_invariants(&self) {
        self.judge.nothing_else_was_written();
        for node in &self.nodes {
            self.judge.saw_it_in_order(&node.reader.seen());
        }
    }

    /// Everything works again, everything that was begun is brought to an end.
    pub async fn heal(&mut self) {
        for number in 0..NODES {
            self.restart(number).await;
        }
        let open = self.judge.open_wishes();
        self.ask_again(open).await;
        self.react(false).await;
        self.show(Mishap::None).await;
    }

    async fn ask_again(&mut self, wishes: Vec<Wish>) {
        let node = &self.nodes[0];
        let calls = wishes.into_iter().map(|wish| {
            let way = (node.door.clone(), node.faulty.clone());
            tokio::spawn(call(way, wish, Duration::ZERO, None, Arc::clone(&self.told)))
        });
        let calls = calls.collect();
        self.hear(calls).await;
    }

    pub async fn check_final_invariants(&mut self) {
        let head = self.judge.head();
        let answered = self.judge.answered_wishes();
        self.ask_again(answered).await;
        assert_eq!(self.judge.head(), head, "a repeat of what was answered writes nothing");
        self.check_invariants();
        self.judge.follows_are_told_once(self.reacts_from);
        self.judge.kept_states_are_true(&*self.ground.log).await;
        showing::verify(&self.ground).await;
        assert_eq!(self.ground.log.head().await.expect("no faults"), head, "a comparison writes nothing (invariant 7)");
        for (number, node) in self.nodes.iter().enumerate() {
            assert_eq!(node.reader.seen().len() as u64, head.0, "the reader of node {number} saw everything");
        }
        for recorded in &self.judge.events {
            let (stream, sequence, name) = (&recorded.stream, recorded.sequence, recorded.event.schema().name());
            self.trace.push(format!("{} {stream} {sequence} {name} {}", recorded.position, recorded.event_id));
        }
        self.ground.log.close().await;
    }

    /// (events, answers, faults, kept states gone on from) of this history.
    pub fn figures(&self) -> [u64; 4] {
        let faults = self.faults + self.nodes.iter().map(|node| node.faulty.faults()).sum::<u64>();
        let used = self.kept_used + self.nodes.iter().map(|node| node.faulty.keeping.used()).sum::<u64>();
        [self.judge.head().0, self.judge.answers(), faults, used]
    }
}

fn told(call: &Call) -> String {
    let answer = match &call.answer {
        Answer::Decided(decided) => {
            let events: Vec<_> = decided.outcome.events().iter().map(|event| event.schema().name()).collect();
            format!("{} {events:?} in {} tries", decided.position, decided.tries)
        }
        Answer::Refused { position, reason } => format!("{position} refused: {reason}"),
        Answer::NotWritten(reason) => format!("not written: {reason}"),
        Answer::Unknown => "unknown".to_owned(),
        Answer::Unheard => "unheard".to_owned(),
    };
    format!("{} {} -> {answer}", call.wish.id, call.wish.stream)
}
