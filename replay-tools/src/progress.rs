//! How far a long piece of work is, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use projections::{Progress, UnitName};

/// Between two lines where there is no terminal (a log file of a deploy).
const LINE_INTERVAL: Duration = Duration::from_secs(5);

pub struct Progressing {
    bar: ProgressBar,
    unit: UnitName,
    /// When a line was last written; `None` on a terminal, where the bar speaks.
    last_line: Option<Mutex<Instant>>,
    began: Instant,
}

impl Progressing {
    pub fn new(unit: UnitName, doing: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        let style =
            ProgressStyle::with_template("{prefix} [{bar:30}] {human_pos}/{human_len} events, {per_sec}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(format!("{doing} {unit}"));
        let began = Instant::now();
        Self { bar, unit, last_line: (!terminal).then(|| Mutex::new(began)), began }
    }

    /// Called after every batch.
    pub fn is_at(&self, progress: Progress) {
        self.bar.set_length(progress.head.0.max(progress.position.0));
        self.bar.set_position(progress.position.0);
        if let Some(last) = &self.last_line {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= LINE_INTERVAL {
                *last = Instant::now();
                eprintln!("{}", self.in_words(progress));
            }
        }
    }

    /// Takes the bar away: what comes next is the result.
    pub fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }

    fn in_words(&self, progress: Progress) -> String {
        let Progress { events_done, position, head } = progress;
        let rate = events_done as f64 / self.began.elapsed().as_secs_f64().max(f64::EPSILON);
        let left = Duration::from_secs_f64((head.0.saturating_sub(position.0)) as f64 / rate.max(1.0));
        format!("{}: {position} of {head}, {rate:.0} events/s, {} left", self.unit, HumanDuration(left))
    }
}
