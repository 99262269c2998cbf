//! Messages through everything: HTTP, the door, both views, realtime and its sockets, on PostgreSQL with fsync on.
//!
//! `cargo bench --bench http` starts the built server and drives it: 64 senders at once into 100 rooms of 10 members, each
//! member with an open socket on the room. What counts is processor time per message of server and database together;
//! the senders and sockets share the machine and are not counted. Then the same into one room of 10,000 members beside one
//! of 10. `-- --seconds 20 --runs 5` measures longer. Results that were published are in docs/performance.md.

#[path = "door/cpu.rs"]
mod cpu;
#[path = "http/rooms_list.rs"]
mod rooms_list;
#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use support::member_sockets::watch;
use support::person::{Person, client, text};
use support::postgres::Cluster;
use support::running::{Installation, Running};

const SENDERS: usize = 64;
/// A message of ordinary length.
const WORDS: &str = "Baik, saya sudah menerima materinya. Besok pagi kita lanjutkan pembahasan bab tiga ya, terima kasih banyak semuanya!";

#[derive(Parser)]
struct Options {
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Length of each run.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    #[arg(long, default_value_t = 100)]
    rooms: usize,
    #[arg(long, default_value_t = 10)]
    members: usize,
    /// Whether each member has a socket on the room.
    #[arg(long, default_value_t = 1)]
    sockets: usize,
    /// Members of the big room; 0 leaves that figure out.
    #[arg(long, default_value_t = 10_000)]
    big: usize,
    /// Leaves the messages out: the big room is made, and the list of rooms is measured.
    #[arg(long)]
    only_list: bool,
    /// Keeps no frames for clients that were away: where nobody listens, nothing is rendered.
    #[arg(long)]
    no_window: bool,
    /// SQLite in a temporary directory instead.
    #[arg(long)]
    sqlite: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Somebody who may send, and where.
struct Seat {
    person: Person,
    room: String,
}

struct World {
    running: Running,
    server: Option<cpu::Server>,
    length: Duration,
    seen: Arc<AtomicU64>,
}

/// What a run came to; times in milliseconds.
struct Run {
    messages: u64,
    seconds: f64,
    frames: u64,
    server_cpu: f64,
    database_cpu: f64,
    p50: f64,
    p99: f64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let options = Options::parse();
    let cluster = Cluster::start().expect("a private PostgreSQL");
    let database = cluster.database().await;
    let directory = tempfile::tempdir().expect("a directory");
    let url = if options.sqlite { format!("sqlite:{}", directory.path().display()) } else { database.url() };
    let mut installation = Installation::new(&url);
    if options.no_window {
        installation = installation.with("KABAR__REALTIME__WINDOW_BYTES_MAX", "0");
    }
    let running = installation.start().await;
    let server = (!options.sqlite).then(|| cpu::Server::of(&cluster));
    let length = Duration::from_secs(options.seconds);
    let world = World { running, server, length, seen: Arc::default() };

    if options.only_list {
        world.room("big", options.big).await;
    } else {
        world.sends(&options).await;
    }
    rooms_list::measure(world.running.address, options.runs).await;
    assert!(world.running.stop().await.success());
}

impl World {
    async fn sends(&self, options: &Options) {
        let seats = self.rooms(options).await;
        println!("| what | messages/s (p50/p99 ms) | frames/s | CPU ms per message, server + database | together |");
        println!("|---|---|---|---|---|");
        let (rooms, members) = (options.rooms, options.members);
        let sockets = options.sockets * members;
        self.report(&format!("{rooms} rooms of {members}, {sockets} sockets each, 64 senders"), &seats, options.runs)
            .await;
        if options.big > 0 {
            let small = Arc::new(self.room("small", 10).await);
            let big = Arc::new(self.room("big", options.big).await);
            // Interleaved, so that a machine whose speed drifts drifts for both.
            let (mut of_small, mut of_big) = (Vec::new(), Vec::new());
            for _ in 0..options.runs {
                of_small.push(self.run(&small).await);
                of_big.push(self.run(&big).await);
            }
            print(&format!("one room of {}", options.big), &of_big);
            print("one room of 10", &of_small);
            println!("ratio of CPU, big beside small: {:.2}", median(&of_big, Run::cpu) / median(&of_small, Run::cpu));
        }
    }

