//! The architecture as a test: what lies where, who may know whom, and how things are called.
//!
//! Apart from clippy and rustfmt because they do not know our house. Every rule is a function from text to complaints, so
//! that the last tests of this file can show each of them complaining. Never in here: rules that the compiler or clippy
//! already hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[path = "tidy/provider_rooms.rs"]
mod provider_rooms;
#[path = "tidy/realtime_rooms.rs"]
mod realtime_rooms;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// Rooms with such names hold whatever nobody has named yet (house style).
const BANNED_NAMES: [&str; 12] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base", "data", "info", "process"];
const BANNED_TYPE_ENDINGS: [&str; 6] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Misc"];

// ---- files ----

#[test]
fn every_file_begins_by_saying_what_it_is() {
    complain_about(|source| first_line(&source.text));
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    complain_about(|source| too_long(&source.text));
}

#[test]
fn every_function_fits_a_screen() {
    complain_about(|source| long_functions(&source.text));
}

#[test]
fn nothing_has_a_name_that_says_nothing() {
    // This file holds bad names on purpose.
    let named = sources().into_iter().filter(|source| source.path != Path::new("tests/tidy.rs"));
    report(named.flat_map(|source| source.complaints(empty_names(&source.path, &source.text))));
}

#[test]
fn every_aggregate_has_the_same_rooms() {
    let expected: BTreeSet<String> =
        ["commands", "decide", "error", "events", "mod", "state", "tests"].iter().map(|n| format!("{n}.rs")).collect();
    let mut folders: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| source.path.starts_with("aggregates/src")) {
        let folder = source.path.parent().expect("a file lies in a folder").to_owned();
        let name = source.path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        folders.entry(folder).or_default().insert(name);
    }
    folders.retain(|_, names| names.contains("state.rs"));
    assert!(folders.len() >= 6, "only {} aggregates were found", folders.len());
    for (folder, names) in folders {
        assert_eq!(names, expected, "{}", folder.display());
    }
}

// ---- who may know whom ----

#[test]
fn the_rules_depend_on_nothing_that_can_act() {
    // schemars describes types and does nothing; only an optional feature has it.
    let allowed = ["cqrs-es", "emojis", "jiff", "rpds", "schemars", "serde", "serde_json", "thiserror", "uuid"];
    assert_eq!(dependencies("aggregates"), allowed.iter().map(ToString::to_string).collect());
}

#[test]
fn the_rules_do_not_know_what_time_it_is_nor_make_anything_up() {
    let rules = sources_in("aggregates/src");
    assert!(rules.len() > 40, "only {} files of rules were found", rules.len());
    report(rules.iter().flat_map(|source| source.complaints(impurities(&source.text))));
}

#[test]
fn crates_know_only_those_below_them() {
    let below = [
        ("aggregates", vec![]),
        ("event-log", vec!["aggregates"]),
        ("attachments", vec!["aggregates", "event-log"]),
        ("projections", vec!["aggregates", "event-log"]),
        ("replay-tools", vec!["aggregates", "attachments", "event-log", "projections"]),
        ("providers", vec![]),
        (".", vec!["aggregates", "attachments", "event-log", "projections", "providers"]),
    ];
    let ours = ["aggregates", "attachments", "event-log", "projections", "providers", "replay-tools", "kabar"];
    for (krate, allowed) in below {
        let known = dependencies(krate);
        let wrong: Vec<_> = ours.iter().filter(|own| known.contains(**own) && !allowed.contains(*own)).collect();
        assert!(wrong.is_empty(), "{krate} must not depend on {wrong:?}");
    }
}

#[test]
fn what_replays_cannot_send() {
    for krate in ["aggregates", "attachments", "event-log", "projections"] {
        for sender in ["reqwest", "axum", "lettre", "tokio-tungstenite"] {
            assert!(!dependencies(krate).contains(sender), "{krate} must not depend on {sender}");
        }
    }
}

