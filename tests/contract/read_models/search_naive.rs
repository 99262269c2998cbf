//! What a search should find, by looking at everything that was said, word by word.

use std::collections::BTreeMap;
use std::time::Duration;

use aggregates::ids::{RoomId, UserId};
use aggregates::room::{Attachment, Forwarded, RoomEvent};
use aggregates::{DomainEvent, Sealed};
use event_log::Position;
use projections::search::{SearchAsk, SearchedRoom, Wanted};

use crate::read_models::events::{deleted, edited, erased, message_id, sent};
use crate::read_models::world::{at, room, user};

/// Words that are forms of each other. No form begins like one of another line.
const VOCABULARY: [&[&str]; 7] = [
    &["makan", "Makanan"],
    &["belajar", "pelajaran"],
    &["running", "RUNS"],
    &["course", "courses"],
    &["kelas"],
    &["café", "CAFE"],
    &["2026"],
];
const BEGINNINGS: [(&str, usize); 5] = [("mak", 0), ("cour", 3), ("kel", 4), ("caf", 5), ("202", 6)];
const PEOPLE: [&str; 3] = ["ana", "ben", "cleo"];
pub const ROOMS: u128 = 4;

/// Something that happens; what exactly depends on what was said before.
pub type Act = (u8, u8, u8, u8);

#[derive(Debug)]
struct Said {
    room: RoomId,
    seq: u64,
    position: Position,
    sender: UserId,
    owner: UserId,
    nth: i64,
    has_attachment: bool,
    deleted: bool,
    worded: Position,
    /// Lines of the vocabulary.
    words: Vec<usize>,
}

#[derive(Default)]
pub struct Naive {
    said: Vec<Said>,
    nth: i64,
}

impl Naive {
    pub fn event_of(&mut self, (what, who, which, word): Act) -> DomainEvent {
        self.nth += 1;
        let nth = self.nth;
        let sender = PEOPLE[usize::from(who) % PEOPLE.len()];
        let chosen = (!self.said.is_empty()).then(|| usize::from(which) % self.said.len().max(1));
        let (_, text) = text(word, which);
        match (what % 12, chosen) {
            (8, Some(chosen)) => {
                let Said { room, seq, sender, .. } = &self.said[chosen];
                edited(nth, *room, *seq, sender.as_str(), &text)
            }
            (9 | 10, Some(chosen)) => {
                let Said { room, seq, sender, .. } = &self.said[chosen];
                deleted(nth, *room, *seq, sender.as_str(), sender.as_str())
            }
            (11, _) if which.is_multiple_of(3) => erased(nth, sender),
            _ => {
                let room = room(u128::from(which) % ROOMS + 1);
                let seq = 1 + self.said.iter().filter(|said| said.room == room).count() as u64;
                let mut event = sent(nth, room, seq, sender, &text);
                if let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event {
                    let url = Sealed::new("https://cdn.example/x.png");
                    message.attachment = word.is_multiple_of(3).then_some(Attachment::at(url, None));
                    message.forwarded = word.is_multiple_of(5).then(|| Forwarded {
                        room_id: room,
                        message_id: message_id(room, 1),
                        author_id: user(PEOPLE[usize::from(which) % PEOPLE.len()]),
                    });
                }
                event
            }
        }
    }

    /// `act` is the one that `event` was made of.
    pub fn take(&mut self, event: &DomainEvent, (_, _, which, word): Act, position: Position) {
        let (words, _) = text(word, which);
        match event {
            DomainEvent::Room(RoomEvent::MessageSent(event)) => self.said.push(Said {
                room: event.room_id,
                seq: event.seq,
                position,
                sender: event.sender_id.clone(),
                owner: event.forwarded.as_ref().map_or(&event.sender_id, |forwarded| &forwarded.author_id).clone(),
                nth: self.nth,
                has_attachment: event.attachment.is_some(),
                deleted: false,
                worded: position,
                words,
            }),
            DomainEvent::Room(RoomEvent::MessageEdited(event)) => {
                for said in self.at(event.room_id, event.seq) {
                    if !said.deleted {
                        (said.words, said.worded, said.owner) = (words.clone(), position, said.sender.clone());
                    }
                }
            }
            DomainEvent::Room(RoomEvent::MessageDeleted(event)) => {
                for said in self.at(event.room_id, event.seq) {
                    said.deleted = true;
                }
            }
            DomainEvent::User(aggregates::user::UserEvent::UserErased(event)) => {
                for said in &mut self.said {
                    if said.owner == event.user_id && said.worded < position {
                        said.words.clear();
                    }
                }
            }
            other => panic!("not made up here: {other:?}"),
        }
    }

