//! What measuring costs, beside what it would cost to look each name up: nanoseconds per call, with the real recorder.

use std::hint::black_box;
use std::time::{Duration, Instant};

use metrics::{counter, histogram};

const CALLS: u32 = 2_000_000;

fn main() {
    let handle = kabar::measures::recorder().and_then(|plan| plan.install_recorder()).expect("the only recorder");
    let seconds = histogram!("kabar_bench_seconds");
    let count = counter!("kabar_bench_total", "outcome" => "written");
    println!("measuring, {CALLS} calls each");
    per_call("histogram by its handle", || seconds.record(black_box(0.000_3)));
    handle.run_upkeep();
    per_call("counter by its handle", || count.increment(1));
    per_call("histogram by its name", || histogram!("kabar_bench_seconds").record(black_box(0.000_3)));
    handle.run_upkeep();
    per_call("histogram by its name and three labels", || {
        let (route, status) = (black_box("/api/chat/send").to_owned(), 200_u16.to_string());
        histogram!("kabar_bench_http_seconds", "route" => route, "method" => "POST", "status" => status).record(0.01);
    });
    handle.run_upkeep();
    per_call("reading the clock", || {
        black_box(Instant::now());
    });
    per_call("a line that nobody wants", || tracing::debug!(position = black_box(7_u64), "not said"));
}

fn per_call(what: &str, mut call: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        for _ in 0..CALLS / 5 {
            call();
        }
        best = best.min(began.elapsed() / (CALLS / 5));
    }
    println!("{:>8} ns  {what}", best.as_nanos());
}
