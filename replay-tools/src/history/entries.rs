//! Entries of feeds, looked up in the log: which of them have a line, and which is the last.
//!
//! Apart from telling, which sees one event and nothing else. A notification that was kept from the feed has no line, and
//! neither have marks on it; one that began anew, for somebody new of its recipient's id, has a line that an import passes over.

use aggregates::DomainEvent;
use aggregates::ids::EventId;
use aggregates::notification::NotificationEvent;
use event_log::{EventLogError, Filter, Position, RecordedEvent, SharedLog};
use uuid::Uuid;

const PAGE_EVENTS: usize = 500;
/// Positions looked at together, at first and at most.
const STRETCH: u64 = 64;
const STRETCH_MAX: u16 = 4_096;

/// Whether the notification of this event was in the feed before it.
pub async fn was_told(log: &SharedLog, recorded: &RecordedEvent) -> Result<bool, EventLogError> {
    let mut after = 0;
    loop {
        let page = log.read_stream(&recorded.stream, after, PAGE_EVENTS).await?;
        if page.iter().any(|other| other.sequence < recorded.sequence && is_entry(other)) {
            return Ok(true);
        }
        match page.last() {
            Some(last) if last.sequence < recorded.sequence => after = last.sequence,
            Some(_) | None => return Ok(false),
        }
    }
}

fn is_entry(recorded: &RecordedEvent) -> bool {
    match &recorded.event {
        DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => event.is_in_feed(),
        _ => false,
    }
}

/// The last entry that was looked for. Feeds are read further and further, so what was looked through is not again.
#[derive(Debug, Default)]
pub struct LastEntry {
    at: Position,
    event: Uuid,
}

impl LastEntry {
    /// The last entry of anybody's feed up to a position that an import makes of a line; nil where there is none. Positions
    /// mean nothing elsewhere, and other events may come to nothing there.
    pub async fn up_to(&mut self, log: &SharedLog, position: Position) -> Result<Uuid, EventLogError> {
        let (known, otherwise) = if self.at <= position { (self.at.0, self.event) } else { (0, Uuid::nil()) };
        let (mut end, mut stretch) = (position.0, STRETCH);
        let mut found = None;
        while found.is_none() && end > known {
            let begin = end.saturating_sub(stretch).max(known);
            found = last_within(log, begin, end).await?;
            (end, stretch) = (begin, (stretch * 2).min(STRETCH_MAX.into()));
        }
        *self = Self { at: position, event: found.map_or(otherwise, |EventId(id)| id) };
        Ok(self.event)
    }
}

/// Behind `begin`, up to `end`, which are at most [`STRETCH_MAX`] apart.
async fn last_within(log: &SharedLog, begin: u64, end: u64) -> Result<Option<EventId>, EventLogError> {
    let (mut entries, mut position) = (Vec::new(), Position(begin));
    while position.0 < end {
        let page = log.read_after(position, STRETCH_MAX.into(), NOTIFICATIONS).await?;
        if page.scanned_to <= position {
            break;
        }
        position = page.scanned_to;
        entries.extend(page.events.into_iter().filter(|recorded| recorded.position.0 <= end && is_entry(recorded)));
    }
    for recorded in entries.iter().rev() {
        if recorded.sequence == 1 || !was_told(log, recorded).await? {
            return Ok(Some(recorded.event_id));
        }
    }
    Ok(None)
}

const NOTIFICATIONS: Filter = Filter::Kinds(&[aggregates::AggregateKind::Notification]);
