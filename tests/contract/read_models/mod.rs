//! What the views promise, on every engine.
//!
//! Events go into a real log, projectors run, questions are asked. Beside it stands a naive model that counts.

mod answers;
mod carried_uploads;
mod choices;
mod deliveries;
mod events;
mod lost_words;
mod message_reads;
mod naive;
mod private_files;
mod promise_4_rebuild_equals_live;
mod promise_4_verify_misses_nothing;
mod promise_5_exactly_once;
mod promise_6_rebuild_at_full_strength;
mod promise_6_rebuild_keeps_reads_up;
mod promise_6_switching;
mod promise_6_two_formats;
mod promise_8_big_rooms;
mod promise_9_erased;
mod promise_9_forwarded;
mod promise_9_scrubbed;
mod promise_9_search;
mod receipts;
mod rooms_lists;
mod search;
mod search_naive;
mod tables;
mod told;
mod world;

/// Runs a promise on every backend, as tests of their own.
macro_rules! on_every_backend {
    ($($promise:ident),+ $(,)?) => {$(
        mod $promise {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$promise(crate::support::backend::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$promise(crate::support::backend::Backend::Postgres).await;
            }
        }
    )+};
}
use on_every_backend;
