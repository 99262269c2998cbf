//! `replay tail --url`, running beside a test.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::told_frames;

const PATIENCE: Duration = Duration::from_secs(20);

/// Killed when dropped.
pub struct ChannelTail {
    child: Child,
    frames: Lines<BufReader<ChildStdout>>,
    notes: Lines<BufReader<ChildStderr>>,
}

impl ChannelTail {
    /// Runs `command`, which is to print frames as JSON lines.
    pub fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("replay can be run");
        let frames = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let notes = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        Self { child, frames, notes }
    }

    /// The next frame of that event.
    pub async fn expect_frame(&mut self, event: &str) -> Value {
        let wanted = async {
            while let Some(line) = self.frames.next_line().await.expect("readable") {
                let frame = read(&line);
                if frame["event"] == event {
                    return frame;
                }
            }
            panic!("replay tail ended without a frame {event}")
        };
        tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("no frame {event} within {PATIENCE:?}"))
    }

    /// The next frame, whatever it is.
    pub async fn expect_frame_at_all(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.frames.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("no frame within {PATIENCE:?}")).expect("readable");
        let line = line.expect("replay tail ended without a frame");
        read(&line)
    }

    /// Waits until it says so on stderr.
    pub async fn expect_note(&mut self, words: &str) {
        let wanted = async {
            while let Some(line) = self.notes.next_line().await.expect("readable") {
                if line.contains(words) {
                    return;
                }
            }
            panic!("replay tail ended without saying {words:?}")
        };
        tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("no {words:?} within {PATIENCE:?}"));
    }

    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("replay tail did not end within {PATIENCE:?}"))
            .expect("a child can be waited for")
    }
}

fn read(line: &str) -> Value {
    let frame: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    if let (Some(event), Some(channel)) = (frame["event"].as_str(), frame["channel"].as_str()) {
        told_frames::check(channel, event, &frame["data"]);
    }
    frame
}
