//! The real views over the simulated log: moved, hurt in the middle, moved again, and held against a naive count.
//!
//! Views write on threads of their own, so nothing else happens while they are moved and the clock is put right behind
//! it; where they come to is a function of the log alone, and that is what the trace knows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aggregates::DomainEvent;
use aggregates::feed::FeedEvent;
use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::NotificationEvent;
use event_log::{Position, RecordedEvent};
use projections::feed::{FeedFilter, FeedPage};
use projections::{UnitName, UnitRun, Views};
use rand::Rng;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::judge::Judge;
use super::node::Ground;
use super::wishes;

/// By the real clock: a view that stands still is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to a view while it is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    None,
    /// The process dies after so many pages of so many events.
    Dies {
        pages: u32,
        events: usize,
    },
    /// Its transactions are aborted for a while, as by a full disk.
    Aborts(UnitName, &'static str),
    /// Two processes drive it.
    TwoDrivers,
    /// Its files are gone.
    Lost,
    /// It is rebuilt while it is moved.
    Rebuilt(UnitName),
}

impl Mishap {
    pub fn any(random: &mut StdRng) -> Self {
        const TABLES: [(UnitName, &str); 10] = [
            (UnitName::Inbox, "rooms"),
            (UnitName::Inbox, "messages"),
            (UnitName::Inbox, "members"),
            (UnitName::Inbox, "unit"),
            (UnitName::Feed, "unit"),
            (UnitName::Feed, "notifications"),
            (UnitName::Feed, "preferences"),
            (UnitName::Feed, "subscriptions"),
            (UnitName::Search, "unit"),
            (UnitName::Search, "entries"),
        ];
        match random.random_range(0..10) {
            0..=2 => Self::None,
            3..=5 => Self::Dies { pages: random.random_range(0..6), events: random.random_range(1..12) },
            6 | 7 => {
                let (unit, table) = TABLES[random.random_range(0..TABLES.len())];
                Self::Aborts(unit, table)
            }
            8 => Self::TwoDrivers,
            _ if random.random_bool(0.5) => Self::Lost,
            _ => Self::Rebuilt(UnitName::ALL[random.random_range(0..UnitName::ALL.len())]),
        }
    }
}

struct Driven {
    views: Views,
    stop: CancellationToken,
    running: JoinHandle<Result<(), projections::ReadError>>,
}

impl Driven {
    fn start(views: &Views) -> Self {
        let (views, stop) = (views.clone(), CancellationToken::new());
        let running = tokio::spawn({
            let (views, stop) = (views.clone(), stop.clone());
            async move { views.run(stop).await }
        });
        Self { views, stop, running }
    }

    async fn has_shown(&self, target: Position) {
        for unit in UnitName::ALL {
            let mut progress = self.views.progress(unit);
            let shown = progress.wait_for(|position| *position >= target);
            within(&format!("{unit} to show {target}"), shown).await.expect("the view is open");
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        within("the projectors to stop", self.running).await.expect("no panic").expect("nothing unreadable");
    }
}

/// Waits by the real clock, in whatever simulated time that takes.
async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    let began = Instant::now();
    tokio::pin!(wait);
    loop {
        tokio::select! {
            biased;
            done = &mut wait => return done,
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
            }
        }
    }
}

