//! `replay export` and `import` of feeds: what was kept from one has no line, and up to where one was read is found again.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::{CommandId, EventId, NotificationId, UserId};
use aggregates::notification::{
    AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent, NotificationMarked, NotificationRaised,
    NotificationType, Source,
};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::deciding::{Decided, Decision, Inputs};
use aggregates::policy::related::Related;
use aggregates::policy::retrying::{AttemptOutcome, Became};
use aggregates::user::{Profile, ProfileChanged, Reach, UserErased, UserEvent, UserRegistered};
use aggregates::{DomainEvent, Metadata, StreamId, Timestamp};
use event_log::port::{Batch, NewEvent};
use event_log::{SharedLog, StoreUrl};
use serde_json::Value;
use tokio::process::Command;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

struct Store {
    folder: tempfile::TempDir,
    log: SharedLog,
    sequences: HashMap<StreamId, u64>,
}

impl Store {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = event_log::open(&StoreUrl::Sqlite(folder.path().to_owned())).await.expect("a log");
        Self { folder, log, sequences: HashMap::new() }
    }

    /// Each as of a command of its own, but for those that follow in the same one.
    async fn record(&mut self, stream: StreamId, events: impl IntoIterator<Item = DomainEvent>) -> u64 {
        let command = CommandId(Uuid::new_v4());
        let mut events: Vec<DomainEvent> = events.into_iter().collect();
        self.log.sealing().expect("keys").seal(&mut events).await.expect("sealed");
        let known = self.log.head().await.expect("a head");
        let metadata =
            serde_json::to_string(&Metadata { command: Some(command), ..Metadata::default() }).expect("JSON");
        let mut batch = Batch { known, groups: 1, ..Batch::default() };
        for (index, event) in events.into_iter().enumerate() {
            let sequence = self.sequences.entry(stream.clone()).or_default();
            *sequence += 1;
            batch.events.push(NewEvent {
                group: 0,
                stream: stream.clone(),
                sequence: *sequence,
                event_id: EventId::of(command, index),
                name: event.schema().name(),
                version: event.schema().version(),
                payload: event.to_json().expect("JSON"),
                metadata: Arc::from(metadata.as_str()),
                original: None,
            });
        }
        let count = batch.events.len() as u64;
        self.log.append(&batch).await.expect("written").base.0 + count
    }

    async fn note(&mut self, number: u128, events: impl IntoIterator<Item = NotificationEvent>) -> u64 {
        let events = events.into_iter().map(DomainEvent::Notification);
        self.record(StreamId::notification(NotificationId(Uuid::from_u128(number))), events).await
    }

    async fn person(&mut self, event: UserEvent) -> u64 {
        let id = match &event {
            UserEvent::UserRegistered(event) => event.user_id.clone(),
            UserEvent::ProfileChanged(event) => event.user_id.clone(),
            UserEvent::UserErased(event) => event.user_id.clone(),
        };
        self.record(StreamId::user(&id), [DomainEvent::User(event)]).await
    }

    /// Ana's feed was read up to there.
    async fn read(&mut self, up_to: u64) -> u64 {
        let read = FeedRead { user_id: ana(), up_to, at: at(50) };
        self.record(StreamId::feed(&ana()), [DomainEvent::Feed(FeedEvent::FeedRead(read))]).await
    }
}

fn ana() -> UserId {
    UserId::parse("ana").expect("an id")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + second * 1_000)
}

fn registered(second: i64) -> UserEvent {
    UserEvent::UserRegistered(UserRegistered { user_id: ana(), profile: Profile::default(), at: at(second) })
}

/// A line says nothing of it.
fn moved(second: i64, time_zone: &str) -> UserEvent {
    let reach = Reach { time_zone: Some(time_zone.to_owned()), ..Reach::default() };
    let profile = Profile { reach, ..Profile::default() };
    UserEvent::ProfileChanged(ProfileChanged { user_id: ana(), profile, at: at(second) })
}

fn raised(second: i64, number: u128, in_feed: bool) -> NotificationEvent {
    NotificationEvent::NotificationRaised(NotificationRaised {
        notification_id: NotificationId(Uuid::from_u128(number)),
        recipient_id: ana(),
        kind: NotificationType::System,
        actor_id: None,
        source: Source { kind: "notice".to_owned(), id: number.to_string() },
        related: Related::default(),
        content: None,
        channels: Some(Channels::ALL),
        critical: false,
        topic: None,
        room_id: None,
        locale: None,
        erased_before: 0,
        in_app: in_feed.then(|| scheduled(second)),
        at: at(second),
    })
}

fn scheduled(second: i64) -> Decided {
    Decided { decision: Decision::Scheduled { due: at(second) }, inputs: Inputs::default() }
}

fn marked(second: i64, number: u128) -> NotificationMarked {
    NotificationMarked { notification_id: NotificationId(Uuid::from_u128(number)), recipient_id: ana(), at: at(second) }
}

/// Decided, begun and accepted.
fn sent(second: i64, number: u128) -> [NotificationEvent; 3] {
    let (notification_id, channel) = (NotificationId(Uuid::from_u128(number)), Channel::Push);
    let kind = aggregates::policy::retrying::OutcomeKind::Accepted;
    let outcome = AttemptOutcome { kind, reason: None, provider_id: None, after_ms: None };
    [
        NotificationEvent::DeliveryDecided(DeliveryDecided {
            notification_id,
            recipient_id: ana(),
            channel,
            decided: scheduled(second),
            at: at(second),
        }),
        NotificationEvent::AttemptStarted(AttemptStarted {
            notification_id,
            recipient_id: ana(),
            channel,
            attempt: 1,
            provider: "onesignal".to_owned(),
            takes_key: true,
            deadline: at(second + 30),
            at: at(second),
        }),
        NotificationEvent::AttemptEnded(AttemptEnded {
            notification_id,
            recipient_id: ana(),
            channel,
            attempt: 1,
            outcome,
            became: Became::Accepted,
            at: at(second),
        }),
    ]
}

