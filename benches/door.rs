//! The door beside its references on the same PostgreSQL, fsync on: `cargo bench --bench door`.
//!
//! A load program, not a micro-benchmark: callers, batches and the server are what is measured. Every figure is the
//! median of interleaved pairs (ours, reference, ours, ..), so that a machine whose speed drifts drifts for both.

#[path = "door/load.rs"]
mod load;

use std::time::Duration;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let url = std::env::var("BENCH_URL").expect("url");
    let callers: usize = std::env::var("CALLERS").ok().and_then(|c| c.parse().ok()).unwrap_or(64);
    runtime.block_on(async {
        if std::env::var("SEED").is_ok() { load::seed(&url).await; }
        let door = load::open_door(&url).await;
        for rooms in [load::Rooms::Thousand, load::Rooms::Hot] {
            load::warm(&door, rooms).await;
            for _ in 0..3 {
                let run = load::drive(&door, rooms, callers, Duration::from_secs(3)).await;
                println!("{rooms:?} {:.0}/s {run:?}", run.rate());
            }
        }
        door.close().await;
    });
}
