//! History as lines: what another system knew, brought in, and what Kabar knows, given out, in one format.
//!
//! `docs/import.md` describes the format. `line` is one line of it, `checks` its limits, `source` where lines come from,
//! `plan` with `changing` a line as a command, `importer` the bulk path into the log (with `streams` and `messages` as its memory and
//! `writing` as its way to append), `telling` an event as a line with `entries` for what it cannot see, `irc` the lines of an IRC archive. Separate from the
//! commands so that what goes in and what comes out are seen side by side. Never in here: a rule (the aggregates decide),
//! anything that sends.

mod changing;
pub mod checks;
pub mod entries;
pub mod importer;
pub mod irc;
pub mod line;
mod messages;
pub mod pace;
mod plan;
pub mod source;
mod streams;
pub mod telling;
mod writing;
