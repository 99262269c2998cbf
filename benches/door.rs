//! The door beside its references on the same PostgreSQL (fsync on) or SQLite file: `cargo bench --bench door`.
//!
//! A load program, not a micro-benchmark: callers, batches and the server are what is measured. Every ratio is the
//! median over interleaved pairs (ours, reference, ours, ..), so that a machine whose speed drifts drifts for both.
//! `-- --pairs 9 --seconds 10` measures longer. Results that were published are in docs/performance.md.

#[path = "door/cpu.rs"]
mod cpu;
#[path = "door/load.rs"]
mod load;
#[path = "door/one_row.rs"]
mod one_row;
#[path = "door/pgbench.rs"]
mod pgbench;
#[path = "door/stock.rs"]
mod stock;
#[path = "../tests/support/mod.rs"]
mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use event_log::Door;

use cpu::Cpu;
use load::{Rooms, Run};
use support::postgres::Cluster;

/// As in the programs themselves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Options {
    /// Interleaved pairs per figure.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Length of each run.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Only the figures whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be one of the processes of the two-process figure: callers, and when to begin (ms since 1970).
    #[arg(long, hide = true, num_args = 3, value_names = ["URL", "CALLERS", "BEGIN"])]
    child: Option<Vec<String>>,
}

fn main() {
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    match &options.child {
        Some(child) => runtime.block_on(be_child(child, Duration::from_secs(options.seconds))),
        None => {
            println!(
                "| what | ours/s (p50/p99 ms) | reference/s | ratio | CPU us each, ours client + server | to reach |"
            );
            println!("|---|---|---|---|---|---|");
            if SQLITE.contains(&options.only) {
                runtime.block_on(on_sqlite(&options));
            }
            if options.only.is_empty() || !SQLITE.contains(&options.only) {
                runtime.block_on(measure(&options));
            }
        }
    }
}

const SQLITE: &str = "SQLite, 1,000 rooms, 256 callers, beside one-row transactions on the same file";

/// The whole of it is in this process: its processor time is all there is.
async fn on_sqlite(options: &Options) {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", directory.path().display());
    eprintln!("filling 1,000 rooms in a file");
    load::seed(&url).await;
    let door = load::open_door(&url).await;
    load::warm(&door, Rooms::Thousand).await;
    let mut one_row = one_row::Reference::prepare(&directory.path().join("log.db"));
    let length = Duration::from_secs(options.seconds);
    let mut pairs = Vec::new();
    for _ in 0..options.pairs {
        let before = cpu::of_process(std::process::id());
        let run = load::drive(&door, Rooms::Thousand, 256, length).await;
        let client = (cpu::of_process(std::process::id()) - before) / run.answered as f64;
        pairs.push((run, Cpu { client, server: 0.0 }, one_row.run(length), Cpu::default()));
    }
    report(SQLITE, &pairs, "8, 20 us");
    door.close().await;
}

struct Bench {
    pairs: usize,
    length: Duration,
    url: String,
    door: Door,
    pgbench: pgbench::Reference,
    stock: stock::Stock,
    server: cpu::Server,
}

async fn measure(options: &Options) {
    let cluster = Cluster::start().expect("a private PostgreSQL");
    let (ours, theirs, raw) = (cluster.database().await, cluster.database().await, cluster.database().await);
    eprintln!("filling 1,000 rooms and the hot one");
    load::seed(&ours.url()).await;
    let stock = stock::Stock::prepare(&theirs, load::open_log(&ours.url()).await).await;
    let pgbench = pgbench::Reference::prepare(&raw).await;
    let door = load::open_door(&ours.url()).await;
    load::warm(&door, Rooms::Thousand).await;
    load::warm(&door, Rooms::Hot).await;
    let bench = Bench {
        pairs: options.pairs,
        length: Duration::from_secs(options.seconds),
        url: ours.url(),
        door,
        pgbench,
        stock,
        server: cpu::Server::of(&cluster),
    };
    let wanted = |figure: &str| figure.contains(&options.only);
    if wanted("64 callers") {
        bench.beside_pgbench(64, "1.2").await;
    }
    if wanted("1,024 callers") {
        bench.beside_pgbench(1_024, "2").await;
    }
    if wanted("1 caller") {
        bench.beside_pgbench(1, "0.5").await;
    }
    if wanted("hot room") {
        bench.hot_beside_spread().await;
    }
    if wanted("stock") {
        bench.beside_stock().await;
    }
    if wanted("two processes") {
        bench.two_processes_beside_one().await;
    }
    bench.door.close().await;
}

