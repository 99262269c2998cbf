//! What lies in the log as it is and should not: words that were never sealed, and texts where a group's id should be.
//!
//! Programs of before wrote both. Nothing can be done about them in this log, which is never rewritten; they are named, so
//! that nobody takes an erasure for more than it is. Never in here: the texts.

use std::collections::HashMap;

use aggregates::DomainEvent;
use aggregates::ids::{GroupId, UserId};
use aggregates::room::RoomEvent;
use aggregates::user::UserEvent;
use aggregates::words::HasWords;
use event_log::RecordedEvent;
use event_log::raw::RawEvent;
use serde::Deserialize;

use super::findings::{Findings, Severity};

/// People with such words who are told apart.
const OWNERS_MAX: usize = 100_000;

#[derive(Default)]
pub struct PlainChecks {
    by_owner: HashMap<UserId, Plain>,
    /// Events of more people than that.
    untold: u64,
    no_ids: u64,
    first_no_ids: Vec<i64>,
}

struct Plain {
    first: u64,
    events: u64,
    /// Of them, those that their last erasure was to reach.
    erased: u64,
}

#[derive(Deserialize)]
struct WithGroup {
    group_id: Option<String>,
}

impl PlainChecks {
    pub fn check(&mut self, row: &RawEvent, recorded: &mut RecordedEvent) {
        let mut owners: Vec<UserId> = Vec::new();
        recorded.event.visit_words(&mut |place, words| {
            if words.was_never_sealed() && !owners.contains(place.owner) {
                owners.push(place.owner.clone());
            }
        });
        let position = recorded.position.0;
        for owner in owners {
            if self.by_owner.len() >= OWNERS_MAX && !self.by_owner.contains_key(&owner) {
                self.untold += 1;
                continue;
            }
            let plain = self.by_owner.entry(owner).or_insert(Plain { first: position, events: 0, erased: 0 });
            plain.events += 1;
        }
        if let DomainEvent::User(UserEvent::UserErased(erased)) = &recorded.event
            && let Some(plain) = self.by_owner.get_mut(&erased.user_id)
        {
            plain.erased = plain.events;
        }
        if matches!(&recorded.event, DomainEvent::Room(RoomEvent::RoomOpened(opened)) if opened.group_id.is_none())
            && row.payload.contains("\"group_id\"")
            && has_no_id(&row.payload)
        {
            self.no_ids += 1;
            self.first_no_ids.push(row.position);
            self.first_no_ids.truncate(super::NAMED_MAX);
        }
    }

    pub fn finish(self, findings: &mut Findings) {
        let Self { by_owner, untold, no_ids, first_no_ids } = self;
        let mut by_owner: Vec<_> = by_owner.into_iter().collect();
        by_owner.sort_by_key(|(_, plain)| plain.first);
        for (owner, Plain { first, events, erased }) in by_owner {
            if erased > 0 {
                let advice = "no reader shows them, and this log keeps them for as long as it is kept: replay export and \
                              import into a new place leave them out (docs/erasure.md)";
                let what = "people who were erased have words in the log that were never sealed";
                findings.add(Severity::Error, "plain", what, advice, || {
                    format!("{owner}: {erased} events, the first at position {first}")
                });
            }
            if events > erased {
                let advice = "another program wrote them, or one from before this field was sealed: an erasure does not \
                              reach them in the log. replay export and import into a new place seal them (docs/erasure.md)";
                findings.add(Severity::Warning, "plain", "words that were never sealed", advice, || {
                    format!("{owner}: {} events, the first of all at position {first}", events - erased)
                });
            }
        }
        if untold > 0 {
            let advice = "an erasure does not reach them in the log (docs/erasure.md)";
            let what = "words that were never sealed, of more people than are told apart";
            findings.add(Severity::Warning, "plain", what, advice, || format!("{untold} events"));
        }
        let named = first_no_ids.len() as u64;
        for position in first_no_ids {
            let advice = "there was a time when any text could stand there: it is shown to nobody any more, no erasure \
                          reaches it, and in the log it stays (docs/erasure.md)";
            findings.add(Severity::Note, "plain", "a group id that is none", advice, || format!("position {position}"));
        }
        if no_ids > named {
            findings.uncounted("plain", no_ids - named);
        }
    }
}

