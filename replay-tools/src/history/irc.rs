//! The lines of an IRC archive (JSON: at, room, log, line, kind, from, text, reply_to, to) as lines of the format.
//!
//! An archive begins in the middle and knows nicknames only: whoever is seen first opens the room, whoever speaks without
//! having been seen to come in is let in, whoever takes another name stays who they were in that log.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use aggregates::room::{JoinPolicy, MessageKind};
use serde::Deserialize;

use super::line::{JoinLine, LeaveLine, Line, MessageLine, Refused, RoomLine, RoomShape, UserLine};

#[derive(Deserialize)]
struct Archived {
    at: Timestamp,
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

/// Logs remembered in each half: those of many rooms lie there mixed, those of different days do not.
const HALF_LOGS: usize = 500;

/// What is known of the archive so far.
#[derive(Default)]
pub struct Archive {
    people: HashSet<UserId>,
    rooms: HashSet<String>,
    inside: HashSet<(String, UserId)>,
    young: HashMap<String, Log>,
    old: HashMap<String, Log>,
    /// Answers to something that the archive does not hold; the words are kept.
    pub replies_lost: u64,
}

#[derive(Default)]
struct Log {
    /// Nicknames that are somebody else's second name.
    renamed: HashMap<String, UserId>,
    said: HashSet<u64>,
}

impl Archive {
    /// The lines that one of the archive's makes, in order; mostly one.
    pub fn convert(&mut self, text: &[u8]) -> Result<Vec<Line>, Refused> {
        let line: Archived = serde_json::from_slice(text)
            .map_err(|error| Refused::new("line", format!("not of an archive: {error}")))?;
        let who = match self.log(&line.log).renamed.get(&line.from) {
            Some(user) => user.clone(),
            None => user_id(&line.from)?,
        };
        let mut made = Vec::new();
        match line.kind.as_str() {
            "join" => self.enters(&line, &who, &mut made),
            "leave" => self.leaves(&line, &who, &mut made),
            "rename" => {
                let to = line.to.ok_or_else(|| Refused::new("to", "missing"))?;
                let log = self.log(&line.log);
                log.renamed.remove(&line.from);
                log.renamed.insert(to, who);
            }
            // There is no empty message.
            "message" | "action" if line.text.trim().is_empty() => {}
            "message" | "action" => self.says(line, who, &mut made),
            other => return Err(Refused::new("kind", format!("{other:?} is not a kind of line of an archive"))),
        }
        Ok(made)
    }

