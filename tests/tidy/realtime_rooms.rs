//! Which room of realtime may know which: those below it only.

use std::collections::BTreeSet;

use super::{code_of, report, sources_in};

/// From the ground up, as in `src/realtime/mod.rs`. Who may not know `inner` may not know its handle, `Realtime`, either.
const ROOMS: [&str; 15] = [
    "protocol",
    "frames",
    "webhooks",
    "people",
    "replay_buffer",
    "hub",
    "inner",
    "throttled",
    "presence",
    "receipts",
    "tail",
    "subscription",
    "connection",
    "requests",
    "api",
];

#[test]
fn rooms_of_realtime_know_only_those_below_them() {
    let files = sources_in("src/realtime");
    let mut rooms: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in files.iter().filter(|source| !source.is_test()) {
        let Some((room, _)) = source.path.to_str().and_then(|path| path["src/realtime/".len()..].split_once('/'))
        else {
            continue;
        };
        rooms.insert(room);
        wrong.extend(source.complaints(known_above(room, source.production())));
    }
    report(wrong);
    let listed: BTreeSet<&str> = ROOMS.into_iter().filter(|room| *room != "inner").collect();
    assert_eq!(rooms, listed, "src/realtime/mod.rs and this file say which rooms there are");
}

/// Which rooms of realtime a file names that are above its own.
fn known_above(room: &str, text: &str) -> Vec<String> {
    let place = |name: &str| ROOMS.iter().position(|it| *it == if name == "Realtime" { "inner" } else { name });
    let Some(own) = place(room) else { return vec![format!("{room} is not among the rooms of realtime")] };
    let code: String = text.lines().flat_map(|line| [code_of(line), "\n"]).collect();
    let mut found: Vec<String> =
        code.matches("super::super").map(|_| "names another room by super".to_owned()).collect();
    for path in code.split("realtime::").skip(1) {
        let names = match path.strip_prefix('{') {
            Some(group) => group.split_once(['{', '}']).map_or(group, |(names, _)| names),
            None => path.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default(),
        };
        let heads = names.split(',').filter_map(|name| name.trim().split("::").next());
        found.extend(
            heads
                .filter(|name| place(name).is_some_and(|at| at > own))
                .map(|name| format!("{room} must not know {name}")),
        );
    }
    found
}

#[test]
fn a_room_that_knows_one_above_it_is_found() {
    assert_eq!(known_above("tail", "use crate::realtime::hub::Hub;\nuse crate::realtime::Realtime;\n"), [""; 0]);
    for (room, text) in [
        ("hub", "use crate::realtime::inner::Inner;\n"),
        ("hub", "use crate::realtime::{Realtime, frames};\n"),
        ("protocol", "use crate::realtime::{frames, hub::{Hub, Except}};\n"),
        ("tail", "use super::super::connection;\n"),
        ("cellar", "\n"),
    ] {
        assert!(!known_above(room, text).is_empty(), "{room}: {text}");
    }
}