/// Moves the views to the head of the log by way of `mishap`; they stand still when this returns.
pub async fn move_views(ground: &Ground, judge: &Judge, mishap: Mishap, seed: u64) -> Views {
    let target = judge.head();
    match mishap {
        Mishap::Dies { pages, events } => {
            let (faulty, log) = ground.stack(seed).await;
            let views = Views::open(&ground.url(), log).await.expect("the views open");
            faulty.pages(pages, events);
            let driven = Driven::start(&views);
            within("a page that does not come", faulty.stands_still()).await;
            driven.running.abort();
            driven.running.await.expect_err("it was aborted");
        }
        Mishap::Lost => {
            for (_, path) in files(ground, "") {
                std::fs::remove_file(path).expect("it was there");
            }
        }
        Mishap::None | Mishap::Aborts(..) | Mishap::TwoDrivers | Mishap::Rebuilt(_) => {}
    }
    let (_, log) = ground.stack(seed).await;
    let views = Views::open(&ground.url(), Arc::clone(&log)).await.expect("the views open");
    let trap = match mishap {
        Mishap::Aborts(unit, table) => Some(Trap::set(ground, unit, table)),
        Mishap::None | Mishap::Dies { .. } | Mishap::TwoDrivers | Mishap::Lost | Mishap::Rebuilt(_) => None,
    };
    let driven = Driven::start(&views);
    if let Some(trap) = trap {
        within("the trap to be met", trap.met_or_passed(&views, target)).await;
        trap.lift();
    }
    if mishap == Mishap::TwoDrivers {
        let (_, log) = ground.stack(seed ^ 1).await;
        let second = Driven::start(&Views::open(&ground.url(), log).await.expect("the views open twice"));
        second.has_shown(target).await;
        second.stop().await;
    }
    if let Mishap::Rebuilt(unit) = mishap {
        let quiet = |_: projections::Progress| {};
        let (url, options) = (ground.url(), projections::RebuildOptions::default());
        let rebuilt = projections::rebuild(&url, log, unit, &options, &quiet);
        within("the rebuild", rebuilt).await.expect("it can be rebuilt");
        assert_eq!(ground.log.head().await.expect("no faults"), target, "a rebuild writes nothing (invariant 7)");
    }
    driven.has_shown(target).await;
    driven.stop().await;
    views
}

/// The files of the views: unit's name and path.
fn files(ground: &Ground, beginning: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(ground.directory()).expect("the directory is there").flatten();
    let mut found: Vec<(String, PathBuf)> =
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
    let of_a_view = |name: &str| UnitName::ALL.iter().any(|unit| name.starts_with(&format!("{unit}-")));
    found.retain(|(name, _)| of_a_view(name) && name.starts_with(beginning) && name.contains(".db"));
    found.sort();
    found
}

/// Whatever writes to one table fails.
struct Trap {
    unit: UnitName,
    connection: rusqlite::Connection,
    files: usize,
}

impl Trap {
    fn set(ground: &Ground, unit: UnitName, table: &str) -> Self {
        let mut found = files(ground, &format!("{unit}-"));
        found.retain(|(name, _)| name.ends_with(".db"));
        let newest = found.iter().max_by_key(|(name, _)| number(name)).expect("the view has a file");
        let connection = rusqlite::Connection::open(&newest.1).expect("it opens");
        connection.busy_timeout(Duration::from_secs(10)).expect("valid");
        let sql = ["INSERT", "UPDATE", "DELETE"].map(|verb| {
            format!("CREATE TRIGGER full_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END;")
        });
        connection.execute_batch(&sql.concat()).expect("valid SQL");
        Self { unit, connection, files: found.len() }
    }