/// Whether a text stands there that is no id.
fn has_no_id(payload: &str) -> bool {
    let with: Result<WithGroup, _> = serde_json::from_str(payload);
    with.is_ok_and(|with| with.group_id.is_some_and(|text| GroupId::parse(&text).is_err()))
}

#[cfg(test)]
mod tests {
    use aggregates::KeyId;

    use super::*;

    fn row(position: i64, name: &str, payload: &str) -> RawEvent {
        let aggregate_type = if name.starts_with("user") { "user" } else { "room" };
        RawEvent {
            position,
            event_id: uuid::Uuid::from_u128(position.unsigned_abs().into()),
            aggregate_type: aggregate_type.into(),
            aggregate_id: "a".into(),
            sequence: position,
            event_type: name.into(),
            event_version: "1".into(),
            payload: payload.into(),
            metadata: "{}".into(),
            recorded_us: 0,
        }
    }

    fn found(rows: &[RawEvent]) -> Vec<(&'static str, String, u64, String)> {
        let (mut checks, mut findings) = (PlainChecks::default(), Findings::new(5));
        for row in rows {
            checks.check(row, &mut row.read().expect("readable"));
        }
        checks.finish(&mut findings);
        let found = findings.all();
        found.map(|one| (one.severity.name(), one.what.clone(), one.count, one.examples.join("; "))).collect()
    }

    const ID: &str = "00000000-0000-4000-8000-000000000001";
    const AT: &str = "2026-11-28T00:00:00.000Z";

    fn sent(position: i64, client_id: &str) -> RawEvent {
        let key = KeyId::parse("abcdefghijklmnopqrst-_").expect("a key id");
        let content = aggregates::Sealed::compose(key, "xyz");
        row(
            position,
            "message_sent",
            &format!(
                "{{\"type\":\"message_sent\",\"room_id\":\"{ID}\",\"message_id\":\"{ID}\",\"seq\":1,\"sender_id\":\"ana\",\
                 \"kind\":\"text\",\"content\":\"{content}\",\"client_message_id\":\"{client_id}\",\"at\":\"{AT}\"}}"
            ),
        )
    }

    #[test]
    fn what_an_erasure_should_have_reached_is_told_apart_from_what_it_would_not() {
        let erased = format!("{{\"type\":\"user_erased\",\"user_id\":\"ana\",\"keys\":[],\"at\":\"{AT}\"}}");
        let rows = [sent(1, "one"), sent(2, "two"), row(3, "user_erased", &erased), sent(4, "three")];
        let told = found(&rows);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!((told[0].0, told[0].3.as_str()), ("error", "ana: 2 events, the first at position 1"));
        assert_eq!((told[1].0, told[1].3.as_str()), ("warning", "ana: 1 events, the first of all at position 1"));
        assert_eq!(found(&[sent(1, "s1.abcdefghijklmnopqrst-_xyz")]), [], "a sealed one is as it should be");
    }

    #[test]
    fn texts_that_are_no_group_ids_are_counted() {
        let opened = |position, group: &str| {
            let payload = format!(
                "{{\"type\":\"room_opened\",\"room_id\":\"{ID}\",\"kind\":\"group\",\"opened_by\":\"ana\",\"members\":[],\
                 {group}\"at\":\"{AT}\"}}"
            );
            row(position, "room_opened", &payload)
        };
        let mut rows = vec![opened(1, ""), opened(2, "\"group_id\":\"kelas-7\","), opened(3, "\"group_id\":null,")];
        assert_eq!(found(&rows), []);
        rows.extend((4..=11).map(|position| opened(position, "\"group_id\":\"Kelas Ibu Ana\",")));
        let told = found(&rows);
        assert_eq!((told.len(), told[0].0, told[0].2), (1, "note", 8), "{told:?}");
        assert!(told[0].3.starts_with("position 4; position 5") && !told[0].3.contains("Ana"), "{told:?}");
    }
}
