//! What every event log promises. Each function is one promise; each backend must keep them all.

pub(crate) mod drafts;
mod long_work;
mod making;
mod promise_1_answers_are_durable;
mod promise_2_one_total_order;
mod promise_3_whole_or_not_at_all;
mod promise_5_nothing_is_counted_twice;
mod reading;
mod reading_along;
mod silent_keys;
mod stalled_connections;
mod through_cqrs_es;
mod tying;

/// One test per backend and promise: `{backend}::{promise}` in the module it is called in.
macro_rules! every_log {
    ($($promise:ident),+ $(,)?) => {
        every_log!(@on sqlite, Sqlite, $($promise),+);
        every_log!(@on postgres, Postgres, $($promise),+);
    };
    (@on $module:ident, $backend:ident, $($promise:ident),+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    if let Some(store) = crate::support::backend::Backend::$backend.store().await {
                        super::$promise(&store).await;
                    }
                }
            )+
        }
    };
}
pub(crate) use every_log;
