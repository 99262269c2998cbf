//! How far a long piece of work is, on stderr: a bar per view on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use projections::{Progress, Stage, UnitName};

/// Between two lines where there is no terminal (a log file of a deploy).
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Where the bars of views that are worked on at once stand below each other.
pub struct Bars {
    bars: MultiProgress,
    terminal: bool,
}

impl Bars {
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), terminal }
    }

    pub fn of(&self, unit: UnitName, doing: &str) -> Progressing {
        let bar = self.bars.add(ProgressBar::new(0));
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {human_pos}/{human_len}, {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(format!("{doing} {unit}"));
        let now = Instant::now();
        Progressing {
            bar,
            unit,
            terminal: self.terminal,
            began: now,
            seen: Mutex::new(Seen { first: None, line: now }),
        }
    }
}

pub struct Progressing {
    bar: ProgressBar,
    unit: UnitName,
    terminal: bool,
    began: Instant,
    seen: Mutex<Seen>,
}

struct Seen {
    /// After the first step, and when: work that is gone on with begins far from 0.
    first: Option<(u64, Instant)>,
    /// When a line was last written.
    line: Instant,
}

impl Progressing {
    /// Called after every step.
    pub fn is_at(&self, progress: Progress) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (position, head) = (progress.position.0, progress.head.0);
        let first = *seen.first.get_or_insert((position, Instant::now()));
        let words = in_words(progress, self.began.elapsed(), (first.0, first.1.elapsed()));
        self.bar.set_length(head.max(position));
        self.bar.set_position(position);
        if !self.terminal && seen.line.elapsed() >= LINE_INTERVAL {
            seen.line = Instant::now();
            eprintln!("{}: {position} of {head}, {words}", self.unit);
        }
        self.bar.set_message(words);
    }

    /// Takes the bar away: what comes next is the result.
    pub fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }
}

/// Events a second since it began, and how long the rest takes at the speed since the first step.
fn in_words(progress: Progress, working: Duration, (first, since_first): (u64, Duration)) -> String {
    if let Stage::Finishing { since } = progress.stage {
        return format!("making indexes for {}", HumanDuration(since));
    }
    let rate = progress.events_done as f64 / working.as_secs_f64().max(f64::EPSILON);
    let gone = progress.position.0.saturating_sub(first) as f64;
    let rest = progress.head.0.saturating_sub(progress.position.0) as f64;
    let left = if rest == 0.0 {
        HumanDuration(Duration::ZERO).to_string()
    } else if gone == 0.0 {
        "?".to_owned()
    } else {
        // A year is as good as for ever, and a number that a duration can hold.
        let seconds = (rest / gone * since_first.as_secs_f64()).min(31_536_000.0);
        HumanDuration(Duration::from_secs_f64(seconds)).to_string()
    };
    format!("{rate:.0} events/s, {left} left")
}

#[cfg(test)]
mod tests {
    use event_log::Position;

    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_rest_also_where_most_was_done_before() {
        let progress =
            Progress { events_done: 2_000, position: Position(92_000), head: Position(100_000), stage: Stage::Filling };
        let (working, since_first) = (Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(in_words(progress, working, (91_000, since_first)), "1000 events/s, 8 seconds left");
        assert_eq!(in_words(progress, working, (92_000, since_first)), "1000 events/s, ? left");
        let stage = Stage::Finishing { since: Duration::from_secs(90) };
        let indexing = Progress { stage, ..progress };
        assert_eq!(in_words(indexing, working, (92_000, since_first)), "making indexes for 2 minutes");
    }
}
