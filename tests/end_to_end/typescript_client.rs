//! The TypeScript client of `clients/typescript` against the built server: that its types are the server's, that what ought
//! not to compile does not, and that it does what it says over real requests and real sockets.
//!
//! What is tested is in its own `test/` folder, in its own language. Here are only the servers it needs. After the routes
//! or frames have changed, `KABAR_REGENERATE=1` writes what is generated anew instead of comparing it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::support::backend::{Backend, TestStore};
use crate::support::pusher_js::PusherJs;
use crate::support::running::{APP_KEY, Installation, Running};

/// How long a step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

struct Server {
    installation: Installation,
    _running: Running,
    _store: TestStore,
}

impl Server {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let store = Backend::Sqlite.store().await.expect("always there");
        let new = Installation::new(&store.url());
        let installation = settings.iter().fold(new, |so_far, (name, value)| so_far.with(name, value));
        let running = installation.start().await;
        Self { installation, _running: running, _store: store }
    }

    fn url(&self) -> String {
        format!("http://{}", self.installation.address)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/typescript")
}

/// A command of node's in the client's folder.
fn node(arguments: &[&str]) -> Command {
    let folder = folder();
    assert!(
        folder.join("node_modules/typescript").is_dir(),
        "the client's packages are not installed: run ./test (it installs them), or `npm ci` in {}",
        folder.display()
    );
    let mut command = Command::new("node");
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What it said.
async fn passes(command: &mut Command) -> String {
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let ended = ended.expect("it ends in time").expect("node can be run");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_types_of_the_typescript_client_are_those_of_the_server() {
    if PusherJs::left_out("the generated types of the TypeScript client") {
        return;
    }
    let server = Server::start(&[]).await;
    let url = server.url();
    let mut arguments = vec!["scripts/generate.mjs", &url];
    if std::env::var("KABAR_REGENERATE").is_ok_and(|value| value == "1") {
        passes(&mut node(&arguments)).await;
    }
    arguments.push("--check");
    passes(&mut node(&arguments)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_client_does_what_it_says() {
    if PusherJs::left_out("the TypeScript client") {
        return;
    }
    // What depends on the package is compiled against what was built.
    for project in ["tsconfig.json", "test/tsconfig.json", "test/tsconfig.node.json"] {
        passes(&mut node(&["node_modules/typescript/bin/tsc", "--project", project])).await;
    }
    let server = Server::start(&[]).await;
    let forgetful = Server::start(&[("KABAR__REALTIME__WINDOW_BYTES_MAX", "0")]).await;
    let mut suite = node(&["--test", "--test-reporter=tap", "test/"]);
    suite
        .env("KABAR_URL", server.url())
        .env("KABAR_FORGETFUL_URL", forgetful.url())
        .env("KABAR_KEY", APP_KEY)
        .env("KABAR_ANA", server.installation.token("ana"))
        .env("KABAR_BEN", server.installation.token("ben"));
    let said = passes(&mut suite).await;
    for nothing_is in ["# fail 0", "# skipped 0"] {
        assert!(said.contains(nothing_is), "{said}");
    }
    let passed = said.lines().find_map(|line| line.strip_prefix("# pass ")?.parse::<usize>().ok());
    assert!(passed.is_some_and(|passed| passed >= 55), "{said}");
}
