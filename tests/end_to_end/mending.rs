//! `replay rebuild --parallel`, `repair` and `retire` as an operator runs them, beside the running server.

use std::time::Duration;

use projections::{Format, RebuildOptions, UnitName, UnitState, Views, status};
use serde_json::{Value, json};

use crate::support::answers::{Saying, complaint, interrupt, refused, report};
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;
use crate::support::person::{Person, client, number, two_in_a_room};
use crate::support::running::{Installation, Running};

/// One that this program knows of and does not use.
const OLD: Format = Format(Format::CURRENT.0 - 1);
/// So slow that nothing here meets its end.
const HARDLY: [&str; 2] = ["--events-per-second", "1"];

on_both_engines! {
    views_are_rebuilt_side_by_side_and_say_how_far_they_are: side_by_side_on_sqlite, side_by_side_on_postgres;
    a_view_that_cannot_be_rebuilt_keeps_no_other_back: no_other_back_on_sqlite, no_other_back_on_postgres;
    a_damaged_view_is_mended_beside_the_server_when_it_is_said: is_mended_on_sqlite, is_mended_on_postgres;
    a_format_is_retired_when_nobody_uses_it: is_retired_on_sqlite, is_retired_on_postgres;
}

/// A server, and two who have talked.
struct Talk {
    store: TestStore,
    installation: Installation,
    running: Running,
    ana: Person,
    ben: Person,
    room: String,
}

const MESSAGES: u64 = 30;
const FOLLOWERS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(60);

impl Talk {
    async fn on(backend: Backend) -> Option<Self> {
        let store = backend.store().await?;
        let installation = Installation::new(&store.url());
        let running = installation.start().await;
        let (ana, ben, room) = two_in_a_room(installation.address).await;
        for _ in 0..MESSAGES {
            ana.sends(&room, "sebelum").await;
        }
        Some(Self { store, installation, running, ana, ben, room })
    }

    /// So that the feed, too, has a while to go.
    async fn many_follow_ana(&self) {
        let http = client(PATIENCE);
        for number in 0..FOLLOWERS {
            let follower = Person::new(&http, self.installation.address, &format!("follower-{number}"));
            follower.shows_up().await;
            follower.post("/api/users/ana/follow?on=true", json!({})).await.ok();
        }
        let told = async { while self.ana.notifications().await < FOLLOWERS {} };
        tokio::time::timeout(PATIENCE, told).await.expect("ana hears of all of them");
    }

    async fn unread(&self) -> u64 {
        self.ben.unread_in(&self.room, None).await
    }

    /// Of the formats and units that the operator sees, those in that state.
    async fn generations(&self, state: UnitState) -> Vec<(UnitName, Format, u32)> {
        let log = self.store.open().await;
        // In the moment of a beginning or of a kill it may not be readable.
        let found = status(&self.store.store_url(), &log).await.unwrap_or_default();
        log.close().await;
        let found = found.into_iter().filter(|one| one.state == state);
        found.map(|one| (one.unit, one.format, one.generation)).collect()
    }

    /// The server goes on with what it has now, and the log agrees.
    async fn ends_well(self) {
        let last = self.ana.sends(&self.room, "sesudah").await;
        let unread = self.ben.unread_in(&self.room, Some(last["position"].as_str().expect("a position"))).await;
        assert_eq!(unread, MESSAGES + 1);
        assert!(self.running.stop().await.success());
        self.installation.verify_is_clean().await;
    }
}

