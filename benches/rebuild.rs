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
}

fn main() {
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
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
    forget_peak();
    let url = store.store_url();
    let mut pairs = Vec::new();
    for pair in 1..=options.pairs {
        let ours = rate(options.events, rebuild(&url, &log, options.in_turn)).await;
        let reference = rate(options.events, read(&log)).await;
        eprintln!("{} {pair}: {ours:.0} rebuilt, {reference:.0} read", backend.name());
        pairs.push((ours, reference));
    }
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
        peak_memory_mb(),
    );
    log.close().await;
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
    let [first, second] = UnitName::ALL;
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

/// What it took to make the events does not count.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
}

/// The most this process held since then, everything included.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    peak.unwrap_or(0_u64) / 1_024
}