impl Bench {
    async fn beside_pgbench(&self, callers: usize, reach: &str) {
        let mut pairs = Vec::new();
        for _ in 0..self.pairs {
            let (run, cpu) = self.ours(Rooms::Thousand, callers).await;
            pairs.push((run, cpu, self.pgbench.run(callers.min(64), self.length), Cpu::default()));
        }
        report(
            &format!("1,000 rooms, {callers} callers, beside pgbench one-row transactions at {}", callers.min(64)),
            &pairs,
            reach,
        );
    }

    async fn hot_beside_spread(&self) {
        let mut pairs = Vec::new();
        for _ in 0..self.pairs {
            let (hot, cpu) = self.ours(Rooms::Hot, 64).await;
            let (spread, other) = self.ours(Rooms::Thousand, 64).await;
            pairs.push((hot, cpu, spread.rate(), other));
        }
        report("one hot room with 5,000 events behind it, 64 callers, beside 1,000 rooms", &pairs, "0.95");
    }

    async fn beside_stock(&self) {
        let mut pairs = Vec::new();
        for _ in 0..self.pairs {
            let (run, cpu) = self.ours(Rooms::Thousand, 64).await;
            let before = self.server.now();
            let began = Instant::now();
            let answered = self.stock.drive(64, self.length).await;
            let rate = answered as f64 / began.elapsed().as_secs_f64();
            pairs.push((run, cpu, rate, self.server.since(before).each(answered)));
        }
        report("1,000 rooms, 64 callers, beside stock cqrs-es + postgres-es", &pairs, "8, CPU <= 1/10");
    }

    async fn two_processes_beside_one(&self) {
        let mut pairs = Vec::new();
        for _ in 0..self.pairs {
            let two = self.children(2, 32);
            let one = self.children(1, 64);
            pairs.push((two, Cpu::default(), one.rate(), Cpu::default()));
        }
        report("two processes on the hot room, 32 callers each, beside one with 64", &pairs, "0.5, p99 < 100 ms");
    }

    async fn ours(&self, rooms: Rooms, callers: usize) -> (Run, Cpu) {
        let before = self.server.now();
        let run = load::drive(&self.door, rooms, callers, self.length).await;
        let cpu = self.server.since(before).each(run.answered);
        (run, cpu)
    }

    /// Programs of their own, begun in the same moment, taken together.
    fn children(&self, count: usize, callers: usize) -> Run {
        let begin = jiff::Timestamp::now().as_millisecond() + 1_500;
        let children: Vec<_> = (0..count)
            .map(|_| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args(["--seconds", &self.length.as_secs().to_string(), "--child", &self.url])
                    .args([callers.to_string(), begin.to_string()])
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("a child starts")
            })
            .collect();
        let mut together = Run::default();
        for child in children {
            let output = child.wait_with_output().expect("a child ends");
            let run: Run = serde_json::from_slice(&output.stdout).expect("a child reports");
            together.answered += run.answered;
            together.failed += run.failed;
            together.tries_max = together.tries_max.max(run.tries_max);
            together.p99 = together.p99.max(run.p99);
            together.p50 = together.p50.max(run.p50);
            together.seconds = together.seconds.max(run.seconds);
        }
        together
    }
}

async fn be_child(child: &[String], length: Duration) {
    let door = load::open_door(&child[0]).await;
    load::warm(&door, Rooms::Hot).await;
    let begin: i64 = child[2].parse().expect("a moment");
    let wait = begin - jiff::Timestamp::now().as_millisecond();
    tokio::time::sleep(Duration::from_millis(wait.max(0).unsigned_abs())).await;
    let run = load::drive(&door, Rooms::Hot, child[1].parse().expect("a number"), length).await;
    println!("{}", serde_json::to_string(&run).expect("plain numbers"));
}

/// Ours, its processor time each, the reference's rate, its processor time each.
type Pair = (Run, Cpu, f64, Cpu);

/// One row: the medians of the pairs, the ratio as the median of the pairs' ratios.
fn report(what: &str, pairs: &[Pair], reach: &str) {
    let of = |value: &dyn Fn(&Pair) -> f64| {
        let mut values: Vec<f64> = pairs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let failed: u64 = pairs.iter().map(|(run, ..)| run.failed).sum();
    let tries = pairs.iter().map(|(run, ..)| run.tries_max).max().unwrap_or(0);
    let theirs = of(&|pair| pair.3.client + pair.3.server);
    let reference_cpu = if theirs > 0.0 { format!(" (reference {theirs:.0})") } else { String::new() };
    println!(
        "| {what} | {:.0} ({:.2}/{:.2}) | {:.0} | {:.2} | {:.1} + {:.1}{reference_cpu} | {reach}; failed {failed}, tries {tries} |",
        of(&|pair| pair.0.rate()),
        of(&|pair| pair.0.p50),
        of(&|pair| pair.0.p99),
        of(&|pair| pair.2),
        of(&|pair| pair.0.rate() / pair.2),
        of(&|pair| pair.1.client),
        of(&|pair| pair.1.server),
    );
}