async fn views_are_rebuilt_side_by_side_and_say_how_far_they_are(backend: Backend) {
    let Some(talk) = Talk::on(backend).await else { return };
    talk.many_follow_ana().await;
    let all = ["rebuild", "--all", "--parallel"];
    let mut child = talk.installation.begin_replay(&[&all[..], &HARDLY].concat());
    let mut saying = Saying::of(&mut child);
    // Both at once: one after the other, the second would not begin while this test lives.
    for unit in UnitName::ALL {
        let its = |line: &str| Far::parse(line).filter(|far| far.unit == unit.name());
        let far = saying.until(&format!("a line of how far {unit} is"), its).await;
        assert!(far.position > 0 && far.position < far.head && far.head > MESSAGES, "{far:?}");
        assert!(far.rate.ends_with(" events/s") && far.left.ends_with(" left"), "{far:?}");
    }
    let filled = talk.generations(UnitState::Building).await;
    assert_eq!(filled, UnitName::ALL.map(|unit| (unit, Format::CURRENT, 2)));
    assert_eq!(talk.unread().await, MESSAGES, "reads go on");
    let (status, _) = interrupt(&mut child).await;
    assert_eq!(status.code(), Some(130));
    saying.until("what becomes of it", |line| line.contains("goes on from there").then_some(())).await;

    let rebuilt = talk.installation.replay(&[&all[..], &["--full-speed", "--json"]].concat()).await;
    let rebuilt = report(&rebuilt, 0);
    for (index, unit) in UnitName::ALL.into_iter().enumerate() {
        let one = &rebuilt[index];
        assert_eq!((&one["unit"], number(&one["generation"])), (&json!(unit.name()), 2), "{rebuilt}");
        assert!(number(&one["resumed_at"]) > 0, "gone on with: {rebuilt}");
    }
    assert_eq!(talk.generations(UnitState::Live).await, UnitName::ALL.map(|unit| (unit, Format::CURRENT, 2)));
    talk.ends_well().await;
}

/// `inbox: 5 of 40, 1 events/s, 35 seconds left`
#[derive(Debug)]
struct Far {
    unit: String,
    position: u64,
    head: u64,
    rate: String,
    left: String,
}

impl Far {
    fn parse(line: &str) -> Option<Self> {
        let (unit, rest) = line.split_once(": ")?;
        let [far, rate, left] = rest.split(", ").collect::<Vec<_>>().try_into().ok()?;
        let (position, head) = far.split_once(" of ")?;
        Some(Self {
            unit: unit.to_owned(),
            position: position.parse().ok()?,
            head: head.parse().ok()?,
            rate: rate.to_owned(),
            left: left.to_owned(),
        })
    }
}

async fn a_view_that_cannot_be_rebuilt_keeps_no_other_back(backend: Backend) {
    let Some(talk) = Talk::on(backend).await else { return };
    // Somebody else is at the inbox, and will be for long.
    let mut child = talk.installation.begin_replay(&[&["rebuild", "inbox"][..], &HARDLY].concat());
    let begun = async { while talk.generations(UnitState::Building).await.is_empty() {} };
    tokio::time::timeout(PATIENCE, begun).await.expect("it begins");
    let both = talk.installation.replay(&["rebuild", "--all", "--parallel", "--full-speed"]).await;
    assert_eq!(both.status.code(), Some(3), "{both:?}");
    let said = complaint(&both);
    assert!(said.contains("inbox was not rebuilt") && said.contains("another rebuild"), "{said}");
    let told = String::from_utf8_lossy(&both.stdout);
    assert!(told.starts_with("feed: generation 2 is live"), "what was done is said: {told}");
    let live = talk.generations(UnitState::Live).await;
    let others = [UnitName::Feed, UnitName::Search];
    let expected = [(UnitName::Inbox, 1), (others[0], 2), (others[1], 2)];
    assert_eq!(live, expected.map(|(unit, generation)| (unit, Format::CURRENT, generation)));
    for how in [&["--parallel"][..], &[]] {
        let again =
            talk.installation.replay(&[&["rebuild", "--all", "--full-speed", "--json"][..], how].concat()).await;
        let done = report(&again, 3);
        let done: Vec<&str> = done.as_array().expect("a list").iter().filter_map(|one| one["unit"].as_str()).collect();
        assert_eq!(done, others.map(UnitName::name), "{how:?}");
    }
    child.kill().await.expect("killed");
    talk.ends_well().await;
}

