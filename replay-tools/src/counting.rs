//! How far a long look over the log is, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines where there is no terminal (a log file of a nightly job).
const LINE_INTERVAL: Duration = Duration::from_secs(5);

pub struct Counting {
    bar: ProgressBar,
    doing: &'static str,
    /// When a line was last written; `None` on a terminal, where the bar speaks.
    last_line: Option<Instant>,
    began: Instant,
}

impl Counting {
    /// `events`: how many there are, as far as is known.
    pub fn new(doing: &'static str, events: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(events), target);
        let style =
            ProgressStyle::with_template("{prefix} [{bar:30}] {human_pos}/{human_len} events, {per_sec}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(doing);
        let began = Instant::now();
        Self { bar, doing, last_line: (!terminal).then_some(began), began }
    }

    pub fn is_at(&mut self, done: u64) {
        self.bar.set_position(done);
        let Some(last) = &mut self.last_line else { return };
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            let of = self.bar.length().unwrap_or(done);
            let rate = done as f64 / self.began.elapsed().as_secs_f64().max(f64::EPSILON);
            let left = Duration::from_secs_f64(of.saturating_sub(done) as f64 / rate.max(1.0));
            eprintln!("{}: {done} of {of} events, {rate:.0} events/s, {} left", self.doing, HumanDuration(left));
        }
    }

    /// Something whose end nobody can tell.
    pub fn is_busy(&self, doing: &'static str) {
        self.bar.set_prefix(doing);
        self.bar.tick();
    }

    /// Takes the bar away: what comes next is the result.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }
}
