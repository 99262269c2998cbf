//! A private PostgreSQL for tests, made from installed binaries: nothing of a developer's own server is touched.
//!
//! One cluster per test process, a database per test; a test that kills its server starts one for itself. fsync is on,
//! because durability is what is tested. Each cluster has a watchdog, a shell that waits on a pipe: however this process
//! ends, the pipe closes, the server is stopped and its directory removed.
//! Databases are made empty, not from a template with our schema: every log must have an id of its own.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use sqlx::{Connection, Executor, PgConnection};

/// Ports may be taken between choosing and listening.
const START_TRIES_MAX: u32 = 5;

/// The role Kabar's URLs name: owner of its database, nothing more.
const ROLE: &str = "kabar";

pub struct Cluster {
    binaries: PathBuf,
    home: PathBuf,
    port: u16,
    watchdog: Child,
    databases: AtomicU64,
}

/// One database of a cluster, for one test.
pub struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

impl Cluster {
    /// The cluster that the tests of this process share. `Err` says what is missing.
    pub fn shared() -> Result<Arc<Self>, String> {
        static SHARED: OnceLock<Result<Arc<Cluster>, String>> = OnceLock::new();
        SHARED.get_or_init(Self::start).clone()
    }

    /// A new cluster. Takes about two seconds.
    pub fn start() -> Result<Arc<Self>, String> {
        let binaries = binaries()?;
        let home = tempfile::Builder::new().prefix("kabar-pg-").tempdir().map_err(|error| error.to_string())?.keep();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&home))?;
        }
        let watchdog = watchdog(&binaries, &home)?;
        let mut cluster = Self { binaries, home, port: 0, watchdog, databases: AtomicU64::new(0) };
        run(cluster
            .tool("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"])
            .arg(cluster.home.join("data")))?;
        let mut tries = 1;
        loop {
            cluster.port = free_port()?;
            match cluster.start_server() {
                Ok(()) => break,
                Err(_) if tries < START_TRIES_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        }
        cluster.psql(&format!("create role {ROLE} login"))?;
        Ok(Arc::new(cluster))
    }

    /// An empty database.
    pub async fn database(self: &Arc<Self>) -> Database {
        let name = format!("kabar_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut superuser = self.superuser("postgres").await;
        let sql = format!("create database {name} owner {ROLE}");
        superuser.execute(sql.as_str()).await.expect("a database");
        Database { cluster: Arc::clone(self), name }
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// As a power cut would end it; the answer is given when it runs again, on the same port.
    pub fn kill9_and_restart(&self) {
        let postmaster = self.postmaster().expect("the server runs");
        let mut victims = children_of(postmaster);
        victims.insert(0, postmaster);
        let mut kill = Command::new("kill");
        kill.arg("-9").args(victims.iter().map(u32::to_string));
        // A backend may have ended by itself meanwhile.
        kill.stderr(Stdio::null()).status().expect("kill runs");
        while victims.iter().any(|pid| is_running(*pid)) {
            std::thread::yield_now();
        }
        // Where nobody reaps the dead at once their pids still answer, and these files would stop the next server.
        std::fs::remove_file(self.home.join("data/postmaster.pid")).ok();
        std::fs::remove_file(self.home.join(format!(".s.PGSQL.{}.lock", self.port))).ok();
        self.start_server().expect("the server starts again");
    }

    async fn superuser(&self, database: &str) -> PgConnection {
        let url = format!("postgres://postgres@{}/{database}", self.address());
        PgConnection::connect(&url).await.expect("the private cluster accepts connections")
    }

    fn start_server(&self) -> Result<(), String> {
        // Small, because several test processes run beside each other; durable, because that is what is tested.
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={} -c max_connections=300 \
             -c fsync=on -c synchronous_commit=on -c shared_buffers=64MB -c max_wal_size=512MB -c log_min_messages=warning",
            self.port,
            self.home.display(),
        );
        run(self
            .tool("pg_ctl")
            .args(["start", "--wait", "--silent", "--timeout=60", "--pgdata"])
            .arg(self.home.join("data"))
            .arg("--log")
            .arg(self.home.join("server.log"))
            .arg("--options")
            .arg(options))
        .map_err(|error| {
            let log = std::fs::read_to_string(self.home.join("server.log")).unwrap_or_default();
            format!("{error}\n{log}")
        })
    }

    /// The pid of the server's first process.
    pub fn postmaster(&self) -> Option<u32> {
        let file = std::fs::read_to_string(self.home.join("data/postmaster.pid")).ok()?;
        file.lines().next()?.parse().ok()
    }

    fn psql(&self, sql: &str) -> Result<(), String> {
        run(self
            .tool("psql")
            .args(["--host=127.0.0.1", "--username=postgres", "--no-psqlrc", "--quiet", "--dbname=postgres"])
            .arg(format!("--port={}", self.port))
            .args(["--set=ON_ERROR_STOP=1", "--command", sql]))
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = unprivileged(&self.binaries.join(name));
        command.current_dir(&self.home);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().ok();
    }
}

