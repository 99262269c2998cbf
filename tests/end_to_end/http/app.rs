//! The running backend inside the test: its port, its log, its stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use aggregates::ids::{CommandId, EventId};
use aggregates::user::UserRole;
use aggregates::{Command, DomainEvent, StreamId};
use event_log::port::{Batch, NewEvent};
use event_log::{LogId, Position, PositionToken, SharedLog, loading};
use kabar::app::{App, Ports};
use kabar::config::{Config, DemoMode, Rate, Scope, Secret, ServiceKey};
use kabar::http::AppState;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::person::Person;
use crate::support::backend::{Backend, TestStore};

/// How long anything in these tests may take before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Small, so that a test can be past it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// More than another body may have.
pub const UPLOAD_BYTES_MAX: u64 = 300_000;
/// Of a program that says who people are.
pub const SERVICE_KEY: &str = "0123456789abcdef0123456789abcdef";
/// Of one that reads reports and nothing else.
pub const OTHER_SERVICE_KEY: &str = "abcdef0123456789abcdef0123456789";
const JWT_SECRET: &str = "a secret of at least thirty-two bytes";

pub struct TestApp {
    pub address: SocketAddr,
    /// What its handlers work with.
    state: AppState,
    log: SharedLog,
    config: Config,
    http: reqwest::Client,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    /// Gone with the test.
    store: TestStore,
    uploads: TempDir,
}

impl TestApp {
    /// `None` where the backend is left out, which has then been said.
    pub async fn start(backend: Backend) -> Option<Self> {
        Some(Self::on(backend.store().await?).await)
    }

    /// On a store that may have been used before.
    pub async fn on(store: TestStore) -> Self {
        Self::with_uploads(store, tempfile::tempdir().expect("a folder")).await
    }

    /// With other limits, or whatever else.
    pub async fn with(backend: Backend, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let (store, uploads) = (backend.store().await?, tempfile::tempdir().expect("a folder"));
        let mut config = config(&store, uploads.path());
        change(&mut config);
        Some(Self::configured(store, uploads, config).await)
    }

    async fn with_uploads(store: TestStore, uploads: TempDir) -> Self {
        let config = config(&store, uploads.path());
        Self::configured(store, uploads, config).await
    }

    async fn configured(store: TestStore, uploads: TempDir, config: Config) -> Self {
        let app = App::build(config.clone(), Ports::default()).await.expect("a fresh store and a valid configuration");
        let (state, log) = (app.state().clone(), app.state().log.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run(listener, shutdown.clone()));
        let http = client();
        Self { address, state, log, config, http, shutdown, running, store, uploads }
    }

    /// Somebody who has a session and whom the directory knows.
    pub async fn person(&self, id: &str) -> Person {
        let person = self.stranger(id);
        person.get("/api/chat/unread-count").await.ok();
        person
    }

    /// The same, with a role of the platform.
    pub async fn person_as(&self, id: &str, role: UserRole) -> Person {
        let person = Person::new(self.http.clone(), self.address, &self.config, id, Some(role));
        person.get("/api/chat/unread-count").await.ok();
        person
    }

    /// Somebody who has a session and has never asked for anything.
    pub fn stranger(&self, id: &str) -> Person {
        Person::new(self.http.clone(), self.address, &self.config, id, None)
    }

    /// A request in nobody's name.
    pub fn anonymous(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    pub async fn people<const N: usize>(&self, ids: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for id in ids {
            people.push(self.person(id).await);
        }
        people.try_into().unwrap_or_else(|_| unreachable!("as many as were asked for"))
    }

    pub async fn head(&self) -> Position {
        self.log.head().await.expect("the log answers")
    }

    /// # Panics
    /// On PostgreSQL, which has none.
    pub fn directory(&self) -> &Path {
        match &self.store {
            TestStore::Sqlite(directory) => directory.path(),
            TestStore::Postgres(_) => panic!("this test is about SQLite"),
        }
    }

    /// Its parts, for what cannot be timed from the outside.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    pub fn log_id(&self) -> LogId {
        self.log.id()
    }

    pub fn token(&self, position: Position) -> String {
        PositionToken { log: self.log.id(), position }.to_string()
    }

    /// Waits until something was written behind `position`; answers with the head.
    pub async fn written_behind(&self, position: Position) -> Position {
        let mut heard = self.log.listen();
        let waited = tokio::time::timeout(PATIENCE, heard.wait_for(|head| *head > position)).await;
        *waited.unwrap_or_else(|_| panic!("nothing was written behind {position}")).expect("the log is open")
    }

    pub fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits until new connections are refused.
    pub async fn refuses_connections(&self) {
        let refused = async { while TcpStream::connect(self.address).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, refused).await.expect("the app stops listening in time");
    }

    /// Everything that they said and were called is gone, as `replay erase` does it.
    pub async fn erases(&self, id: &str) -> Position {
        erase(&self.log, id).await
    }

    /// Puts events of one new stream into the log, as another process would.
    pub async fn records(&self, stream: StreamId, mut events: Vec<DomainEvent>) -> Position {
        self.log.sealing().expect("a log has keys").seal(&mut events).await.expect("sealed");
        let command = CommandId(Uuid::now_v7());
        let new = |(index, event): (usize, &DomainEvent)| NewEvent {
            group: 0,
            stream: stream.clone(),
            sequence: index as u64 + 1,
            event_id: EventId::of(command, index),
            name: event.schema().name(),
            version: event.schema().version(),
            payload: event.to_json().expect("plain"),
            metadata: "{}".into(),
            original: None,
        };
        let new: Vec<NewEvent> = events.iter().enumerate().map(new).collect();
        let last = new.len() as u64;
        let batch = Batch { known: self.head().await, groups: 1, events: new, ..Batch::default() };
        Position(self.log.append(&batch).await.expect("nobody else writes").base.0 + last)
    }

