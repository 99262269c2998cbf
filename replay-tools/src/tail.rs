//! `replay tail`: events as they are recorded, one line each.

use event_log::{Filter, Position, RecordedEvent, SharedLog, Subscription};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::arguments::{Shared, Start, TailWanted};
use crate::outcome::{Failure, Verdict};
use crate::paint::{Colour, Paint, harmless, line};
use crate::store;

const PAGE_EVENTS: usize = 500;

pub async fn run(shared: &Shared, wanted: &TailWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open(shared, &url).await?;
    let printed = print(&log, wanted, shared.json).await;
    log.close().await;
    printed.map(|()| Verdict::Fine)
}

async fn print(log: &SharedLog, wanted: &TailWanted, json: bool) -> Result<(), Failure> {
    let head = log.head().await?;
    let start = start(log, wanted, head)?;
    let paint = Paint::for_stdout();
    let mut reader = Subscription::new(log.clone(), start, filter(wanted));
    // With --no-follow the end is the head as it was: a busy log would never end.
    while !wanted.no_follow || reader.position() < head {
        for recorded in &reader.next(PAGE_EVENTS).await?.events {
            if wanted.no_follow && recorded.position > head {
                break;
            }
            line(&if json { as_json(recorded)? } else { as_text(recorded, paint)? })?;
        }
    }
    Ok(())
}

fn start(log: &SharedLog, wanted: &TailWanted, head: Position) -> Result<Position, Failure> {
    match wanted.from {
        None => Ok(Position(head.0.saturating_sub(wanted.last))),
        Some(Start::Plain(position)) => Ok(position),
        Some(Start::Token(token)) if token.log == log.id() => Ok(token.position),
        Some(Start::Token(token)) => Err(Failure::usage(format!(
            "--from: this is a position of the log {}, here is the log {}",
            token.log,
            log.id()
        ))),
    }
}

fn filter(wanted: &TailWanted) -> Filter {
    if wanted.kind.is_empty() {
        return Filter::All;
    }
    // Once per run of the program, and needed until its end.
    Filter::Kinds(Box::leak(wanted.kind.clone().into_boxed_slice()))
}

#[derive(Serialize)]
struct Line<'a> {
    position: Position,
    recorded_at: aggregates::Timestamp,
    stream: String,
    sequence: u64,
    event_id: aggregates::ids::EventId,
    metadata: &'a aggregates::Metadata,
    event: &'a RawValue,
}

fn as_json(recorded: &RecordedEvent) -> Result<String, Failure> {
    let event = RawValue::from_string(recorded.event.to_open_json()?)?;
    let line = Line {
        position: recorded.position,
        recorded_at: recorded.recorded_at,
        stream: recorded.stream.to_string(),
        sequence: recorded.sequence,
        event_id: recorded.event_id,
        metadata: &recorded.metadata,
        event: &event,
    };
    Ok(serde_json::to_string(&line)?)
}

/// `42  2026-11-22T07:37:02.045Z  room/0190..#7  message_sent  by ana  {..}`. Words are shown as the log has them.
fn as_text(recorded: &RecordedEvent, paint: Paint) -> Result<String, Failure> {
    let actor = recorded.metadata.actor.as_ref().map_or_else(|| "kabar".to_owned(), ToString::to_string);
    let RecordedEvent { position, recorded_at, stream, sequence, event, .. } = recorded;
    Ok(format!(
        "{position}  {}  {}  {}  {}  {}",
        paint.text(Colour::Dim, &recorded_at.to_string()),
        harmless(&format!("{stream}#{sequence}")),
        paint.text(Colour::Cyan, event.schema().name()),
        paint.text(Colour::Dim, &format!("by {actor}")),
        harmless(&event.to_open_json()?),
    ))
}
