//! What a log keeps in memory so that it need not be asked for again: how much it may, and how much it does.
//!
//! Separate so that whoever opens a log gives all limits at once, and whoever watches it sees what came of each. Never in
//! here: what is kept.

/// Limits of an opened log. At its limit each forgets and reads again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCaches {
    /// Keys at hand; about 900 bytes each.
    pub keys_max: usize,
    /// Newest events, for those who read along.
    pub tail_events_max: usize,
    /// What those may weigh together, about.
    pub tail_bytes_max: usize,
}

impl Default for LogCaches {
    fn default() -> Self {
        Self { keys_max: 50_000, tail_events_max: 8_192, tail_bytes_max: 16 * 1024 * 1024 }
    }
}

/// One cache as it is now. For operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    pub name: &'static str,
    pub entries: usize,
    pub entries_max: usize,
    /// About; `None` where nobody counts them.
    pub bytes: Option<usize>,
}

impl CacheSize {
    pub const fn counted(name: &'static str, entries: usize, entries_max: usize) -> Self {
        Self { name, entries, entries_max, bytes: None }
    }
}