#[test]
fn each_engine_is_known_in_its_own_folders_only() {
    let code = sources();
    let strangers = |word: &str, homes: &[&str]| -> Vec<String> {
        let at_home = |path: &Path| homes.iter().any(|home| path.to_string_lossy().contains(home));
        let production = code.iter().filter(|source| !source.is_test() && !at_home(&source.path));
        production
            .filter(|source| source.production().lines().any(|line| mentions(code_of(line), word)))
            .map(|source| format!("{} knows {word}", source.path.display()))
            .collect()
    };
    // event-log/src/existing.rs recognises what is there before it is opened; migrations.rs brings it forward.
    let shared = ["event-log/src/migrations.rs", "event-log/src/existing.rs", "projections/src/store/migrations.rs"];
    let sqlite = [&["/sqlite/", "/sqlite.rs", "sqlite_"][..], &shared].concat();
    let postgres = [&["/postgres/", "/postgres.rs", "postgres_"][..], &shared].concat();
    report([strangers("rusqlite", &sqlite), strangers("sqlx", &postgres)].concat());
}

#[test]
fn one_sqlx_and_one_sqlite_are_linked() {
    let lock = read("Cargo.lock");
    for package in ["sqlx-core", "rusqlite", "libsqlite3-sys", "axum", "reqwest", "tokio-tungstenite"] {
        let copies = lock.matches(&format!("name = \"{package}\"\n")).count();
        assert_eq!(copies, 1, "{package}");
    }
}

#[test]
fn nothing_but_the_ci_knows_what_lies_beside_the_project() {
    let beside = ["..", "shared"].join("/");
    let mut found = Vec::new();
    for path in files_under(Path::new("")) {
        if let Ok(text) = std::fs::read_to_string(root().join(&path))
            && text.contains(&beside)
        {
            found.push(path);
        }
    }
    found.retain(|path| path != Path::new(".ci/run"));
    assert!(found.is_empty(), "{found:?} must not know {beside}");
}

// ---- what must not be left behind ----

#[test]
fn nothing_is_left_unfinished_outside_tests() {
    let left: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_test())
        .flat_map(|source| source.complaints(unfinished(source.production())))
        .collect();
    report(left);
}

#[test]
fn no_test_sleeps() {
    let asleep: Vec<String> = sources()
        .iter()
        .filter(|source| source.is_test() && !source.path.starts_with("tests/support"))
        // A bench runs for as long as it was told; nothing in it waits for something to happen.
        .filter(|source| source.path != Path::new("tests/tidy.rs") && !source.path.starts_with("benches"))
        // Its clock is simulated: time passes when everybody waits, and takes none.
        .filter(|source| !source.path.starts_with("tests/simulation"))
        .flat_map(|source| source.complaints(sleeps(&source.text)))
        .collect();
    report(asleep);
}

#[test]
fn migrations_say_when_and_what_and_lie_in_a_unit_of_an_engine() {
    let migrations: Vec<PathBuf> = files_under(Path::new("migrations"));
    assert!(!migrations.is_empty(), "no migrations were found");
    report(migrations.iter().filter(|path| !is_migration(path)).map(|path| path.display().to_string()));
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let documents: Vec<PathBuf> =
        files_under(Path::new("")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    assert!(!documents.is_empty(), "no documents were found");
    let mut dead = Vec::new();
    for document in documents {
        let folder = root().join(&document).parent().expect("a file lies in a folder").to_owned();
        for target in links(&read(&document)) {
            if !folder.join(&target).exists() {
                dead.push(format!("{} links to {target}, which is not there", document.display()));
            }
        }
    }
    report(dead);
}

// ---- the rules, as functions from text to complaints ----

fn first_line(text: &str) -> Vec<String> {
    if text.starts_with("//! ") { vec![] } else { vec!["the first line does not say what this file is (//!)".into()] }
}

fn too_long(text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= FILE_LINES_MAX { vec![] } else { vec![format!("{lines} lines, at most {FILE_LINES_MAX}")] }
}

/// Relies on rustfmt: a function ends at the first `}` that is indented like its `fn`.
fn long_functions(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let Some(opening) = lines[start..].iter().position(|line| line.ends_with(['{', '}', ';'])) else { continue };
        if !lines[start + opening].ends_with('{') {
            continue; // Without a body, or all in one line.
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let length = lines[start..].iter().position(|line| line.starts_with(&end));
        let length = length.map_or(lines.len() - start, |length| length + 1);
        if length > FUNCTION_LINES_MAX {
            found.push(format!("line {}: {name} has {length} lines, at most {FUNCTION_LINES_MAX}", start + 1));
        }
    }
    found
}

fn empty_names(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in path.with_extension("").iter().filter_map(|part| part.to_str()) {
        if BANNED_NAMES.contains(&part) {
            found.push(format!("{part:?} names nothing"));
        }
    }
    for (number, line) in text.lines().enumerate() {
        let words: Vec<&str> = code_of(line).split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        for pair in words.windows(2) {
            let empty = match pair[0] {
                "mod" => BANNED_NAMES.contains(&pair[1]),
                "fn" => pair[1].starts_with("handle_"),
                "struct" | "enum" | "trait" | "type" => BANNED_TYPE_ENDINGS.iter().any(|end| pair[1].ends_with(end)),
                _ => false,
            };
            if empty {
                found.push(format!("line {}: `{} {}` names nothing", number + 1, pair[0], pair[1]));
            }
        }
    }
    found
}

fn impurities(text: &str) -> Vec<String> {
    let impure = [
        "SystemTime",
        "Instant",
        "now",
        "rand",
        "new_v4",
        "now_v7",
        "tokio",
        "thread",
        "fs",
        "net",
        "env",
        "process",
        "Mutex",
        "RwLock",
        "Cell",
        "RefCell",
    ];
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in impure.iter().filter(|word| mentions(code_of(line), word)) {
            found.push(format!("line {}: rules are pure and know no {word}", number + 1));
        }
    }
    found
}

