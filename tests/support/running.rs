//! The built program, run as an operator would run it: a process, its environment, its signals.
//!
//! Separate from in-process tests because some promises are about the process: kill -9, restarts, exit codes, and that the
//! binary is put together as the tests believe. Never in here: what the program should answer.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aggregates::user::UserRole;
use kabar::auth::{NewToken, mint};
use kabar::config::{JwtConfig, Secret};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::channel_tail::ChannelTail;

pub const APP_KEY: &str = "kabar-test";
pub const APP_SECRET: &str = "signs channels in tests";
const JWT_SECRET: &str = "a secret of at least thirty-two bytes";
const READY_PATIENCE: Duration = Duration::from_secs(60);
const SAY_PATIENCE: Duration = Duration::from_secs(20);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const REPLAY_PATIENCE: Duration = Duration::from_secs(600);
/// Below the ports that systems give to outgoing connections: one of those could take the server's while it is down.
const PORTS: std::ops::Range<u16> = 12_000..28_000;
/// As good as none.
const NO_LIMIT: &str = "1000000";

/// How to run it; run as often as needed, always on the same port and store.
pub struct Installation {
    store: String,
    /// Its working directory, where no kabar.toml lies; its output goes here too.
    folder: TempDir,
    pub address: SocketAddr,
    settings: Vec<(String, String)>,
}

/// A process of it. Killed when dropped.
pub struct Running {
    child: Child,
    output: PathBuf,
    pub address: SocketAddr,
}

impl Installation {
    /// `store` as in `database.url`. Limits of what one user may do are raised out of the way.
    pub fn new(store: &str) -> Self {
        let port = free_port();
        let mut settings = vec![
            ("KABAR__DATABASE__URL".to_owned(), store.to_owned()),
            ("KABAR__SERVER__PORT".to_owned(), port.to_string()),
            ("KABAR__AUTH__JWT__SECRETS".to_owned(), JWT_SECRET.to_owned()),
            ("KABAR__REALTIME__KEY".to_owned(), APP_KEY.to_owned()),
            ("KABAR__REALTIME__SECRET".to_owned(), APP_SECRET.to_owned()),
            ("KABAR__DEMO__MODE".to_owned(), "off".to_owned()),
            ("KABAR__LOG__LEVEL".to_owned(), "warn".to_owned()),
        ];
        for limit in ["SENDS", "TYPING", "WRITES", "READS"] {
            for part in ["PER_SECOND", "BURST"] {
                settings.push((format!("KABAR__LIMITS__{limit}__{part}"), NO_LIMIT.to_owned()));
            }
        }
        Self {
            store: store.to_owned(),
            folder: tempfile::tempdir().expect("a temporary directory"),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            settings,
        }
    }

    /// Another setting, in the place of its default.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A kabar.toml in its working directory, for what no variable can say.
    pub fn with_file(self, text: &str) -> Self {
        std::fs::write(self.folder.path().join("kabar.toml"), text).expect("a file in a folder of ours");
        self
    }

    /// Starts it and waits until it is ready to serve.
    pub async fn start(&self) -> Running {
        let mut running = self.spawn();
        running.ready().await;
        running
    }

    /// The same, with its lines on a disk that is full: it says nothing.
    #[cfg(target_os = "linux")]
    pub async fn start_unheard(&self) -> Running {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("there on Linux");
        let mut running = self.spawn_into(full);
        running.ready().await;
        running
    }

    /// Starts it where it must not serve; answers with what it says as it ends.
    pub async fn refuses_to_start(&self) -> String {
        let mut running = self.spawn();
        let ended = tokio::time::timeout(READY_PATIENCE, running.child.wait()).await;
        let status = ended.expect("it ends by itself").expect("a child can be waited for");
        assert!(!status.success(), "it ended with {status}");
        running.said()
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("output.txt")
    }

    fn spawn(&self) -> Running {
        let output = std::fs::OpenOptions::new().create(true).append(true).open(self.output());
        self.spawn_into(output.expect("a file for its output"))
    }

    /// What it says goes to `file`, and is read back only from [`Installation::output`].
    fn spawn_into(&self, file: std::fs::File) -> Running {
        let output = self.output();
        let mut command = Command::new(kabar());
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .kill_on_drop(true);
        // What the tester's own environment says about Kabar or the platform is not for this one.
        for (name, _) in std::env::vars().filter(|(name, _)| is_setting(name)) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let child = command.spawn().unwrap_or_else(|error| panic!("{} cannot be run: {error}", kabar().display()));
        Running { child, output, address: self.address }
    }

    /// A session token of somebody.
    pub fn token(&self, user: &str) -> String {
        token(user)
    }

    /// Runs `replay` on the same store.
    pub async fn replay(&self, arguments: &[&str]) -> Output {
        let run = Command::new(replay())
            .args(["--database", &self.store])
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(REPLAY_PATIENCE, run).await;
        ended.unwrap_or_else(|_| panic!("replay {arguments:?} did not end in time")).expect("replay can be run")
    }

