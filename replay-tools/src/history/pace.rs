//! How far a file of lines is, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines where there is no terminal (a log file of a nightly job).
const LINE_INTERVAL: Duration = Duration::from_secs(5);

pub struct Pace {
    bar: ProgressBar,
    doing: &'static str,
    /// When a line was last written; `None` on a terminal, where the bar speaks.
    last_line: Option<Instant>,
    began: Instant,
}

impl Pace {
    /// `of`: how much there is, where that is known.
    pub fn new(doing: &'static str, of: Option<u64>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(of, target);
        let template =
            if of.is_some() { "{prefix} [{bar:30}] {percent}%, {msg}, {eta} left" } else { "{prefix} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(doing);
        let began = Instant::now();
        Self { bar, doing, last_line: (!terminal).then_some(began), began }
    }

    /// `done` of what there is; so many lines by now.
    pub fn is_at(&mut self, done: u64, lines: u64) {
        let rate = lines as f64 / self.began.elapsed().as_secs_f64().max(f64::EPSILON);
        let said = format!("{lines} lines, {rate:.0} lines/s");
        self.bar.set_message(said.clone());
        self.bar.set_position(done);
        let Some(last) = &mut self.last_line else { return };
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            let left = self.bar.length().map_or_else(String::new, |of| {
                let share = done as f64 / of.max(1) as f64;
                let spent = self.began.elapsed().as_secs_f64();
                let left = spent / share.max(f64::EPSILON) - spent;
                format!(", {} left", HumanDuration(Duration::try_from_secs_f64(left).unwrap_or_default()))
            });
            eprintln!("{}: {said}{left}", self.doing);
        }
    }

    /// Takes the bar away: what comes next is the result.
    pub fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }
}
