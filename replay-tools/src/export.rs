//! `replay export`: the log as lines that an import takes, or as events.

use std::time::Duration;

use aggregates::ids::EventId;
use aggregates::notification::NotificationEvent;
use aggregates::words::HasWords;
use aggregates::{DomainEvent, Metadata, Sealed, Timestamp, Unreadable};
use event_log::{Filter, Position, RecordedEvent, SharedLog, StoreUrl};
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{ExportFormat, ExportWanted, Shared};
use crate::history::entries::{LastEntry, was_told};
use crate::history::pace::Pace;
use crate::history::telling::{Told, Words, feed_read, tell};
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::sink::Sink;
use crate::store;

const PAGE_EVENTS: usize = 2_000;

/// What came out.
#[derive(Default)]
struct Exported {
    head: Position,
    lines: u64,
    /// Events that the format has no line for.
    unsayable: u64,
    /// Notifications whose line has less than they say.
    worded: u64,
    words: Words,
    last_entry: LastEntry,
}

pub async fn run(shared: &Shared, wanted: &ExportWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open(shared, &url).await?;
    let exported = export(&log, wanted).await;
    log.close().await;
    let (exported, took) = exported?;
    say(shared, wanted, &url, &exported, took)?;
    let whole = exported.unsayable == 0 && exported.worded == 0 && exported.words.lost == 0;
    Ok(if whole { Verdict::Fine } else { Verdict::Differences })
}

/// Up to the head as it is now: a busy log would never end.
async fn export(log: &SharedLog, wanted: &ExportWanted) -> Result<(Exported, Duration), Failure> {
    let head = log.head().await?;
    let mut sink = Sink::open(&wanted.to)?;
    let mut exported = Exported { head, ..Exported::default() };
    let mut pace = Pace::new("exporting", Some(head.0));
    let mut position = Position::START;
    while position < head {
        let page = log.read_after(position, PAGE_EVENTS, Filter::All).await?;
        if page.scanned_to <= position {
            break;
        }
        position = page.scanned_to;
        for recorded in page.events.iter().filter(|recorded| recorded.position <= head) {
            match wanted.format {
                ExportFormat::Events => sink.line(&as_event(recorded, &mut exported.words)?)?,
                ExportFormat::Import => {
                    let Some(text) = as_line(log, recorded, &mut exported).await? else { continue };
                    sink.line(&text)?;
                }
            }
            exported.lines += 1;
        }
        pace.is_at(position.0.min(head.0), exported.lines);
    }
    sink.finish()?;
    Ok((exported, pace.finish()))
}

async fn as_line(
    log: &SharedLog,
    recorded: &RecordedEvent,
    exported: &mut Exported,
) -> Result<Option<String>, Failure> {
    let line = match tell(recorded, &mut exported.words) {
        Told::Line(line) => {
            exported.worded += u64::from(says_more_than_its_line(&recorded.event));
            line
        }
        Told::Mark(line) if was_told(log, recorded).await? => line,
        Told::Mark(_) | Told::Follows => return Ok(None),
        Told::Unsayable => {
            exported.unsayable += 1;
            return Ok(None);
        }
        Told::FeedRead { user, up_to, at } => {
            feed_read(user, exported.last_entry.up_to(log, Position(up_to)).await?, at, recorded.event_id)
        }
    };
    Ok(Some(serde_json::to_string(&line)?))
}

/// What the platform worded has no field in a line, nor have the things that it is about.
fn says_more_than_its_line(event: &DomainEvent) -> bool {
    let DomainEvent::Notification(NotificationEvent::NotificationRaised(raised)) = event else { return false };
    raised.content.is_some() || !raised.related.is_none()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventLine<'a> {
    position: Position,
    stream: String,
    sequence: u64,
    name: &'static str,
    version: &'static str,
    at: Option<&'a str>,
    recorded_at: Timestamp,
    event_id: EventId,
    metadata: &'a Metadata,
    event: &'a Value,
}

fn as_event(recorded: &RecordedEvent, words: &mut Words) -> Result<String, Failure> {
    let event = opened(&recorded.event, words)?;
    let schema = recorded.event.schema();
    let line = EventLine {
        position: recorded.position,
        stream: recorded.stream.to_string(),
        sequence: recorded.sequence,
        name: schema.name(),
        version: schema.version(),
        at: event["at"].as_str(),
        recorded_at: recorded.recorded_at,
        event_id: recorded.event_id,
        metadata: &recorded.metadata,
        event: &event,
    };
    Ok(serde_json::to_string(&line)?)
}

/// The payload with its words in the place of their ciphertext, and without those that are gone.
fn opened(event: &DomainEvent, words: &mut Words) -> Result<Value, Failure> {
    let mut open = event.clone();
    open.visit_words(&mut |_, sealed| {
        words.lost += u64::from(sealed.unreadable() == Some(Unreadable::Lost));
        *sealed = if sealed.words().is_some() { sealed.laid_open() } else { Sealed::from_stored(GONE) };
    });
    let mut payload: Value = serde_json::from_str(&open.to_json()?)?;
    leave_out_what_is_gone(&mut payload);
    Ok(payload)
}

/// Stands for what is gone, until it is left out. No words are like it: U+0000 is refused in all of them.
const GONE: &str = "\u{0}gone\u{0}";

fn leave_out_what_is_gone(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| field.as_str() != Some(GONE));
            fields.values_mut().for_each(leave_out_what_is_gone);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_what_is_gone),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// On stdout, unless the lines are there: then on stderr.
fn say(
    shared: &Shared,
    wanted: &ExportWanted,
    url: &StoreUrl,
    exported: &Exported,
    took: Duration,
) -> Result<(), Failure> {
    let Exported { head, lines, unsayable, worded, words, last_entry: _ } = exported;
    let text = if shared.json {
        serde_json::to_string_pretty(&json!({
            "store": url.to_string(),
            "to": wanted.to.display().to_string(),
            "head": head,
            "lines": lines,
            "events_without_a_line": unsayable,
            "notifications_without_their_words": worded,
            "words_lost": words.lost,
            "seconds": took.as_secs_f64(),
        }))?
    } else {
        let mut text = format!("{url}: {lines} lines up to position {head} in {:.1} s", took.as_secs_f64());
        if *unsayable > 0 {
            text.push_str(&format!("\n{unsayable} events have no line: places of people in rooms (marked unread, delivered, muted, pinned, archived)"));
        }
        if *worded > 0 {
            text.push_str(&format!(
                "\n{worded} notifications are without what the platform said in them, and what they are about"
            ));
        }
        if words.lost > 0 {
            text.push_str(&format!("\n{} words cannot be read: their keys are lost", words.lost));
        }
        text
    };
    if Sink::is_stdout(&wanted.to) {
        eprintln!("{text}");
        return Ok(());
    }
    Ok(line(&text)?)
}