impl Database {
    /// Kabar's own way in.
    pub fn url(&self) -> String {
        self.url_by(self.cluster.address())
    }

    /// The same by way of a proxy.
    pub fn url_by(&self, address: SocketAddr) -> String {
        format!("postgres://{ROLE}@{address}/{}", self.name)
    }

    pub fn address(&self) -> SocketAddr {
        self.cluster.address()
    }

    pub async fn superuser(&self) -> PgConnection {
        self.cluster.superuser(&self.name).await
    }

    /// Ends every connection that Kabar has to this database. Says how many there were.
    pub async fn terminate_backends(&self) -> usize {
        let mut superuser = self.superuser().await;
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = $2")
            .bind(&self.name)
            .bind(ROLE)
            .fetch_all(&mut superuser)
            .await
            .expect("backends are ended")
            .len()
    }

    /// # Panics
    /// When other tests use the same server: see [`super::backend::Backend::store_of_its_own`].
    pub fn kill9_and_restart(&self) {
        let shared = Cluster::shared().is_ok_and(|shared| Arc::ptr_eq(&shared, &self.cluster));
        assert!(!shared, "other tests use this server");
        self.cluster.kill9_and_restart();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Keeps a long suite from filling the disk; a dedicated cluster goes as a whole.
        self.cluster.psql(&format!("drop database if exists {} with (force)", self.name)).ok();
    }
}

/// The newest installed PostgreSQL, or the one `KABAR_TEST_PG_BIN` names.
fn binaries() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("KABAR_TEST_PG_BIN") {
        return Ok(folder.into());
    }
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|folder| Some((folder.file_name()?.to_str()?.parse().ok()?, folder.join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists())
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    versions
        .pop()
        .map(|(_, folder)| folder)
        .or(in_path)
        .ok_or_else(|| "PostgreSQL is not installed (no initdb in /usr/lib/postgresql/*/bin or PATH)".to_owned())
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of one's own entry in /proc; elsewhere tests do not run as root.
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn watchdog(binaries: &Path, home: &Path) -> Result<Child, String> {
    const SCRIPT: &str =
        r#"read -r _; "$@" stop --silent --mode=immediate --pgdata "$KABAR_TEST_HOME/data"; rm -rf "$KABAR_TEST_HOME""#;
    let stop = unprivileged(&binaries.join("pg_ctl"));
    Command::new("sh")
        .args(["-c", SCRIPT, "kabar-pg-watchdog"])
        .arg(stop.get_program())
        .args(stop.get_args())
        .env("KABAR_TEST_HOME", home)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is for the tests; the watchdog outlives them.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("the watchdog does not start: {error}"))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

fn run(command: &mut Command) -> Result<(), String> {
    // A file, not a pipe: a server that `pg_ctl` leaves running would keep a pipe open for ever.
    let mut output = tempfile::tempfile().map_err(|error| error.to_string())?;
    let writer = || output.try_clone().map(Stdio::from).map_err(|error| error.to_string());
    let (stdout, stderr) = (writer()?, writer()?);
    let ran = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).status();
    let status = ran.map_err(|error| format!("{:?} does not run: {error}", command.get_program()))?;
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    std::io::Seek::rewind(&mut output).and_then(|()| output.read_to_string(&mut said)).ok();
    Err(format!("{command:?} failed with {status}: {said}"))
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// A zombie holds nothing any more.
fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