    async fn met_or_passed(&self, views: &Views, target: Position) {
        assert!(self.files > 0);
        loop {
            let health = views.health().into_iter().find(|health| health.unit == self.unit).expect("every unit");
            match health.run {
                UnitRun::Retrying { .. } => return,
                UnitRun::Running if health.checkpoint >= target => return,
                UnitRun::Failed { reason } => panic!("{}: an aborted transaction may pass, but: {reason}", self.unit),
                UnitRun::Idle | UnitRun::Running => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn lift(self) {
        let sql = "DROP TRIGGER full_INSERT; DROP TRIGGER full_UPDATE; DROP TRIGGER full_DELETE;";
        self.connection.execute_batch(sql).expect("valid SQL");
    }
}

/// The generation in `inbox-2-g7.db`.
fn number(name: &str) -> u32 {
    let digits = name.rsplit_once("-g").and_then(|(_, rest)| rest.strip_suffix(".db"));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// What the views answer is what a naive reader of the log counts (invariant 4).
pub async fn compare(views: &Views, judge: &Judge) {
    let rooms = judge.rooms();
    let unread = rooms.unread();
    let feeds = feeds(&judge.events);
    for user in wishes::people() {
        let mut total = 0;
        for room in rooms.members.keys() {
            let shown = views.inbox().room(*room, &user).await.expect("answered");
            let counted = unread.get(&(*room, user.clone()));
            let shown = shown.map(|row| (row.unread, row.last_seq));
            let last_seq = rooms.said.get(room).map_or(0, |said| said.len() as u64);
            assert_eq!(shown, counted.map(|unread| (*unread, last_seq)), "{room} as {user} sees it");
            if !rooms.is_archived(*room, &user) {
                total += counted.copied().unwrap_or(0);
            }
        }
        let totals = views.inbox().unread_totals(std::slice::from_ref(&user)).await.expect("answered");
        assert_eq!(totals, vec![total], "all unread of {user}");
        let follows = judge.facts().follows();
        let counted = (
            follows.iter().filter(|(_, to)| *to == user).count() as u64,
            follows.iter().filter(|(from, _)| *from == user).count() as u64,
        );
        assert_eq!(views.inbox().follow_counts(&user).await.expect("answered"), counted, "follows of {user}");
        for other in wishes::people() {
            let blocks = judge.facts().blocks().contains(&(user.clone(), other.clone()));
            assert_eq!(views.inbox().blocks(&user, &other).await.expect("answered"), blocks, "{user} blocks {other}");
        }
        let listed = views.feed().list(&user, &FeedFilter::default(), FeedPage::Offset(0), 1_000).await;
        let listed = listed.expect("answered").into_iter().map(|entry| entry.notification);
        let listed: Vec<_> = listed.map(|row| (row.id, row.read_at.is_some())).collect();
        assert_eq!(listed, feeds.get(&user).cloned().unwrap_or_default(), "the feed of {user}");
    }
    judge.facts().choices().compare(views).await;
}

/// Each feed, the latest first: what, and whether it was read.
fn feeds(events: &[RecordedEvent]) -> BTreeMap<UserId, Vec<(NotificationId, bool)>> {
    let mut notes: Vec<(UserId, NotificationId, u64, bool)> = Vec::new();
    for recorded in events {
        match &recorded.event {
            DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) if event.is_in_feed() => {
                notes.push((event.recipient_id.clone(), event.notification_id, recorded.position.0, false));
            }
            DomainEvent::Notification(NotificationEvent::NotificationRead(event)) => {
                notes.iter_mut().filter(|note| note.1 == event.notification_id).for_each(|note| note.3 = true);
            }
            DomainEvent::Notification(NotificationEvent::NotificationUnread(event)) => {
                notes.iter_mut().filter(|note| note.1 == event.notification_id).for_each(|note| note.3 = false);
            }
            DomainEvent::Feed(FeedEvent::FeedRead(event)) => {
                let seen = notes.iter_mut().filter(|note| note.0 == event.user_id && note.2 <= event.up_to);
                seen.for_each(|note| note.3 = true);
            }
            DomainEvent::Room(_)
            | DomainEvent::Participant(_)
            | DomainEvent::Relationship(_)
            | DomainEvent::Notification(
                NotificationEvent::NotificationRaised(_)
                | NotificationEvent::DeliveryDecided(_)
                | NotificationEvent::AttemptStarted(_)
                | NotificationEvent::AttemptEnded(_)
                | NotificationEvent::NotificationClicked(_)
                | NotificationEvent::NotificationArchived(_)
                | NotificationEvent::NotificationUnarchived(_)
                | NotificationEvent::NotificationDeleted(_),
            )
            | DomainEvent::User(_)
            | DomainEvent::Report(_)
            | DomainEvent::Preferences(_)
            | DomainEvent::Subscription(_) => {}
        }
    }
    let mut feeds: BTreeMap<UserId, Vec<(NotificationId, bool)>> = BTreeMap::new();
    for (recipient, id, _, read) in notes.into_iter().rev() {
        feeds.entry(recipient).or_default().push((id, read));
    }
    feeds
}

/// Live rows are those of a rebuild, row by row (invariant 3).
pub async fn verify(ground: &Ground) {
    for unit in UnitName::ALL {
        let quiet = |_: projections::Progress| {};
        let log = ground.stack(0).await.1;
        let report = within("a verify", projections::verify(&ground.url(), log, unit, &quiet)).await;
        let report = report.expect("it can be compared");
        assert_eq!(report.differences_total, 0, "{unit} is not what a rebuild makes: {:?}", report.differences);
    }
}