    async fn rooms(&self, options: &Options) -> Arc<Vec<Seat>> {
        let mut seats = Vec::new();
        let http = client(Duration::from_secs(30));
        for number in 0..options.rooms {
            let made = self.room(&format!("r{number}"), options.members).await;
            for seat in made.iter().take(options.members * options.sockets.min(1)) {
                watch(&http, self.running.address, &seat.person.id, &seat.room, &self.seen).await;
            }
            seats.extend(made);
        }
        Arc::new(seats)
    }

    /// A group with as many members; the first ten of them can send.
    async fn room(&self, name: &str, members: usize) -> Vec<Seat> {
        const CHUNK: usize = 500;
        let http = client(Duration::from_secs(30));
        let people: Vec<Person> =
            (0..members).map(|number| Person::new(&http, self.running.address, &format!("{name}-{number}"))).collect();
        let mut showing_up = JoinSet::new();
        for person in &people {
            let person = person.clone();
            showing_up.spawn(async move { person.shows_up().await });
            if showing_up.len() >= SENDERS {
                showing_up.join_next().await;
            }
        }
        while showing_up.join_next().await.is_some() {}
        let room = people[0].creates_group(name).await;
        let ids: Vec<&str> = people[1..].iter().map(|person| person.id.as_str()).collect();
        for some in ids.chunks(CHUNK) {
            let path = format!("/api/chat/groups/{room}/members");
            people[0].post(&path, json!({ "userIds": some })).await.ok();
        }
        people.into_iter().take(10).map(|person| Seat { person, room: room.clone() }).collect()
    }

    async fn report(&self, what: &str, seats: &Arc<Vec<Seat>>, runs: usize) {
        self.run(seats).await; // Warms caches on both sides.
        let mut of = Vec::new();
        for _ in 0..runs {
            of.push(self.run(seats).await);
        }
        print(what, &of);
    }

    async fn run(&self, seats: &Arc<Vec<Seat>>) -> Run {
        let stop = Arc::new(AtomicBool::new(false));
        let (before, frames) = (self.cpu(), self.seen.load(Ordering::Relaxed));
        let began = Instant::now();
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (seats, stop) = (Arc::clone(seats), Arc::clone(&stop));
            senders.spawn(async move { keep_sending(&seats, sender, &stop).await });
        }
        tokio::time::sleep(self.length).await;
        stop.store(true, Ordering::Relaxed);
        let mut micros = Vec::new();
        while let Some(took) = senders.join_next().await {
            micros.extend(took.expect("a sender panicked"));
        }
        let seconds = began.elapsed().as_secs_f64();
        let after = self.cpu();
        let messages = micros.len() as u64;
        micros.sort_unstable();
        let quantile = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize] as f64 / 1_000.0;
        let each = |micros: f64| micros / 1_000.0 / messages as f64;
        Run {
            messages,
            seconds,
            frames: self.seen.load(Ordering::Relaxed) - frames,
            server_cpu: each(after.0 - before.0),
            database_cpu: each(after.1 - before.1),
            p50: quantile(0.5),
            p99: quantile(0.99),
        }
    }

    /// Microseconds of the server and of the database.
    fn cpu(&self) -> (f64, f64) {
        let server = cpu::of_process(self.running.pid());
        (server, self.server.as_ref().map_or(0.0, |database| database.now().server))
    }
}

async fn keep_sending(seats: &[Seat], sender: usize, stop: &AtomicBool) -> Vec<u64> {
    let mut micros = Vec::new();
    let mut next = sender;
    while !stop.load(Ordering::Relaxed) {
        let Seat { person, room } = &seats[next % seats.len()];
        next += SENDERS + 1;
        let began = Instant::now();
        let wish = json!({ "roomId": room, "content": WORDS });
        let answer = person.request(Method::POST, "/api/chat/send", Some(&wish)).await.expect("an answer");
        text(&answer.ok()["message"]["id"]);
        micros.push(u64::try_from(began.elapsed().as_micros()).expect("not that long"));
    }
    micros
}

impl Run {
    fn cpu(&self) -> f64 {
        self.server_cpu + self.database_cpu
    }
}

fn median(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(what: &str, runs: &[Run]) {
    println!(
        "| {what} | {:.0} ({:.1}/{:.1}) | {:.0} | {:.3} + {:.3} | {:.3} |",
        median(runs, |run| run.messages as f64 / run.seconds),
        median(runs, |run| run.p50),
        median(runs, |run| run.p99),
        median(runs, |run| run.frames as f64 / run.seconds),
        median(runs, |run| run.server_cpu),
        median(runs, |run| run.database_cpu),
        median(runs, Run::cpu),
    );
}