    /// What another process decides on what the log has, and writes.
    pub async fn decides_elsewhere(&self, stream: StreamId, mut command: Command) {
        let known = self.head().await;
        let loaded = loading::load(&*self.log, &stream, None).await.expect("readable");
        for need in loaded.state.needs(&command) {
            let facts = loading::load(&*self.log, &need.stream, None).await.expect("readable");
            command.learn(&need.stream, &facts.state);
        }
        let events = loaded.state.decide(&command).expect("no rule is broken");
        let id = CommandId(Uuid::now_v7());
        let new = |(index, event): (usize, &DomainEvent)| NewEvent {
            group: 0,
            stream: stream.clone(),
            sequence: loaded.version + 1 + index as u64,
            event_id: EventId::of(id, index),
            name: event.schema().name(),
            version: event.schema().version(),
            payload: event.to_json().expect("no words"),
            metadata: "{}".into(),
            original: None,
        };
        let events: Vec<NewEvent> = events.iter().enumerate().map(new).collect();
        if !events.is_empty() {
            self.log.append(&Batch { known, groups: 1, events, ..Batch::default() }).await.expect("nobody else writes");
        }
    }

    pub async fn events(&self) -> Vec<event_log::RecordedEvent> {
        crate::support::naive::whole_log(&*self.log).await
    }

    /// Runs statements on the tables of the log.
    pub async fn damage(&self, sql: &str) {
        match self.store.store_url() {
            event_log::StoreUrl::Sqlite(directory) => {
                let file = event_log::StoreUrl::file(&directory, "log");
                let connection = rusqlite::Connection::open(file).expect("the file opens");
                connection.busy_timeout(PATIENCE).expect("valid");
                connection.execute_batch(sql).expect("valid SQL");
            }
            event_log::StoreUrl::Postgres(url) => {
                use sqlx::{Connection, Executor};
                let mut connection = sqlx::PgConnection::connect(&url).await.expect("the database answers");
                connection.execute(sql).await.expect("valid SQL");
            }
        }
    }

    /// Another program on the same store, when this one has ended: nothing is in memory any more.
    pub async fn restarted(self) -> Self {
        self.restarted_after(async |_| ()).await
    }

    /// The same; `meanwhile` is done to the store while no server runs.
    pub async fn restarted_after(self, meanwhile: impl AsyncFnOnce(&SharedLog)) -> Self {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running).await.expect("the app stops in time");
        ended.expect("it does not panic");
        drop((self.state, self.log));
        let log = self.store.open().await;
        meanwhile(&log).await;
        log.close().await;
        drop(log);
        Self::with_uploads(self.store, self.uploads).await
    }

    /// What is kept of when these were here.
    pub async fn last_seen(&self, users: &[aggregates::ids::UserId]) -> Vec<event_log::last_seen::Seen> {
        let table = event_log::last_seen::open(&self.store.store_url()).await.expect("the table opens");
        let seen = table.of(users).await.expect("it answers");
        table.close().await;
        seen
    }

    /// Where files of people lie.
    pub fn uploads(&self) -> &Path {
        self.uploads.path()
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running).await.expect("the app stops in time");
        ended.expect("it does not panic");
    }
}

/// As `replay erase` does it.
pub async fn erase(log: &SharedLog, id: &str) -> Position {
    let user = aggregates::ids::UserId::parse(id).expect("a user id");
    let (none, at) = (std::collections::BTreeSet::new(), aggregates::Timestamp::from_millis(0));
    event_log::erasing::erase(log, &user, &none, at).await.expect("erased").position
}

/// Limits of what one user may do are out of the way: they have tests of their own.
fn config(store: &TestStore, uploads: &Path) -> Config {
    let mut config = Config::default();
    config.database.url = Secret::new(store.url());
    config.auth.jwt.secrets = vec![Secret::new(JWT_SECRET)];
    config.realtime.secret = Some(Secret::new("signs channels in tests"));
    config.demo.mode = DemoMode::Off;
    config.server.body_bytes_max = BODY_BYTES_MAX;
    config.uploads.folder = Some(uploads.to_owned());
    config.uploads.bytes_max = UPLOAD_BYTES_MAX;
    config.uploads.user_bytes_max = 2 * UPLOAD_BYTES_MAX;
    config.uploads.stall_seconds_max = 1;
    let enough = Rate { per_second: 1_000_000, burst: 1_000_000 };
    config.limits.sends = enough;
    config.limits.typing = enough;
    config.limits.writes = enough;
    config.limits.reads = enough;
    config.limits.services = enough;
    let key = |name: &str, key: &str, scopes: &[Scope]| ServiceKey {
        name: name.to_owned(),
        key: Secret::new(key),
        scopes: scopes.iter().copied().collect(),
    };
    config.auth.service_keys = vec![
        key("platform", SERVICE_KEY, &[Scope::People, Scope::Notifications]),
        key("moderation", OTHER_SERVICE_KEY, &[Scope::Moderation]),
    ];
    config
}

fn client() -> reqwest::Client {
    static PROVIDER: std::sync::Once = std::sync::Once::new();
    // reqwest asks for a TLS provider also where it only speaks plain HTTP.
    PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    reqwest::Client::builder().timeout(PATIENCE).build().expect("a client")
}