    fn log(&mut self, name: &str) -> &mut Log {
        if !self.young.contains_key(name) {
            let log = self.old.remove(name).unwrap_or_default();
            if self.young.len() >= HALF_LOGS {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(name.to_owned(), log);
        }
        self.young.entry(name.to_owned()).or_default()
    }

    /// Sees to it that they are known and in the room.
    fn enters(&mut self, line: &Archived, who: &UserId, made: &mut Vec<Line>) {
        if self.people.insert(who.clone()) {
            let name = Some(line.from.clone());
            made.push(Line::User(Box::new(UserLine {
                id: who.clone(),
                username: name.clone(),
                name,
                avatar: None,
                email: None,
                phone: None,
                role: None,
                changed: false,
                erased: Vec::new(),
                lost: Vec::new(),
                at: line.at,
                event: None,
            })));
        }
        if !self.inside.insert((line.room.clone(), who.clone())) {
            return;
        }
        if self.rooms.insert(line.room.clone()) {
            made.push(Line::Room(Box::new(RoomLine {
                id: line.room.clone(),
                shape: RoomShape::Group,
                by: who.clone(),
                members: Vec::new(),
                name: Some(line.room.clone()),
                avatar: None,
                group_id: None,
                join_policy: Some(JoinPolicy::Open),
                mentor: None,
                history_from: None,
                erased: Vec::new(),
                lost: Vec::new(),
                at: line.at,
                event: None,
            })));
        } else {
            let (id, room, users) = (Some(name_of(line)), line.room.clone(), vec![who.clone()]);
            made.push(Line::Join(JoinLine { id, room, users, by: None, at: line.at, event: None }));
        }
    }

    fn leaves(&mut self, line: &Archived, who: &UserId, made: &mut Vec<Line>) {
        if self.inside.remove(&(line.room.clone(), who.clone())) {
            let (id, room, user) = (Some(name_of(line)), line.room.clone(), who.clone());
            made.push(Line::Leave(LeaveLine { id, room, user, by: None, at: line.at, event: None }));
        }
    }

    fn says(&mut self, line: Archived, who: UserId, made: &mut Vec<Line>) {
        self.enters(&line, &who, made);
        let said = &mut self.log(&line.log).said;
        let reply_to = line.reply_to.filter(|target| said.contains(target));
        said.insert(line.line);
        self.replies_lost += u64::from(line.reply_to.is_some() && reply_to.is_none());
        let id = name_of(&line);
        made.push(Line::Message(Box::new(MessageLine {
            id,
            room: line.room,
            from: who,
            shape: MessageKind::Text,
            content: if line.kind == "action" { format!("* {}", line.text) } else { line.text },
            attachment_url: None,
            attachment_type: None,
            attachment_name: None,
            attachment_size: None,
            attachment_width: None,
            attachment_height: None,
            reply_to: reply_to.map(|target| format!("{}:{target}", line.log)),
            client_message_id: None,
            mentions: Vec::new(),
            mentions_all: false,
            forwarded: None,
            erased: Vec::new(),
            lost: Vec::new(),
            at: line.at,
            event: None,
        })));
    }
}

/// Unique in the archive.
fn name_of(line: &Archived) -> String {
    format!("{}:{}", line.log, line.line)
}

/// A nickname as a user id. No two nicknames share one: what user ids do not allow, and `=` itself, becomes `=` and two
/// hexadecimal digits for each byte.
fn user_id(nick: &str) -> Result<UserId, Refused> {
    let mut id = String::with_capacity(nick.len());
    for byte in nick.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-@,.;".contains(&byte) {
            id.push(char::from(byte));
        } else {
            // A String takes everything.
            let _ = write!(id, "={byte:02x}");
        }
    }
    UserId::parse(&id).map_err(|error| Refused::new("from", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(archive: &mut Archive, line: &str) -> String {
        let made = archive.convert(line.as_bytes()).expect(line);
        let names = made.iter().map(|line| match line {
            Line::User(_) => "user",
            Line::Room(_) => "room",
            Line::Join(_) => "join",
            Line::Leave(_) => "leave",
            Line::Message(_) => "message",
            other => panic!("{other:?}"),
        });
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whoever_speaks_is_known_and_inside_before() {
        let mut archive = Archive::default();
        let line = |number: u64, kind: &str, from: &str, more: &str| {
            format!(
                "{{\"at\":\"2026-03-02T07:30:25Z\",\"room\":\"#a\",\"log\":\"l\",\"line\":{number},\"kind\":\"{kind}\",\
                 \"from\":\"{from}\"{more}}}"
            )
        };
        assert_eq!(kinds(&mut archive, &line(0, "message", "rara", ",\"text\":\"halo\"")), "user room message");
        assert_eq!(
            kinds(&mut archive, &line(1, "message", "budi", ",\"text\":\"ya\",\"reply_to\":0")),
            "user join message"
        );
        assert_eq!(kinds(&mut archive, &line(2, "join", "budi", "")), "");
        assert_eq!(kinds(&mut archive, &line(3, "rename", "budi", ",\"to\":\"budi|makan\"")), "");
        assert_eq!(kinds(&mut archive, &line(4, "leave", "budi|makan", "")), "leave");
        assert_eq!(
            kinds(&mut archive, &line(5, "action", "budi|makan", ",\"text\":\"kembali\",\"reply_to\":99")),
            "join message"
        );
        assert_eq!(archive.replies_lost, 1);
        assert_eq!(kinds(&mut archive, &line(6, "message", "rara", ",\"text\":\" \"")), "");
    }

    #[test]
    fn no_two_nicknames_are_one_user() {
        let nicks = ["rara", "Rara", "andi^", "andi=5e", "andi5e", "[mod]", "{mod}", "=", "==", "a|b", "a b", "é"];
        let mut ids: Vec<UserId> = nicks.iter().map(|nick| user_id(nick).expect("an id")).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), nicks.len());
    }
}