async fn replay(store: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(["--database", &format!("sqlite:{}", store.display())]).args(arguments);
    command.stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output()).await.expect("replay did not end in time").expect("started")
}

async fn exported(store: &Path) -> String {
    let output = replay(store, &["export", "--to", "-"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The kinds of its lines, and which line each of its feed reads names: nothing, or a kind and a source.
fn told(export: &str) -> (Vec<String>, Vec<String>) {
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let named = |read: &Value| {
        let found = lines.iter().find(|line| line["event"] == read["upTo"]);
        found.map(|line| format!("{} {}", text(line, "kind"), text(line, "sourceId"))).unwrap_or_default()
    };
    let reads = lines.iter().filter(|line| line["kind"] == "feedRead").map(named).collect();
    (lines.iter().map(|line| text(line, "kind")).collect(), reads)
}

/// Taken whole elsewhere: what comes out there.
async fn elsewhere(store: &Store, export: &str) -> String {
    let other = tempfile::tempdir().expect("a folder");
    let file = store.folder.path().join("export.jsonl");
    std::fs::write(&file, export).expect("written");
    let output = replay(other.path(), &["import", "--json", "--from", &file.display().to_string()]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    exported(other.path()).await
}

#[tokio::test]
async fn a_feed_was_read_up_to_a_notification_whatever_else_came_before() {
    let mut store = Store::new().await;
    store.person(registered(1)).await;
    let first = store.read(1).await;
    store.note(1, [raised(2, 1, true)]).await;
    store.read(first).await;
    let profile = store.person(moved(3, "Asia/Jayapura")).await;
    // An import writes nothing for it.
    store.read(profile).await;
    let kept = store.note(2, [raised(4, 2, false)]).await;
    store.read(kept).await;
    for second in 0..300 {
        store.person(moved(10 + second, if second % 2 == 0 { "Asia/Jakarta" } else { "Asia/Makassar" })).await;
    }
    let far = store.person(moved(400, "Asia/Jayapura")).await;
    store.read(far).await;
    store.note(3, [raised(401, 3, true)]).await;
    store.read(far).await;
    let last = store.note(3, [NotificationEvent::NotificationArchived(marked(402, 3))]).await;
    store.read(last).await;
    let export = exported(store.folder.path()).await;
    let (_, reads) = told(&export);
    let (one, three) = ("notification 1", "notification 3");
    assert_eq!(reads, ["", "", one, one, one, one, three]);
    assert_eq!(told(&elsewhere(&store, &export).await).1, reads);
}

#[tokio::test]
async fn marks_go_with_their_notification_and_what_was_kept_from_the_feed_has_no_line() {
    let mut store = Store::new().await;
    store.person(registered(1)).await;
    let [decided, started, ended] = sent(2, 1);
    store.note(1, [raised(2, 1, true), decided]).await;
    store.note(1, [started]).await;
    store.note(1, [ended]).await;
    let clicked = NotificationEvent::NotificationClicked(marked(3, 1));
    // Reading follows from it.
    store.note(1, [clicked, NotificationEvent::NotificationRead(marked(3, 1))]).await;
    store.note(1, [NotificationEvent::NotificationUnread(marked(4, 1))]).await;
    store.note(1, [NotificationEvent::NotificationArchived(marked(5, 1))]).await;
    store.note(1, [NotificationEvent::NotificationUnarchived(marked(6, 1))]).await;
    store.note(1, [NotificationEvent::NotificationDeleted(marked(7, 1))]).await;
    let [decided, ..] = sent(8, 2);
    store.note(2, [raised(8, 2, false), decided]).await;
    store.note(2, [NotificationEvent::NotificationClicked(marked(9, 2))]).await;
    // As a program of before let it through.
    store.note(2, [NotificationEvent::NotificationRead(marked(9, 2))]).await;
    // Nobody was told the first time.
    store.note(3, [raised(10, 3, false)]).await;
    store.note(3, [raised(11, 3, true)]).await;
    store.note(3, [NotificationEvent::NotificationRead(marked(12, 3))]).await;
    let export = exported(store.folder.path()).await;
    let (kinds, _) = told(&export);
    let expected = [
        "user",
        "notification",
        "notificationClicked",
        "notificationUnread",
        "notificationArchived",
        "notificationUnarchived",
        "notificationDeleted",
        "notification",
        "notificationRead",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(elsewhere(&store, &export).await, export);
}

#[tokio::test]
async fn what_began_anew_for_somebody_new_is_named_by_no_feed_read() {
    let mut store = Store::new().await;
    store.person(registered(1)).await;
    store.note(1, [raised(2, 1, true)]).await;
    let erased = UserErased { user_id: ana(), keys: Vec::new(), at: at(3) };
    store.person(UserEvent::UserErased(erased)).await;
    store.person(registered(4)).await;
    let anew = store.note(1, [raised(5, 1, true)]).await;
    store.read(anew).await;
    let export = exported(store.folder.path()).await;
    let (kinds, reads) = told(&export);
    assert_eq!((kinds.len(), reads), (6, vec!["notification 1".to_owned()]), "{export}");
    // An import passes over the second, and does not look for it.
    elsewhere(&store, &export).await;
}