fn unfinished(text: &str) -> Vec<String> {
    lines_with(text, &[".unwrap()", ".unwrap_err()", "todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"])
}

fn sleeps(text: &str) -> Vec<String> {
    lines_with(text, &["::sleep(", " sleep(", "sleep_until("])
}

/// `migrations/ENGINE/UNIT/YYYYMMDDHHMMSS_verb_noun.sql`
fn is_migration(path: &Path) -> bool {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let ["migrations", engine, unit, file] = parts[..] else { return false };
    let Some((moment, name)) = file.strip_suffix(".sql").and_then(|stem| stem.split_once('_')) else { return false };
    ["sqlite", "postgres"].contains(&engine)
        && ["log", "log-index", "keys", "inbox", "feed", "search", "work", "metrics", "presence"].contains(&unit)
        && moment.len() == 14
        && moment.bytes().all(|byte| byte.is_ascii_digit())
        && name.split('_').count() >= 2
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// Where the links of a document to files of ours lead.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets
        .filter(|target| !target.contains("://") && !target.starts_with(['#', '/']) && !target.starts_with("mailto:"))
        .filter_map(|target| target.split(['#', ' ']).next())
        .map(ToOwned::to_owned)
        .collect()
}

// ---- the rules can be broken ----

#[test]
fn each_rule_complains_when_it_is_broken() {
    assert_eq!(first_line("//! A room.\n"), [""; 0]);
    assert_eq!(first_line("use std::fmt;\n//! Too late.\n").len(), 1);
    assert_eq!(too_long(&"\n".repeat(FILE_LINES_MAX)).len(), 0);
    assert_eq!(too_long(&"\n".repeat(FILE_LINES_MAX + 1)).len(), 1);

    let nothing = Path::new("src/door.rs");
    assert_eq!(empty_names(nothing, "fn decide() {}\nlet data = info; // fn handle_it\n"), [""; 0]);
    for named in ["mod utils;", "pub fn handle_send() {}", "struct RoomManager;", "pub(crate) enum SqlHelper {"] {
        assert_eq!(empty_names(nothing, named).len(), 1, "{named}");
    }
    assert_eq!(empty_names(Path::new("src/common/mod.rs"), "").len(), 1);
    assert_eq!(impurities("let at = command.at; // not now\n"), [""; 0]);
    assert_eq!(impurities("let at = Instant::now();\n").len(), 2);
    assert_eq!(unfinished("let room = rooms.first().unwrap();\n").len(), 1);
    assert_eq!(unfinished("// .unwrap() is for tests\n").len(), 0);
    assert_eq!(sleeps("tokio::time::sleep(SECOND).await;\n").len(), 1);
}

#[test]
fn the_length_of_a_function_is_that_of_its_body() {
    let function =
        |lines: usize| format!("    pub async fn long(\n        a: u8,\n    ) {{\n{}    }}\n", "\n".repeat(lines - 4));
    assert_eq!(long_functions(&function(FUNCTION_LINES_MAX)), [""; 0]);
    assert_eq!(long_functions(&function(FUNCTION_LINES_MAX + 1)).len(), 1);
    assert_eq!(long_functions("trait Door {\n    fn open(&self);\n    fn shut(&self) {}\n}\n"), [""; 0]);
    let twice = format!("impl Room {{\n{}\n{}}}\n", function(60), function(60));
    assert_eq!(long_functions(&twice), [""; 0], "each counts for itself");
    let in_a_macro = "$(#[test]\n    async fn $promise() {\n        x();\n    })+\n".to_owned() + &"\n".repeat(80);
    assert_eq!(long_functions(&in_a_macro), [""; 0]);
}

