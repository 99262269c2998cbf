//! Chat as IRC archives keep it, as lines that people of ours can act out.
//!
//! Reads the small sample beside this file and, through `KABAR_IRC_SAMPLE`, the large one (requirements R79); both are
//! JSON lines: at, room, log, line, kind, from, text, reply_to, to. Separate so that a run against a server and a bench
//! act out the very same people. Never in here: HTTP.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aggregates::ids::UserId;
use serde::Deserialize;

/// The sample of our own.
pub fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/chat-sample.jsonl")
}

/// The large real one, if somebody brought it.
pub fn large() -> Option<PathBuf> {
    std::env::var_os("KABAR_IRC_SAMPLE").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Something somebody did in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub room: String,
    pub who: UserId,
    pub act: Act,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Join,
    Leave,
    Say {
        /// Unique in the archive, and the client message id: saying it again says it once.
        name: String,
        text: String,
        /// Index of an earlier line of the same room, among the lines read.
        reply_to: Option<usize>,
    },
}

#[derive(Deserialize)]
struct Stored {
    room: String,
    log: String,
    line: u64,
    kind: String,
    from: String,
    #[serde(default)]
    text: String,
    reply_to: Option<u64>,
    to: Option<String>,
}

/// The first `limit` messages of a file (`.gz` or plain) with all that happens around them.
pub fn read(path: &Path, limit: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut people = People::default();
    // Where a line of an archive went in `lines`. Renames leave no line of their own.
    let mut places: HashMap<(String, u64), usize> = HashMap::new();
    let mut messages = 0;
    each_line(path, |text| {
        let stored: Stored = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let who = people.who(&stored.log, &stored.from);
        let act = match stored.kind.as_str() {
            "join" => Act::Join,
            "leave" => Act::Leave,
            "rename" => {
                let to = stored.to.unwrap_or_else(|| panic!("a rename without a name: {text}"));
                people.rename(&stored.log, &stored.from, &to);
                return true;
            }
            // A few lines of the archive are empty; there is no empty message.
            "message" if stored.text.trim().is_empty() => return true,
            "message" | "action" => {
                messages += 1;
                let reply_to = stored.reply_to.and_then(|line| places.get(&(stored.log.clone(), line)).copied());
                let words = if stored.kind == "action" { format!("* {}", stored.text) } else { stored.text };
                Act::Say { name: format!("{}:{}", stored.log, stored.line), text: words, reply_to }
            }
            other => panic!("an unknown kind of line, {other:?}"),
        };
        places.insert((stored.log, stored.line), lines.len());
        lines.push(Line { room: stored.room, who, act });
        messages < limit
    });
    lines
}

/// Calls `take` with every line until it has enough.
fn each_line(path: &Path, mut take: impl FnMut(&str) -> bool) {
    let mut unpacking = None;
    let reader: Box<dyn BufRead> = if path.extension().is_some_and(|extension| extension == "gz") {
        let mut gzip = Command::new("gzip")
            .arg("-dc")
            .arg(path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("gzip is needed to read {}: {error}", path.display()));
        let stdout = gzip.stdout.take().expect("stdout is piped");
        unpacking = Some(gzip);
        Box::new(BufReader::new(stdout))
    } else {
        let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Box::new(BufReader::new(file))
    };
    let mut whole = true;
    for line in reader.lines() {
        let line = line.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if !take(&line) {
            whole = false;
            break;
        }
    }
    if let Some(mut gzip) = unpacking {
        let ended = gzip.wait().expect("a child can be waited for");
        // Cut short by us it dies of the broken pipe; otherwise half a file must not pass for a whole one.
        assert!(!whole || ended.success(), "gzip could not read {}", path.display());
    }
}

/// Who is behind a nickname, now, in one log.
#[derive(Default)]
struct People {
    renamed: HashMap<(String, String), UserId>,
}

impl People {
    fn who(&self, log: &str, nick: &str) -> UserId {
        let renamed = self.renamed.get(&(log.to_owned(), nick.to_owned()));
        renamed.cloned().unwrap_or_else(|| user_id(nick))
    }

    /// From here on in this log, `to` is whoever `from` is. Whoever leaves a name behind finds it again: it is theirs by
    /// [`user_id`] unless it was somebody's second name.
    fn rename(&mut self, log: &str, from: &str, to: &str) {
        let who = self.who(log, from);
        self.renamed.remove(&(log.to_owned(), from.to_owned()));
        self.renamed.insert((log.to_owned(), to.to_owned()), who);
    }
}

/// A nickname as a user id. No two nicknames share one: what user ids do not allow, and `=` itself, becomes `=` and two
/// hexadecimal digits for each byte.
pub fn user_id(nick: &str) -> UserId {
    let mut id = String::with_capacity(nick.len());
    for byte in nick.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-@,.;".contains(&byte) {
            id.push(char::from(byte));
        } else {
            write!(id, "={byte:02x}").expect("a String takes everything");
        }
    }
    UserId::parse(&id).unwrap_or_else(|error| panic!("the nickname {nick:?} makes no user id: {error}"))
}

#[test]
fn no_two_nicknames_are_one_user() {
    let nicks = ["rara", "Rara", "andi^", "andi=5e", "andi5e", "[mod]", "{mod}", "=", "==", "a|b", "a b", "é"];
    let mut ids: Vec<UserId> = nicks.iter().map(|nick| user_id(nick)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), nicks.len());
}

#[test]
fn a_renamed_person_stays_who_they_were_in_that_log() {
    let mut people = People::default();
    people.rename("monday", "dewi", "dewi|makan");
    assert_eq!(people.who("monday", "dewi|makan"), user_id("dewi"));
    assert_eq!(people.who("tuesday", "dewi|makan"), user_id("dewi|makan"));
    people.rename("monday", "dewi|makan", "dewi");
    assert_eq!(people.who("monday", "dewi"), user_id("dewi"));
    assert_eq!(people.who("monday", "dewi|makan"), user_id("dewi|makan"));
}

#[test]
fn the_small_sample_has_everything_that_happens_in_a_chat() {
    let lines = read(&small(), usize::MAX);
    let rooms: std::collections::BTreeSet<&str> = lines.iter().map(|line| line.room.as_str()).collect();
    let people: std::collections::BTreeSet<&UserId> = lines.iter().map(|line| &line.who).collect();
    assert_eq!((rooms.len(), people.len()), (3, 12));
    assert!(lines.iter().filter(|line| line.act == Act::Leave).count() >= 10);
    let replies = lines.iter().filter(|line| matches!(&line.act, Act::Say { reply_to: Some(_), .. })).count();
    assert!(replies >= 50, "{replies}");
}
