//! Events of earlier shapes are led to today's, by a history that only exists here.
//!
//! Apart from the golden files, which hold the shapes there really were.

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::UserId;
use aggregates::upcasting::{Step, upcast, upcasters_of};
use aggregates::{AggregateKind, DomainEvent, StreamId, Timestamp, UnreadableEvent};
use cqrs_es::persist::SerializedEvent;
use serde_json::{Value, json};

/// As if feeds had once been read up to a `"position"` in text.
const ONE_STEP: &[Step] = &[Step { name: "feed_read", to: 1, change: position_became_up_to }];

fn position_became_up_to(mut payload: Value) -> Value {
    if let Some(fields) = payload.as_object_mut() {
        let position = fields.remove("position").and_then(|text| text.as_str()?.parse::<u64>().ok());
        fields.insert("up_to".to_owned(), json!(position));
    }
    payload
}

const TWO_STEPS: &[Step] = &[
    Step {
        name: "greeting",
        to: 2,
        change: |mut payload| {
            payload["words"] = payload["text"].take();
            payload
        },
    },
    Step { name: "parting", to: 2, change: |_| json!("never") },
    Step { name: "greeting", to: 3, change: |payload| json!({ "all": [payload["words"]] }) },
];

#[test]
fn an_old_event_is_read_as_the_present_one() {
    let old = r#"{"type":"feed_read","user_id":"ben","position":"77","at":"2026-11-22T12:00:00.000Z"}"#;
    let read = |version| DomainEvent::from_stored_by(ONE_STEP, &stream(AggregateKind::Feed), "feed_read", version, old);
    let present = DomainEvent::Feed(FeedEvent::FeedRead(FeedRead { user_id: user("ben"), up_to: 77, at: noon() }));
    assert_eq!(read("0").expect("loads"), present);
    assert!(matches!(read("1"), Err(UnreadableEvent::Payload { .. })), "a present one is taken as it is");
}

#[test]
fn a_present_event_passes_the_steps_untouched() {
    let present = r#"{"type":"feed_read","user_id":"ben","up_to":77,"at":"2026-11-22T12:00:00.000Z"}"#;
    let stream = stream(AggregateKind::Feed);
    assert!(DomainEvent::from_stored_by(ONE_STEP, &stream, "feed_read", "1", present).is_ok());
    assert!(upcast(ONE_STEP, "feed_read", 1, present).is_none());
}

#[test]
fn a_payload_that_its_step_cannot_help_is_refused() {
    let hopeless = r#"{"type":"feed_read","user_id":"ben","at":"2026-11-22T12:00:00.000Z"}"#;
    for payload in [hopeless, "not JSON"] {
        let read = DomainEvent::from_stored_by(ONE_STEP, &stream(AggregateKind::Feed), "feed_read", "0", payload);
        assert!(matches!(read, Err(UnreadableEvent::Payload { .. })), "{payload}");
    }
}

#[test]
fn steps_follow_each_other_and_start_where_the_event_is() {
    let go = |version, payload: Value| upcast(TWO_STEPS, "greeting", version, &payload.to_string());
    let present = (json!({ "all": ["hi"] }), 3);
    assert_eq!(go(1, json!({ "text": "hi" })).expect("old").expect("JSON"), present);
    assert_eq!(go(2, json!({ "words": "hi" })).expect("old").expect("JSON"), present);
    assert!(go(3, json!({ "all": ["hi"] })).is_none());
    assert!(upcast(TWO_STEPS, "silence", 1, "{}").is_none());
}

#[test]
fn cqrs_es_is_led_by_the_same_steps_to_the_same_form() {
    for (version, payload) in [("1", json!({ "text": "hi" })), ("2", json!({ "words": "hi" }))] {
        let ours = upcast(TWO_STEPS, "greeting", version.parse().expect("a number"), &payload.to_string())
            .expect("old")
            .expect("JSON");
        let (name, version) = ("greeting".to_owned(), version.to_owned());
        let stored = SerializedEvent::new("id".into(), 1, "room".into(), name, version, payload, Value::Null);
        let theirs = upcasters_of(TWO_STEPS).iter().fold(stored, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) { upcaster.upcast(event) } else { event }
        });
        assert_eq!((theirs.payload, theirs.event_version.as_str()), (ours.0, "3.0.0"));
    }
}

fn stream(kind: AggregateKind) -> StreamId {
    StreamId::new(kind, "somewhere")
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00.000Z").expect("a moment")
}
