//! Frames against `docs/asyncapi.json`: what sockets are given is what the document tells of.
//!
//! Every client of the tests has its frames looked at here, so the document is held against all that any test hears. A test
//! of `realtime::asyncapi` holds the kept document against the one that is made. Strictly: a field that the document does
//! not know is a failure too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// Names of Kabar's own channels, and those that older pages have for them.
const KINDS: [(&str, &str); 5] = [
    ("private-user-", "user"),
    ("user-", "user"),
    ("private-room-", "room"),
    ("chat-", "room"),
    ("presence-room-", "presence"),
];

struct Told {
    /// By kind of channel and event.
    payloads: BTreeMap<(&'static str, String), Validator>,
    /// Events that are told of on some channel.
    names: BTreeSet<String>,
}

static TOLD: LazyLock<Told> = LazyLock::new(|| {
    let mut document: Value = serde_json::from_str(include_str!("../../docs/asyncapi.json")).expect("JSON");
    close(&mut document["components"]["schemas"]);
    let mut told = Told { payloads: BTreeMap::new(), names: BTreeSet::new() };
    for kind in ["user", "room", "presence"] {
        for reference in document["channels"][kind]["messages"].as_object().expect("messages").values() {
            let pointer = reference["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
            let message = document.pointer(pointer.expect("a reference")).expect("it leads somewhere");
            let names = [&message["name"], &message["x-second-name"]].map(Value::as_str);
            for name in names.into_iter().flatten() {
                told.names.insert(name.to_owned());
                told.payloads.insert((kind, name.to_owned()), validator(&message["payload"], &document));
            }
        }
    }
    told
});

/// Of a schema that refers to others of its document.
pub fn validator(schema: &Value, document: &Value) -> Validator {
    let whole = json!({"allOf": [schema], "components": document["components"]});
    jsonschema::options().should_validate_formats(true).build(&whole).expect("a valid schema")
}

/// Objects that are told of field by field have no other.
pub fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Which of the document's channels it is.
fn kind_of(channel: &str) -> Option<&'static str> {
    KINDS.iter().find(|(prefix, _)| channel.starts_with(prefix)).map(|(_, kind)| *kind)
}

/// What the document says of a frame, as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    AsTold,
    /// The protocol's own, or what pages and servers say to each other.
    NotKabars,
}

/// # Panics
/// When a frame of Kabar's is not as it is told of.
#[track_caller]
pub fn check(channel: &str, event: &str, data: &Value) -> Heard {
    let Some(kind) = kind_of(channel).filter(|_| TOLD.names.contains(event)) else { return Heard::NotKabars };
    let Some(payload) = TOLD.payloads.get(&(kind, event.to_owned())) else {
        panic!("{event} on {channel} is not told of")
    };
    let wrong: Vec<String> =
        payload.iter_errors(data).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{event} on {channel}: {wrong:#?}\n{data:#}");
    Heard::AsTold
}