    /// `replay` on the same store, begun and not waited for. Killed when dropped.
    pub fn begin_replay(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(replay());
        command.args(["--database", &self.store]).args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command.spawn().expect("replay can be run")
    }

    /// `replay tail --url`: follows a channel of the running server as the bearer of `token`.
    pub fn tail_channel(&self, channel: &str, token: &str) -> ChannelTail {
        let mut command = Command::new(replay());
        command
            .args([
                "tail",
                "--json",
                "--url",
                &format!("ws://{}", self.address),
                "--key",
                APP_KEY,
                "--channel",
                channel,
            ])
            .env("KABAR_TOKEN", token)
            .current_dir(self.folder.path());
        ChannelTail::spawn(command)
    }

    /// `replay verify` of every view says that there is nothing to complain of.
    pub async fn verify_is_clean(&self) {
        let verified = self.replay(&["verify", "--all"]).await;
        assert!(
            verified.status.success(),
            "replay verify found differences ({}):\n{}{}",
            verified.status,
            String::from_utf8_lossy(&verified.stdout),
            String::from_utf8_lossy(&verified.stderr)
        );
    }
}

impl Running {
    async fn ready(&mut self) {
        let deadline = Instant::now() + READY_PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("kabar ended at its start ({status}):\n{}", self.said());
            }
            if answers_ready(self.address).await {
                return;
            }
            assert!(Instant::now() < deadline, "kabar is not ready after {READY_PATIENCE:?}:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// kill -9: no code of the program runs any more.
    pub async fn kill_9(mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// A polite stop; answers with how it ended.
    pub async fn stop(mut self) -> ExitStatus {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill can be run");
        assert!(sent.success(), "SIGTERM could not be sent");
        match tokio::time::timeout(STOP_PATIENCE, self.child.wait()).await {
            Ok(status) => {
                let status = status.expect("a child can be waited for");
                if !status.success() {
                    announce(&format!("kabar stopped with {status}:\n{}", self.said()));
                }
                status
            }
            Err(_) => panic!("kabar did not stop within {STOP_PATIENCE:?}:\n{}", self.said()),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits for a line that `is_it`: what a part says of something comes when that part has got to it.
    pub async fn says(&self, what: &str, is_it: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + SAY_PATIENCE;
        while !self.said().lines().any(&is_it) {
            assert!(Instant::now() < deadline, "{what} is not said within {SAY_PATIENCE:?}:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it wrote to stdout and stderr.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }
}

pub fn token(user: &str) -> String {
    token_as(user, None)
}

/// The same, with a role of the platform.
pub fn token_as(user: &str, role: Option<UserRole>) -> String {
    let config = JwtConfig { secrets: vec![Secret::new(JWT_SECRET)], ..JwtConfig::default() };
    let user_id = aggregates::ids::UserId::parse(user).expect("a user id");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let issued_at = aggregates::Timestamp::from_millis(i64::try_from(now.as_millis()).expect("a few decades"));
    let name = format!("{user} the tester");
    let wanted =
        NewToken { user_id: &user_id, name: Some(&name), username: Some(user), role, issued_at, seconds: 24 * 60 * 60 };
    mint(&config, &wanted).expect("signed")
}

/// Says something that the tester sees also when the test passes.
pub fn announce(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

fn is_setting(name: &str) -> bool {
    ["KABAR__", "PUSHER_", "NEXTAUTH_"].iter().any(|prefix| name.starts_with(prefix)) || name == "AUTH_SECRET"
}

/// `KABAR_BIN` (for instance a release build), or the one that was built for this test.
fn kabar() -> PathBuf {
    std::env::var_os("KABAR_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_kabar")), PathBuf::from)
}

/// `KABAR_REPLAY_BIN`, or the one beside `kabar`: both are built into one folder.
fn replay() -> PathBuf {
    let beside = kabar().with_file_name(format!("replay{}", std::env::consts::EXE_SUFFIX));
    let found = std::env::var_os("KABAR_REPLAY_BIN").map_or(beside, PathBuf::from);
    assert!(found.is_file(), "{} is not there: run `cargo build --workspace --bins`", found.display());
    found
}

/// Whether the program under test was built without optimisation, and large runs are to be cut short.
pub fn is_slow_build() -> bool {
    kabar().parent().is_some_and(|folder| folder.ends_with("debug"))
}

async fn answers_ready(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: kabar\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200"))
    };
    matches!(tokio::time::timeout(Duration::from_secs(5), asked).await, Ok(Ok(true)))
}

fn free_port() -> u16 {
    // Test programs run side by side, each begins elsewhere.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = PORTS.end - PORTS.start;
    let offset = u16::try_from(std::process::id() * 37 % u32::from(span)).expect("below the span");
    for _ in 0..span {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (offset.wrapping_add(step)) % span;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in {PORTS:?}");
}
