//! `replay rebuild` as a process that is killed or interrupted in the middle, beside a server that is written to.

use std::time::Duration;

use event_log::{Position, SharedLog, StoreUrl};
use projections::{UnitName, UnitState};
use serde_json::Value;

use crate::support::answers::{interrupt, report, said};
use crate::support::backend::Backend;
use crate::support::person::{client, number, two_in_a_room};
use crate::support::running::Installation;

/// Each is met in the middle, further on than the one before.
const KILLS: usize = 5;
/// Slow enough to be met between two steps.
const SLOWLY: [&str; 4] = ["rebuild", "inbox", "--events-per-second", "100"];
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_6_a_rebuild_killed_again_and_again_goes_on_where_it_was_on_sqlite() {
    a_rebuild_killed_again_and_again_goes_on_where_it_was(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_6_a_rebuild_killed_again_and_again_goes_on_where_it_was_on_postgres() {
    a_rebuild_killed_again_and_again_goes_on_where_it_was(Backend::Postgres).await;
}

async fn a_rebuild_killed_again_and_again_goes_on_where_it_was(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let http = client(PATIENCE);
    let (ana, ben, room) = two_in_a_room(installation.address).await;
    let mut sent = 0;
    while sent < 40 * KILLS {
        ana.sends(&room, "sebelum").await;
        sent += 1;
    }

    let (url, log) = (store.store_url(), store.open().await);
    let mut reached = Position::START;
    for kill in 1..=KILLS {
        let mut child = installation.begin_replay(&SLOWLY);
        // Written to while it is filled.
        let further = further_than(&url, &log, reached);
        tokio::pin!(further);
        reached = loop {
            tokio::select! {
                biased;
                reached = &mut further => break reached,
                status = child.wait() => panic!("rebuild {kill} ended by itself: {status:?}, {}", said(&mut child).await),
                _ = ana.sends(&room, "sementara") => sent += 1,
            }
        };
        if kill < KILLS {
            child.kill().await.expect("kill -9");
        } else {
            let (status, said) = interrupt(&mut child).await;
            assert_eq!(status.code(), Some(130), "{said}");
            assert!(said.contains("goes on from there"), "{said}");
        }
        assert!(ben.unread_in(&room, None).await > 0, "reads go on");
        tells_the_truth(&http, &installation).await;
    }

    let rebuilt = installation.replay(&["rebuild", "inbox", "--full-speed", "--json"]).await;
    let rebuilt = report(&rebuilt, 0);
    assert!(number(&rebuilt[0]["resumed_at"]) >= reached.0, "{rebuilt} begins before {reached}");
    assert_eq!(number(&rebuilt[0]["generation"]), 2, "the same one all along: {rebuilt}");
    let last = ana.sends(&room, "sesudah").await;
    let unread = ben.unread_in(&room, Some(last["position"].as_str().expect("a position"))).await;
    assert_eq!(unread, number(&last["seq"]));
    assert!(unread > sent as u64);
    assert!(running.stop().await.success());
    installation.verify_is_clean().await;
    log.close().await;
}

/// Waits until what is being filled is further than `reached`, and says where.
async fn further_than(url: &StoreUrl, log: &SharedLog, reached: Position) -> Position {
    let look = async {
        loop {
            // In the moment of a kill, or of the beginning, it may not be readable.
            let found = projections::status(url, log).await.unwrap_or_default();
            let filled = found.iter().find(|one| (one.unit, one.state) == (UnitName::Inbox, UnitState::Building));
            if let Some(at) = filled.map(|one| one.checkpoint).filter(|at| *at > reached) {
                return at;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("it does not come further than {reached}"))
}

/// /readyz and /metrics speak of the live view, not of what is being filled beside it.
async fn tells_the_truth(http: &reqwest::Client, installation: &Installation) {
    let page = async |path: &str| {
        let answer = http.get(format!("http://{}{path}", installation.address)).send().await.expect("answered");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.expect("text")
    };
    let ready: Value = serde_json::from_str(&page("/readyz").await).expect("JSON");
    let checks = ready["checks"].as_array().expect("checks");
    for unit in UnitName::ALL {
        let check = checks.iter().find(|check| check["name"] == unit.name()).expect("every unit is checked");
        assert!(check["ok"] == true && number(&check["behind"]) < 100, "{check}");
        let gauge = format!("kabar_behind_events{{part=\"{unit}\"}}");
        assert!(page("/metrics").await.contains(&gauge), "{gauge}");
    }
}
