//! Any seed, any faults: what was promised is kept.
//!
//! One process, one thread, a simulated clock. Under the real doors, tails, projectors and the reactor lies a model of the
//! log (or SQLite); in between, faults drawn from a seed. After every step everything that anybody was told is held
//! against the log, and against naive opinions that share no code with what they judge.
//!
//! `SEED=7 cargo test --test simulation` replays a seed, `SEEDS=5000` runs more of them.
//! The numbers of invariants are those of docs/testing.md. Those about deliveries come with deliveries.

#[path = "../support/mod.rs"]
mod support;

mod at_once;
mod choices;
mod facts;
mod faulty_keeping;
mod faulty_log;
mod foreign_writer;
mod judge;
mod node;
mod showing;
mod wishes;
mod world;

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use node::Engine;
use world::World;

/// In an ordinary run, over both engines.
const SEEDS: u64 = 200;
const STEPS_MAX: usize = 24;
/// One in so many runs on SQLite instead of the model.
const SQLITE_EVERY: u64 = 4;
/// By the real clock, of one seed: most take less than a second.
const PATIENCE: Duration = Duration::from_secs(180);

fn engine_of(seed: u64) -> Engine {
    if seed.is_multiple_of(SQLITE_EVERY) { Engine::Sqlite } else { Engine::Model }
}

struct History {
    trace: Vec<String>,
    figures: [u64; 4],
}

fn live(seed: u64) -> History {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let mut world = World::from_seed(seed, engine_of(seed)).await;
        for _ in 0..STEPS_MAX {
            world.step().await;
            world.check_invariants();
        }
        world.heal().await;
        world.check_final_invariants().await;
        History { figures: world.figures(), trace: std::mem::take(&mut world.trace) }
    })
}

/// With the seed in the words of whatever fails. One that turns in circles fails as well: its clock stands still, so
/// nothing inside it can see that.
fn live_telling(seed: u64) -> History {
    let (ended, end) = mpsc::channel::<()>();
    let living = std::thread::spawn(move || {
        let history = live(seed);
        drop(ended);
        history
    });
    let again = format!("SEED={seed} cargo test --test simulation");
    if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        announce(&format!("\nthe simulation does not end: {again}\n"));
        panic!("{seed} was not over after {PATIENCE:?}");
    }
    living.join().unwrap_or_else(|failure| {
        announce(&format!("\nthe simulation failed: {again}\n"));
        std::panic::resume_unwind(failure)
    })
}

fn announce(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn promises_survive_faults() {
    if let Some(seed) = number("SEED") {
        let History { trace, figures } = live_telling(seed);
        trace.iter().for_each(|line| announce(line));
        announce(&format!("seed {seed}: events, answers, faults, kept states {figures:?}"));
        return;
    }
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let totals = [const { AtomicU64::new(0) }; 4];
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    for (total, figure) in totals.iter().zip(live_telling(seed).figures) {
                        total.fetch_add(figure, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let [events, answers, faults, kept] = totals.map(AtomicU64::into_inner);
    announce(&format!(
        "simulation: {seeds} seeds, {events} events, {answers} answers, {faults} faults, {kept} kept states"
    ));
    assert!(faults > seeds, "something went wrong in most of them");
    assert!(kept > seeds, "processes went on from kept states in most of them");
}

#[test]
fn one_seed_is_one_history() {
    for seed in [1, 2, 3, 4, 8] {
        let (first, second) = (live_telling(seed), live_telling(seed));
        for (line, (first, second)) in first.trace.iter().zip(&second.trace).enumerate() {
            assert_eq!(first, second, "line {line} of seed {seed}");
        }
        assert_eq!(first.trace.len(), second.trace.len(), "seed {seed}");
    }
}
