//! The HTTP side, in process, on every backend: what clients ask and what they are told.
//!
//! Apart from the tests of the built binary because here the log itself is at hand, to show that a refused request wrote
//! nothing. Never in here: how an answer is made.

mod apart;
mod app;
mod chat;
mod choices;
mod compressed;
mod delivering;
mod documented;
mod erasures;
mod follows;
mod groups;
mod kinds;
mod late_views;
mod limits;
mod message_changes;
mod older_pages;
mod own_writes;
mod people;
mod person;
mod places;
mod presence;
mod refusals;
mod repeats;
mod reports;
mod samples;
mod search;
mod sends;
mod stopping;
mod syncing;
mod uploads;

/// Each promise is a function over a running app; each becomes a test per backend.
macro_rules! on_every_backend {
    ($($promise:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    if let Some(app) = crate::http::app::TestApp::start(crate::support::backend::Backend::Sqlite).await {
                        super::$promise(app).await;
                    }
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    if let Some(app) = crate::http::app::TestApp::start(crate::support::backend::Backend::Postgres).await {
                        super::$promise(app).await;
                    }
                }
            )+
        }
    };
}
use on_every_backend;
