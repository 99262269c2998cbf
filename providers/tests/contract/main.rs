//! What every provider promises, and what each of them makes of its service's own words.
//!
//! `promises` runs over every kind there is, in every mode; `said` has a case for every text of providers.md.

#[path = "../../../tests/support/providers/mod.rs"]
mod simulated;

mod connections;
mod promises;
mod rig;
mod said;
mod secrecy;