async fn a_damaged_view_is_mended_beside_the_server_when_it_is_said(backend: Backend) {
    let Some(talk) = Talk::on(backend).await else { return };
    let replay = async |arguments: &[&str]| talk.installation.replay(arguments).await;
    let clean = report(&replay(&["repair", "--all", "--yes", "--json"]).await, 0);
    assert_eq!(
        clean.as_array().expect("one each").iter().map(|one| &one["repaired"]).collect::<Vec<_>>(),
        UnitName::ALL.map(|_| &Value::Null)
    );

    let sql = "UPDATE participants SET read_seq = 20 WHERE user_id = 'ben'";
    assert_eq!(damage::view(&talk.store, UnitName::Inbox, 1, sql).await, 1);
    assert_eq!(talk.unread().await, MESSAGES - 20, "it shows what is wrong");
    let told = replay(&["repair", "inbox"]).await;
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(text.contains("1 rows differ") && text.contains("nothing was changed: with --yes"), "{text}");
    assert_eq!(talk.generations(UnitState::Live).await.len(), UnitName::ALL.len());
    assert_eq!(talk.unread().await, MESSAGES - 20, "and was only told of it");

    let mended = report(&replay(&["repair", "inbox", "--yes", "--json"]).await, 0);
    let found = &mended[0]["found"];
    assert_eq!((number(&found["differences_total"]), number(&mended[0]["repaired"]["generation"])), (1, 2), "{mended}");
    assert_eq!(found["differences"][0]["table"], "participants");
    assert_eq!(talk.generations(UnitState::Building).await, [], "nothing is left aside");
    talk.ends_well().await;
}

async fn a_format_is_retired_when_nobody_uses_it(backend: Backend) {
    let Some(talk) = Talk::on(backend).await else { return };
    let retire = async |format: Format, yes: &[&str]| {
        let format = format.to_string();
        talk.installation.replay(&[&["retire", "--json", "--format", &format][..], yes].concat()).await
    };
    let (url, log) = (talk.store.store_url(), talk.store.open().await);
    for unit in UnitName::ALL {
        let old = RebuildOptions { format: OLD, ..RebuildOptions::default() };
        projections::rebuild(&url, log.clone(), unit, &old, &|_| {}).await.expect("filled");
    }
    let program = Views::open_format(&url, log.clone(), OLD).await.expect("a program of before");
    refused(&retire(OLD, &[]).await, "say --yes");
    refused_for_all(&report(&retire(OLD, &["--yes"]).await, 1), "a program of that format is running");
    refused_for_all(&report(&retire(Format::CURRENT, &["--yes"]).await, 1), "the format of this program");
    assert_eq!(talk.generations(UnitState::Live).await.len(), 2 * UnitName::ALL.len(), "nothing is gone");

    drop(program);
    log.close().await;
    // PostgreSQL sees its sessions go a little later, and a checkpoint that moves alone is stored a little later.
    let passing = ["a program of that format is running", "this program's own format is not as far yet"];
    let gone = async {
        loop {
            let retired = retire(OLD, &["--yes"]).await;
            if retired.status.success() {
                return report(&retired, 0);
            }
            for outcome in report(&retired, 1).as_array().expect("one each") {
                let refused = outcome["outcome"]["refused"].as_str();
                assert!(refused.is_none_or(|reason| passing.contains(&reason)), "{outcome}");
            }
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("it goes");
    let live = talk.generations(UnitState::Live).await;
    assert_eq!(live, UnitName::ALL.map(|unit| (unit, Format::CURRENT, 1)), "its own stays");
    assert_eq!(removed(&report(&retire(OLD, &["--yes"]).await, 0)), UnitName::ALL.map(|_| json!([])), "twice is once");
    talk.ends_well().await;
}

#[track_caller]
fn refused_for_all(report: &Value, reason: &str) {
    for outcome in report.as_array().expect("one each") {
        assert!(outcome["outcome"]["refused"].as_str().is_some_and(|said| said.contains(reason)), "{report}");
    }
}

fn removed(report: &Value) -> Vec<Value> {
    report.as_array().expect("one each").iter().map(|one| one["outcome"]["removed"].clone()).collect()
}