#[test]
fn a_migration_with_another_name_is_found() {
    assert!(is_migration(Path::new("migrations/sqlite/log/20261122100000_create_events.sql")));
    for wrong in [
        "migrations/sqlite/log/20261122_create_events.sql",
        "migrations/sqlite/log/20261122100000_events.sql",
        "migrations/sqlite/log/20261122100000_Create_Events.sql",
        "migrations/sqlite/log/20261122100000_create_events.txt",
        "migrations/mysql/log/20261122100000_create_events.sql",
        "migrations/sqlite/20261122100000_create_events.sql",
        "migrations/sqlite/stuff/20261122100000_create_events.sql",
    ] {
        assert!(!is_migration(Path::new(wrong)), "{wrong}");
    }
}

#[test]
fn a_link_is_found_and_one_to_elsewhere_is_left_alone() {
    let text = "See [a](docs/a.md), [b](docs/b.md#part) and [c](https://example.org/c.md) and [d](#here).";
    assert_eq!(links(text), ["docs/a.md", "docs/b.md"]);
}

#[test]
fn tests_at_the_end_of_a_file_are_not_production() {
    let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    x.unwrap();\n}\n".to_owned();
    let source = Source { path: PathBuf::from("src/a.rs"), text };
    assert_eq!(unfinished(source.production()), [""; 0]);
    assert_eq!(unfinished(&source.text).len(), 1);
}

// ---- the house ----

struct Source {
    /// From the root of the project.
    path: PathBuf,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        let folders = self.path.iter().any(|part| part == "tests" || part == "benches" || part == "cast");
        folders || self.path.file_stem().is_some_and(|stem| stem == "tests")
    }

    /// Without the tests at the end of the file.
    fn production(&self) -> &str {
        self.text.split_once("#[cfg(test)]\nmod tests {").map_or(&self.text, |(production, _)| production)
    }

    fn complaints(&self, found: Vec<String>) -> Vec<String> {
        found.into_iter().map(|complaint| format!("{}: {complaint}", self.path.display())).collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of the project under `folder`, hidden ones and what is built or downloaded left out.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return files };
    for entry in entries {
        let name = entry.expect("a folder can be read").file_name();
        let path = folder.join(&name);
        let hidden = name.to_string_lossy().starts_with('.') && name != ".ci";
        if hidden || name == "target" || name == "node_modules" || path == Path::new("data") {
            continue;
        }
        if root().join(&path).is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn sources_in(folder: &str) -> Vec<Source> {
    let rust =
        files_under(Path::new(folder)).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    rust.map(|path| Source { text: read(&path), path }).collect()
}

fn sources() -> Vec<Source> {
    let all = sources_in("");
    assert!(all.len() > 100, "only {} files were found", all.len());
    all
}

/// The names under `[dependencies]`: what is linked into the program, not what its tests use.
fn dependencies(krate: &str) -> BTreeSet<String> {
    let manifest = read(Path::new(krate).join("Cargo.toml"));
    let section = manifest.split("\n[dependencies]\n").nth(1).expect("a manifest has dependencies");
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(ToOwned::to_owned)
        .collect()
}

fn function_name(line: &str) -> Option<&str> {
    let mut words = line
        .trim_start()
        .split(' ')
        .skip_while(|word| word.starts_with("pub") || ["const", "async", "default", "extern", "in"].contains(word));
    if words.next()? != "fn" {
        return None;
    }
    words.next()?.split(['(', '<']).next()
}

/// A line without its comment.
fn code_of(line: &str) -> &str {
    match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        Some(_) | None => line,
    }
}

fn mentions(code: &str, word: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|found| found == word)
}

fn lines_with(text: &str, forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in forbidden.iter().filter(|word| code_of(line).contains(**word)) {
            found.push(format!("line {}: {word}", number + 1));
        }
    }
    found
}

fn complain_about(rule: fn(&Source) -> Vec<String>) {
    report(sources().iter().flat_map(|source| source.complaints(rule(source))));
}

fn report(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
