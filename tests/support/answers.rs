//! What `replay` says as a process: its report, its complaints, its lines while it works, its end.

use std::process::{ExitStatus, Output};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

const PATIENCE: Duration = Duration::from_secs(60);

/// The JSON of a command that ended with `code`.
#[track_caller]
pub fn report(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}{}", complaint(output), String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What it wrote on stderr.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub fn refused(output: &Output, words: &str) {
    let said = complaint(output);
    assert!(output.status.code() == Some(1) && said.contains(words), "{:?}: {said}", output.status);
}

/// What a command that runs writes on stderr, line by line.
pub struct Saying {
    lines: Lines<BufReader<ChildStderr>>,
}

impl Saying {
    /// Of a child whose stderr is piped and that nobody listens to yet.
    pub fn of(child: &mut Child) -> Self {
        Self { lines: BufReader::new(child.stderr.take().expect("stderr is piped")).lines() }
    }

    /// The next line for which `wanted` has an answer.
    pub async fn until<T>(&mut self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        let found = async {
            while let Some(line) = self.lines.next_line().await.expect("text") {
                if let Some(found) = wanted(&line) {
                    return found;
                }
            }
            panic!("replay ended without {what}")
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no {what} within {PATIENCE:?}"))
    }
}

/// Ctrl-C: how it ended, and what it said last.
pub async fn interrupt(child: &mut Child) -> (ExitStatus, String) {
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.expect("kill can be run").success());
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    (status, said(child).await)
}

/// What a child that has ended said on stderr.
pub async fn said(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = child.stderr.as_mut() {
        stderr.read_to_string(&mut text).await.expect("text");
    }
    text
}