    fn at(&mut self, room: RoomId, seq: u64) -> impl Iterator<Item = &mut Said> {
        self.said.iter_mut().filter(move |said| (said.room, said.seq) == (room, seq))
    }

    pub fn last_positions(&self) -> BTreeMap<RoomId, Position> {
        self.said.iter().map(|said| (said.room, said.position)).collect()
    }

    /// Positions, newest first.
    pub fn find(&self, ask: &SearchAsk, lines: &[usize]) -> Vec<u64> {
        let fits = |said: &&Said| {
            !said.deleted
                && lines.iter().all(|line| said.words.contains(line))
                && ask.rooms.iter().any(|one| one.room_id == said.room && said.seq > one.after_seq)
                && ask.sender.as_ref().is_none_or(|sender| said.sender == *sender)
                && ask.sent_from.is_none_or(|from| at(said.nth) >= from)
                && ask.sent_before.is_none_or(|before| at(said.nth) < before)
                && ask.has_attachment.is_none_or(|wanted| said.has_attachment == wanted)
                && ask.before.is_none_or(|before| said.position < before)
        };
        let mut found: Vec<u64> = self.said.iter().filter(fits).map(|said| said.position.0).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(ask.limit);
        found
    }
}

/// One to three words, and their lines.
fn text(word: u8, which: u8) -> (Vec<usize>, String) {
    let picks = [
        Some(word),
        word.is_multiple_of(2).then_some((word / 3).wrapping_add(which)),
        which.is_multiple_of(2).then_some(which),
    ];
    let (mut lines, mut text) = (Vec::new(), Vec::new());
    for pick in picks.into_iter().flatten() {
        let line = usize::from(pick) % VOCABULARY.len();
        lines.push(line);
        text.push(VOCABULARY[line][usize::from(pick / 7) % VOCABULARY[line].len()]);
    }
    (lines, text.join(if word.is_multiple_of(7) { ", " } else { " " }))
}

/// Every question there is about this vocabulary, in one way or another: what is asked, and the lines that must be there.
pub fn questions(naive: &Naive) -> Vec<(SearchAsk, Vec<usize>)> {
    let last = naive.last_positions();
    let rooms: Vec<SearchedRoom> = last
        .iter()
        .map(|(room, position)| SearchedRoom { room_id: *room, after_seq: 0, last_position: *position })
        .collect();
    let ask = |wanted: &str| SearchAsk {
        rooms: rooms.clone(),
        wanted: Wanted::parse(wanted).expect("searchable"),
        sender: None,
        sent_from: None,
        sent_before: None,
        has_attachment: None,
        before: None,
        limit: 100,
        patience: Duration::from_secs(20),
    };
    let mut all = Vec::new();
    for (line, words) in VOCABULARY.iter().enumerate() {
        for word in *words {
            // A word behind it, so that it is not taken for a beginning.
            let other = (line + 2) % VOCABULARY.len();
            all.push((ask(&format!("\"{word}\" {}", VOCABULARY[other][0])), vec![]));
            all.push((ask(word), vec![line]));
            all.push((SearchAsk { limit: 2, ..ask(word) }, vec![line]));
            all.push((SearchAsk { before: Some(Position(15)), limit: 3, ..ask(word) }, vec![line]));
            all.push((SearchAsk { sender: Some(user("ben")), ..ask(word) }, vec![line]));
            all.push((SearchAsk { has_attachment: Some(true), ..ask(word) }, vec![line]));
            all.push((SearchAsk { sent_from: Some(at(5)), sent_before: Some(at(20)), ..ask(word) }, vec![line]));
            let two = format!("{word} {}", VOCABULARY[other][0]);
            all.push((ask(&two), vec![line, other]));
            for skipped in 0..rooms.len() {
                let mut some = ask(word);
                some.rooms.remove(skipped);
                if let Some(first) = some.rooms.first_mut() {
                    first.after_seq = 2;
                }
                all.push((some, vec![line]));
            }
        }
    }
    all.extend(BEGINNINGS.iter().map(|(beginning, line)| (ask(beginning), vec![*line])));
    all.retain(|(_, lines)| !lines.is_empty());
    all
}
