//! Read models: what the log means, in tables, for queries.
//!
//! A unit is a set of tables with one checkpoint: `inbox`, `feed` and `search`. `project()` is pure and says what changes;
//! `store/` makes it so, rows and checkpoint in one transaction; the projector drives a unit along the log. A unit never
//! reads another; a query may, and joins in Rust. Never in here: a rule, a clock, anything that sends.

// Adding an event must break the build where it has to be answered.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod feed;
pub mod generations;
pub mod inbox;
pub mod measures;
mod projector;
pub mod search;
mod store;
mod text;
mod unit;
pub mod views;

// Links the SQLite that rusqlite calls.
use libsqlite3_hotbundle as _;

pub use generations::{
    Difference, IfLost, LostWords, Pace, Progress, RebuildOptions, RebuildReport, RepairReport, Retired, Retiring,
    Stage, Standings, Touching, UnitStage, UnitStanding, UnitState, UnitStatus, VerifyReport, rebuild, repair, retire,
    scrub, standings, status, verify,
};
pub use store::Format;
pub use views::{Lagging, ReadError, UnitHealth, UnitName, UnitRun, Views};
