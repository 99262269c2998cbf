//! The whole program, from the outside.

/// A promise, and the names of its two tests.
macro_rules! on_both_engines {
    ($($promise:ident: $on_sqlite:ident, $on_postgres:ident);+ $(;)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $on_sqlite() {
            $promise(Backend::Sqlite).await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn $on_postgres() {
            $promise(Backend::Postgres).await;
        }
    )+};
}

#[path = "../support/mod.rs"]
mod support;

/// Services outside, simulated. Apart from `support`, which has a store.
#[path = "../support/providers"]
#[allow(dead_code)]
mod simulated {
    pub mod onesignal;
    pub mod server;
    pub mod starsender;
    pub mod told;
}

mod archived;
mod backups;
mod big_room;
mod built_binary;
mod caches;
mod chat_sample;
mod command_line;
mod crashes;
mod damaged_views;
mod doctoring;
mod faults;
mod http;
mod import_faults;
mod import_people;
mod importing;
mod keys;
mod keys_in_trouble;
mod keys_of_a_log;
mod lost_words;
mod mending;
mod never_sealed;
mod observing;
mod operators;
mod outsiders;
mod promise_5_deliveries;
mod promise_7_resuming;
mod promise_9_markers;
mod pusher_protocol;
mod rebuilding;
mod replaying;
mod typescript_client;
