//! Sockets: what a delivery costs the server, what an idle one weighs, and how long a message takes to whoever listens.
//!
//! `cargo bench --bench sockets` starts the built server on SQLite and drives it from this process, which shares the machine:
//! one channel with 1,000 and 5,000 sockets, told as fast as they hear it, in three ways (processor time of the server per
//! delivery, beside a bare loop that writes the same bytes);
//! 10,000 idle sockets (memory of the server for each); 2,000 sockets in 200 rooms at 20 sends a second; and requirements R70:
//! 10,000 connected people in rooms of ten, 20 sends a second and a follow now and then. `-- --only fanout|idle|rooms|r70`
//! runs one of them. Each process needs as many open files as there are sockets. Results are in docs/performance.md.

#[path = "sockets/chat.rs"]
mod chat;
#[path = "sockets/client.rs"]
mod client;
#[path = "door/cpu.rs"]
mod cpu;
#[path = "sockets/fanout.rs"]
mod fanout;
#[path = "sockets/floor.rs"]
mod floor;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "sockets/tally.rs"]
mod tally;

use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use support::running::{Installation, Running};
use tokio::task::JoinSet;

use client::{Look, Socket, signer};

/// Sockets that are being opened at the same time.
const OPENING: usize = 64;

/// A server that uses no more in a second than this does nothing.
const IDLE_MICROS: f64 = 30_000.0;
const SETTLING: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Fanout,
    Idle,
    Rooms,
    R70,
}

#[derive(Parser)]
struct Options {
    #[arg(long, value_enum)]
    only: Option<Part>,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Sockets of the idle run and of R70.
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let options = Options::parse();
    let wanted = |part| options.only.is_none_or(|only| only == part);
    let length = Duration::from_secs(options.seconds);
    if wanted(Part::Fanout) {
        println!(
            "| one channel | deliveries/s | server CPU us per delivery | the bare kernel's | ratio |\n|---|---|---|---|---|"
        );
        for sockets in [1_000, 5_000] {
            for pace in &fanout::PACES {
                fanout::measure(sockets, pace, length).await;
            }
        }
    }
    if wanted(Part::Idle) {
        idle(options.sockets).await;
    }
    if wanted(Part::Rooms) {
        chat::measure("2,000 sockets in 200 rooms", &chat::Plan { rooms: 200, members: 10, follows: false }, length)
            .await;
    }
    if wanted(Part::R70) {
        let plan = chat::Plan { rooms: options.sockets / 10, members: 10, follows: true };
        chat::measure(&format!("R70, {} connected people", options.sockets), &plan, length).await;
    }
}

/// A server of its own for each part, on a new store.
pub struct Server {
    pub running: Running,
    _store: tempfile::TempDir,
}

impl Server {
    pub async fn start() -> Self {
        let store = tempfile::tempdir().expect("a directory");
        let installation = Installation::new(&format!("sqlite:{}", store.path().display()))
            .with("KABAR__REALTIME__CONNECTIONS_MAX", "20000")
            .with("KABAR__SERVER__CONNECTIONS_MAX", "20000");
        Self { running: installation.start().await, _store: store }
    }

    /// KB that the server holds in memory.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.pid())).expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
        line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a number")
    }

    pub fn cpu(&self) -> f64 {
        cpu::of_process(self.running.pid())
    }

    /// Waits until it has nothing to do.
    pub async fn settles(&self) {
        let deadline = tokio::time::Instant::now() + SETTLING;
        loop {
            let before = self.cpu();
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.cpu() - before < IDLE_MICROS {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "it is still busy");
        }
    }

    /// Opens a socket for each of `wishes` (a user and their channels) and leaves them listening.
    pub async fn sockets(&self, wishes: Vec<(Option<String>, Vec<String>)>, look: &Look) -> JoinSet<()> {
        let (address, signer) = (self.running.address, signer());
        let (mut opening, mut listening) = (JoinSet::new(), JoinSet::new());
        for (user, channels) in wishes {
            let signer = signer.clone();
            opening.spawn(async move {
                let mut socket = Socket::connect(address).await;
                for channel in &channels {
                    socket.subscribe(&signer, channel, user.as_deref()).await;
                }
                socket
            });
            if opening.len() >= OPENING {
                let socket = opening.join_next().await.expect("one is opening").expect("it opens");
                listening.spawn(socket.listen(Arc::clone(look)));
            }
        }
        while let Some(socket) = opening.join_next().await {
            listening.spawn(socket.expect("it opens").listen(Arc::clone(look)));
        }
        listening
    }
}

async fn idle(count: usize) {
    let server = Server::start().await;
    let look: Look = Arc::new(|_| {});
    // What the first sockets make once for all is not counted.
    let _warm = server.sockets(vec![(None, vec!["bench".to_owned()]); 100], &look).await;
    let before = server.resident();
    let public = vec![(None, vec!["bench".to_owned()]); count];
    let listening = server.sockets(public, &look).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.resident() - before) as f64 / count as f64;
    assert_eq!(listening.len(), count);
    println!("\n{count} idle sockets on one channel: {each:.1} KB each in the server");
    drop(listening);
    assert!(server.running.stop().await.success());
}
