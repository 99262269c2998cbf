//! A rebuild of every view beside only reading and decoding the same events: `cargo bench --bench rebuild`.
//!
//! A load program: a log of 500,000 events as a community makes them, read from end to end and rebuilt from end to end,
//! in turns. Every ratio is the median over interleaved pairs (ours, reference, ours, ..), so that a machine whose speed
//! drifts drifts for both. `-- --events 2000000 --pairs 5 --engine postgres` measures more, or less. Results that were
//! published are in docs/performance.md.

#[path = "rebuild/community.rs"]
mod community;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use clap::Parser;
use event_log::{Filter, Position, SharedLog, StoreUrl};
use projections::{Pace, RebuildOptions, UnitName};

use support::backend::{Backend, TestStore};

/// As many as a rebuild reads at a time.
const PAGE_EVENTS: usize = 5_000;

/// As in the programs themselves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Options {
    /// Interleaved pairs per figure.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    #[arg(long, default_value_t = 500_000)]
    events: u64,
    /// sqlite or postgres; both when absent.
    #[arg(long)]
    engine: Option<String>,
    /// One view after the other.
    #[arg(long)]
    in_turn: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the process that rebuilds and reads; answers with JSON.
    #[arg(long, hide = true, value_name = "URL")]
    child: Option<String>,
}

/// What a child came to: rates in events per second, and the most memory it held.
#[derive(serde::Serialize, serde::Deserialize)]
struct Measured {
    pairs: Vec<(f64, f64)>,
    peak_memory_mb: u64,
}

fn main() {
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if let Some(url) = &options.child {
        let measured = runtime.block_on(be_child(&StoreUrl::parse(url).expect("a store URL"), &options));
        println!("{}", serde_json::to_string(&measured).expect("plain numbers"));
        return;
    }
    println!("| what | rebuilt, events/s | read and decoded, events/s | ratio | to reach | memory |");
    println!("|---|---|---|---|---|---|");
    for backend in Backend::ALL {
        if options.engine.as_ref().is_none_or(|engine| engine == backend.name()) {
            runtime.block_on(measure(backend, &options));
        }
    }
}

async fn measure(backend: Backend, options: &Options) {
    let store = backend.store_of_its_own().await.expect("the engine runs");
    let log = store.open().await;
    eprintln!("writing {} events to {}", options.events, backend.name());
    community::write(&log, options.events).await;
    log.close().await;
    let Measured { pairs, peak_memory_mb } = child(&store.url(), options);
    let median = |value: &dyn Fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = pairs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let reach = match &store {
        TestStore::Sqlite(_) => "0.4; 60,000/s; 150 MB",
        TestStore::Postgres(_) => "0.4; 40,000/s; 150 MB",
    };
    println!(
        "| inbox and feed from {} events, {} | {:.0} | {:.0} | **{:.2}** | {reach} | {} MB |",
        options.events,
        backend.name(),
        median(&|pair| pair.0),
        median(&|pair| pair.1),
        median(&|pair| pair.0 / pair.1),
        peak_memory_mb,
    );
}

/// A program of its own: what it took to make the events does not count.
fn child(url: &str, options: &Options) -> Measured {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.args(["--events", &options.events.to_string(), "--pairs", &options.pairs.to_string(), "--child", url]);
    if options.in_turn {
        child.arg("--in-turn");
    }
    let output = child.stderr(std::process::Stdio::inherit()).output().expect("a child starts");
    serde_json::from_slice(&output.stdout).expect("a child reports")
}

async fn be_child(url: &StoreUrl, options: &Options) -> Measured {
    let log = event_log::open(url).await.expect("the log opens");
    let mut pairs = Vec::new();
    for pair in 1..=options.pairs {
        let ours = rate(options.events, rebuild(url, &log, options.in_turn)).await;
        let reference = rate(options.events, read(&log)).await;
        eprintln!("{pair}: {ours:.0} rebuilt, {reference:.0} read");
        pairs.push((ours, reference));
    }
    log.close().await;
    Measured { pairs, peak_memory_mb: peak_memory_mb() }
}

async fn rate(events: u64, work: impl Future<Output = ()>) -> f64 {
    let began = Instant::now();
    work.await;
    events as f64 / began.elapsed().as_secs_f64()
}

async fn rebuild(url: &StoreUrl, log: &SharedLog, in_turn: bool) {
    let options = RebuildOptions { fresh: true, pace: Pace::FULL, ..RebuildOptions::default() };
    let one = async |unit| {
        projections::rebuild(url, log.clone(), unit, &options, &|_| {}).await.expect("rebuilt");
    };
    // What the goals were set for; the search is measured apart.
    let [first, second] = [UnitName::Inbox, UnitName::Feed];
    if in_turn {
        one(first).await;
        one(second).await;
    } else {
        tokio::join!(one(first), one(second));
    }
}

/// Only reads: every event, decoded, in order.
async fn read(log: &SharedLog) {
    let mut position = Position::START;
    loop {
        let page = log.read_after(position, PAGE_EVENTS, Filter::All).await.expect("readable");
        if page.scanned_to == position {
            return;
        }
        position = page.scanned_to;
        std::hint::black_box(page.events);
    }
}

/// The most this process ever held, everything included.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.unwrap_or(0_u64) / 1_024
}
