//! One request, followed by its id through every part of the built program, and what the program measures meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use event_log::StoreUrl;
use serde_json::Value;

use crate::support::backend::Backend;
use crate::support::person::{client, text, two_in_a_room};
use crate::support::running::{Installation, Running};

const PATIENCE: Duration = Duration::from_secs(20);
const REQUEST: &str = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";

#[tokio::test]
async fn one_request_is_followed_from_http_to_the_frame_on_sqlite() {
    one_request_is_followed_from_http_to_the_frame(Backend::Sqlite).await;
}

#[tokio::test]
async fn one_request_is_followed_from_http_to_the_frame_on_postgres() {
    one_request_is_followed_from_http_to_the_frame(Backend::Postgres).await;
}

async fn one_request_is_followed_from_http_to_the_frame(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url())
        .with("KABAR__LOG__FORMAT", "json")
        .with("KABAR__LOG__LEVEL", "info,kabar=debug,event_log=debug,projections=debug");
    let running = installation.start().await;
    let http = client(PATIENCE);
    let (ana, ben, _) = two_in_a_room(installation.address).await;
    let mut tail = installation.tail_channel("private-user-ana", ana.token());
    tail.expect_note("following private-user-ana").await;

    // As a tracing proxy before us would say it.
    let answer = http
        .post(format!("http://{}/api/users/ana/follow?on=true", installation.address))
        .bearer_auth(ben.token())
        .header("traceparent", format!("00-{}-00f067aa0ba902b7-01", REQUEST.replace('-', "")))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.headers()["x-request-id"], REQUEST);
    let position = answer.headers()["kabar-position"].to_str().expect("text").to_owned();
    tail.expect_frame("new-follower").await;
    let notification = tail.expect_frame("notification").await;
    // Both views have what the request came to.
    for path in ["/api/notifications?after=", "/api/chat/rooms?after="] {
        ana.get(&format!("{path}{}", position_of(&notification).unwrap_or_else(|| position.clone()))).await.ok();
    }

    for (part, line) in [
        ("kabar::http", "answered"),
        ("event_log::door", "a command was answered"),
        ("projections::projector", "a view shows an event"),
        ("kabar::reactor", "what follows is durable"),
        ("kabar::realtime", "a frame goes out"),
    ] {
        says(&running, part, line).await;
    }
    let lines = installation.replay(&["tail", "--from", "0", "--no-follow", "--json"]).await;
    let lines: Vec<Value> =
        String::from_utf8_lossy(&lines.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let caused = lines.iter().filter(|line| line["metadata"]["correlation"] == REQUEST);
    let names: BTreeSet<String> = caused.map(|line| text(&line["event"]["type"])).collect();
    assert_eq!(
        names,
        ["delivery_decided", "notification_raised", "user_followed"].map(ToOwned::to_owned).into(),
        "{lines:#?}"
    );

    everything_that_is_measured_is_known(&installation, &http).await;
    assert!(running.stop().await.success());
}

/// `position` of a frame's data, where it says one.
fn position_of(frame: &Value) -> Option<String> {
    let data = &frame["data"];
    let parsed =
        data.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_else(|| data.clone());
    parsed["position"].as_str().map(ToOwned::to_owned)
}

/// Some line of that part says so under the request's id, in the line itself or in a span around it.
async fn says(running: &Running, part: &str, message: &str) {
    let is_it = |line: &str| {
        let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
        let spans = line["spans"].as_array().map_or(&[][..], Vec::as_slice);
        line["target"].as_str().is_some_and(|target| target.starts_with(part))
            && line["fields"]["message"] == message
            && (line["fields"]["correlation"] == REQUEST || spans.iter().any(|span| span["correlation"] == REQUEST))
    };
    running.says(&format!("{message:?} by {part} of {REQUEST}"), is_it).await;
}

async fn everything_that_is_measured_is_known(installation: &Installation, http: &reqwest::Client) {
    let page = http.get(format!("http://{}/metrics", installation.address)).send().await.expect("an answer");
    let page = page.text().await.expect("text");
    let known: BTreeSet<&str> = kabar::measures::all().iter().map(|measure| measure.name).collect();
    let measured: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    let unknown: Vec<_> = measured.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in the list of measures");
    let silent: Vec<_> = known.difference(&measured).collect();
    assert!(silent.is_empty(), "{silent:?} are in the list of measures and never measured:\n{page}");
    for line in [
        "kabar_door_commands_total{outcome=\"written\"}",
        "kabar_reactor_wishes_total{outcome=\"carried_out\"} 1",
        "kabar_behind_seconds{part=\"inbox\"} 0",
        "kabar_view_apply_seconds_count{unit=\"inbox\"}",
        "kabar_realtime_connections 1",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    let frames = page.lines().find_map(|line| line.strip_prefix("kabar_realtime_frame_seconds_count "));
    assert!(frames.is_some_and(|count| count.parse::<u64>().is_ok_and(|count| count >= 2)), "{page}");
}

/// What it waits for cannot be read: all the more must be seen how long it has been waiting.
#[tokio::test]
async fn a_view_that_is_stuck_at_an_unreadable_event_says_for_how_long() {
    let Some(store) = Backend::Sqlite.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let StoreUrl::Sqlite(directory) = store.store_url() else { panic!("this is SQLite") };
    let connection = rusqlite::Connection::open(StoreUrl::file(&directory, "log")).expect("opens");
    connection
        .execute_batch(
            "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata, recorded_at) SELECT (SELECT coalesce(max(position), 0) + 1 FROM events), \
             randomblob(16), 'room', 'x', 1, 'poll_opened', '1', '{\"type\":\"poll_opened\"}', '{}', \
             unixepoch() * 1000 - 3600000",
        )
        .expect("written");
    drop(connection);
    let page = client(PATIENCE).get(format!("http://{}/metrics", installation.address)).send().await;
    let page = page.expect("an answer").text().await.expect("text");
    let seconds = page.lines().find_map(|line| line.strip_prefix("kabar_behind_seconds{part=\"inbox\"} "));
    assert!(seconds.is_some_and(|seconds| seconds.parse::<f64>().is_ok_and(|seconds| seconds >= 3_600.0)), "{page}");
    drop(running);
}
