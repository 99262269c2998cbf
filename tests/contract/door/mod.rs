//! What the door promises, over every log, with other doors beside it and with the log failing under it.

pub(crate) mod callers;
pub(crate) mod failing_log;

mod promise_1_answers_are_durable;
mod promise_3_nothing_after_a_block;
mod promise_5_unknown_outcomes;
mod promise_8_cold_streams;
mod promise_8_limits;
mod slow_batches;
mod unreadable_events;
