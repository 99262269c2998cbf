//! A slow batch says where its time went, and every answer says whose request it was.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use aggregates::Metadata;
use event_log::{DoorOptions, Wish};
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;

use super::callers::*;
use crate::support::backend::Backend;

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn saying(&self, message: &str) -> Vec<Value> {
        let bytes = self.0.lock().expect("nobody panicked").clone();
        let text = String::from_utf8(bytes).expect("text");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["fields"].clone());
        lines.filter(|fields| fields["message"] == message).collect()
    }
}

/// Whether anybody wants a line is asked once per place in the program, by whichever test comes there first, and of the
/// subscriber of *its* thread alone while there is no more than one in the process. A test beside this one has none: its
/// "never" would hold for this thread too. With this behind all threads the answer is "ask each time".
fn ask_each_time() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nobody = dynamic_filter_fn(|_, _| false).with_max_level_hint(LevelFilter::DEBUG);
        let everywhere = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(nobody));
        everywhere.expect("nobody else sets one");
    });
}

// On one thread, the one whose lines are kept.
#[tokio::test]
async fn a_slow_batch_says_where_the_time_went_on_sqlite() {
    a_slow_batch_says_where_the_time_went(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_slow_batch_says_where_the_time_went_on_postgres() {
    a_slow_batch_says_where_the_time_went(Backend::Postgres).await;
}

async fn a_slow_batch_says_where_the_time_went(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    ask_each_time();
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let _kept = tracing::subscriber::set_default(subscriber);

    let door = door_with(&store, DoorOptions { slow_batch: Duration::ZERO, ..DoorOptions::default() }).await;
    let wish = create_group(group(1), &["ana"]);
    let metadata = Metadata { correlation: Some(Uuid::from_u128(7)), ..wish.metadata.clone() };
    door.execute(Wish { metadata, ..wish }).await.expect("created");
    let slow = lines.saying("a slow batch");
    assert_eq!(slow.len(), 1, "{slow:?}");
    assert_eq!((&slow[0]["commands"], &slow[0]["events"]), (&1.into(), &1.into()));
    for time in ["waited_ms_max", "decide_ms", "append_ms"] {
        assert!(slow[0][time].as_f64().is_some_and(|time| time > 0.0), "{time}: {slow:?}");
    }
    let answered = lines.saying("a command was answered");
    assert_eq!(answered[0]["correlation"], Uuid::from_u128(7).to_string(), "{answered:?}");
    assert_eq!((&answered[0]["outcome"], &answered[0]["position"]), (&"written".into(), &1.into()));

    let quick = door_with(&store, DoorOptions { slow_batch: Duration::MAX, ..DoorOptions::default() }).await;
    quick.execute(create_group(group(2), &["ana"])).await.expect("created");
    assert_eq!(lines.saying("a slow batch").len(), 1, "a quick batch says nothing");
    assert!(door.inside() == 0 && quick.inside() == 0);
}
