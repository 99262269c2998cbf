//! What this crate measures: every name once, with what it says.
//!
//! The program puts the lists of all crates together, describes them to its recorder, and a test holds them against
//! `docs/observability.md`. Handles are made once, where the thing measured is made: looking a name up for every command
//! would cost more than some of what is measured. Never in here: a recorder.

use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One measurement, its unit last in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    pub name: &'static str,
    pub kind: Kind,
    pub says: &'static str,
}

pub const DOOR_QUEUE: &str = "kabar_door_queue_commands";
pub const DOOR_BATCH: &str = "kabar_door_batch_commands";
pub const DOOR_WAIT: &str = "kabar_door_wait_seconds";
pub const DOOR_DECIDE: &str = "kabar_door_decide_seconds";
pub const DOOR_APPEND: &str = "kabar_door_append_seconds";
pub const DOOR_COMMANDS: &str = "kabar_door_commands_total";
pub const DOOR_EVENTS: &str = "kabar_door_events_total";
pub const DOOR_LOCKED: &str = "kabar_door_locked_batches_total";
pub const DOOR_LOST_RACES: &str = "kabar_door_lost_races_total";
pub const DOOR_UNKNOWN: &str = "kabar_door_unknown_outcomes_total";
pub const DOOR_FAULTS: &str = "kabar_door_faults_total";
pub const DOOR_SLOW: &str = "kabar_door_slow_batches_total";
pub const SNAPSHOTS_TAKEN: &str = "kabar_snapshots_taken_total";
pub const SNAPSHOTS_DROPPED: &str = "kabar_snapshots_dropped_total";
pub const SNAPSHOTS_IGNORED: &str = "kabar_snapshots_ignored_total";
pub const WORDS_LOST: &str = "kabar_sealing_words_lost_total";
pub const LOG_APPEND: &str = "kabar_log_append_seconds";
pub const LOG_UNREADABLE: &str = "kabar_log_unreadable_events_total";
pub const LOG_CONNECTIONS: &str = "kabar_log_connections_in_use";

/// Begins those that may never be counted: what is not there cannot be alerted on.
pub fn begin() {
    for name in [WORDS_LOST, LOG_UNREADABLE] {
        counter!(name).increment(0);
    }
    for why in ["unreadable", "other_log", "not_in_the_log", "failed"] {
        counter!(SNAPSHOTS_IGNORED, "why" => why).increment(0);
    }
}

/// All of them.
pub const MEASURES: &[Measure] = &[
    gauge(DOOR_QUEUE, "commands inside the door that are not answered yet"),
    spread(DOOR_BATCH, "commands decided into one batch"),
    spread(DOOR_WAIT, "from a command's arrival at the door until it is decided"),
    spread(DOOR_DECIDE, "deciding one batch"),
    spread(DOOR_APPEND, "from handing a batch to the log until its answer"),
    count(DOOR_COMMANDS, "commands answered, by outcome"),
    count(DOOR_EVENTS, "events written by this process"),
    count(DOOR_LOCKED, "batches decided under the log's lock, after a lost race"),
    count(DOOR_LOST_RACES, "commands that were decided again because others wrote first"),
    count(DOOR_UNKNOWN, "appends whose answer was lost and that were looked up"),
    count(DOOR_FAULTS, "times the log could not be written or read"),
    count(DOOR_SLOW, "batches slower than the line that is drawn for a line in the log"),
    count(SNAPSHOTS_TAKEN, "states of long streams that were kept"),
    count(SNAPSHOTS_DROPPED, "states that were not kept: too many waited, or they could not be written"),
    count(SNAPSHOTS_IGNORED, "kept states that were of no use and are made anew, by why"),
    count(LOG_UNREADABLE, "events that somebody else wrote and this program cannot read"),
    count(WORDS_LOST, "words read that nobody can open although nobody was erased: their key is lost or wrong"),
    spread(LOG_APPEND, "one append inside the log; those under its lock left out"),
    gauge(LOG_CONNECTIONS, "connections of the log in use for reading"),
];

pub const fn count(name: &'static str, says: &'static str) -> Measure {
    Measure { name, kind: Kind::Counter, says }
}

pub const fn gauge(name: &'static str, says: &'static str) -> Measure {
    Measure { name, kind: Kind::Gauge, says }
}

/// A histogram.
pub const fn spread(name: &'static str, says: &'static str) -> Measure {
    Measure { name, kind: Kind::Histogram, says }
}

/// How a command ended, as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Written,
    Repeated,
    Nothing,
    Refused,
    /// Its time was spent.
    Unavailable,
    /// It is not known whether it was written.
    Unknown,
    Corrupt,
    Stopping,
}

impl Ending {
    const ALL: [Self; 8] = [
        Self::Written,
        Self::Repeated,
        Self::Nothing,
        Self::Refused,
        Self::Unavailable,
        Self::Unknown,
        Self::Corrupt,
        Self::Stopping,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Repeated => "repeated",
            Self::Nothing => "nothing",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Corrupt => "corrupt",
            Self::Stopping => "stopping",
        }
    }
}

/// Counts commands by how they ended.
pub(crate) struct Endings([Counter; Ending::ALL.len()]);

impl Endings {
    pub(crate) fn new() -> Self {
        Self(Ending::ALL.map(|ending| counter!(DOOR_COMMANDS, "outcome" => ending.name())))
    }

    pub(crate) fn count(&self, ending: Ending) {
        self.0[ending as usize].increment(1);
    }
}

/// The handles of the door's task.
pub(crate) struct DoorMeasures {
    pub batch: Histogram,
    pub wait: Histogram,
    pub decide: Histogram,
    pub append: Histogram,
    pub events: Counter,
    pub locked: Counter,
    pub lost_races: Counter,
    pub unknown: Counter,
    pub faults: Counter,
    pub slow: Counter,
}

impl DoorMeasures {
    pub(crate) fn new() -> Self {
        Self {
            batch: histogram!(DOOR_BATCH),
            wait: histogram!(DOOR_WAIT),
            decide: histogram!(DOOR_DECIDE),
            append: histogram!(DOOR_APPEND),
            events: counter!(DOOR_EVENTS),
            locked: counter!(DOOR_LOCKED),
            lost_races: counter!(DOOR_LOST_RACES),
            unknown: counter!(DOOR_UNKNOWN),
            faults: counter!(DOOR_FAULTS),
            slow: counter!(DOOR_SLOW),
        }
    }
}

/// Where the time of one batch went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchTimes {
    /// Of the command that waited longest.
    pub waited_max: Duration,
    pub decide: Duration,
    pub append: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_and_say_their_unit_or_that_they_count() {
        for Measure { name, kind, says } in MEASURES {
            let ending = match kind {
                Kind::Counter => &["_total"][..],
                Kind::Histogram => &["_seconds", "_commands"],
                Kind::Gauge => &["_commands", "_in_use"],
            };
            assert!(name.starts_with("kabar_") && ending.iter().any(|end| name.ends_with(end)), "{name}");
            assert!(!says.is_empty());
        }
    }

    #[test]
    fn every_ending_has_a_counter_of_its_own() {
        for (index, ending) in Ending::ALL.into_iter().enumerate() {
            assert_eq!(ending as usize, index, "{ending:?}");
        }
    }
}
