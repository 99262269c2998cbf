//! cqrs-es's `EventStore` on our log, for programs and tests that speak cqrs-es.
//!
//! Production writes go through the [`crate::Door`] and only there: cqrs-es loads, decides and commits in three steps,
//! so it can neither share a commit with other commands, nor answer what was written where, nor check facts of other
//! streams. What is written here is still in the one order, at the expected version, and every reader and every door
//! sees it; it is as a stock postgres-es program beside us would write it, on any backend.
//! Never in here: snapshots (cqrs-es's own apply events twice) and `Query` hooks (readers follow the log).

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::ids::{CommandId, EventId};
use aggregates::{AggregateKind, DomainEvent, Metadata, StreamId};
use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use serde_json::Value;
use uuid::Uuid;

use crate::port::{AppendError, Appended, Batch, Condition, EventLogError, NewEvent, SharedLog};
use crate::recorded::RecordedEvent;

/// Events of a stream that are read at once.
const PAGE_EVENTS: usize = 1_000;

/// Tries at an append that others overtook by more than one answer carries.
const BEHIND_TRIES_MAX: u32 = 8;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct KabarEventStore {
    log: SharedLog,
}

/// An aggregate as it was loaded, and where its stream ended.
pub struct Loaded<A> {
    aggregate: A,
    stream: StreamId,
    version: u64,
}

impl<A: Aggregate> AggregateContext<A> for Loaded<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

type Failed<A> = AggregateError<<A as Aggregate>::Error>;

impl KabarEventStore {
    pub fn new(log: SharedLog) -> Self {
        Self { log }
    }

    async fn read(&self, stream: &StreamId) -> Result<Vec<RecordedEvent>, EventLogError> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.sequence);
            let page = self.log.read_stream(stream, after, PAGE_EVENTS).await?;
            let full = page.len() == PAGE_EVENTS;
            events.extend(page);
            if !full {
                return Ok(events);
            }
        }
    }

    /// Other streams do not matter here, so what others wrote is passed over, however much of it there is.
    async fn append(&self, mut batch: Batch) -> Result<Appended, AppendError> {
        let mut tries = 1;
        loop {
            batch.known = self.log.head().await.map_err(AppendError::NothingWritten)?;
            match self.log.append(&batch).await {
                Err(AppendError::Behind { .. }) if tries < BEHIND_TRIES_MAX => tries += 1,
                answer => return answer,
            }
        }
    }

    /// The answer was lost: whether it happened is looked up, never guessed.
    async fn settle<A: Aggregate>(&self, batch: &Batch, lost: EventLogError) -> Result<(), Failed<A>> {
        let ids: Vec<EventId> = batch.events.iter().map(|event| event.event_id).collect();
        let found = self.log.settle(&ids).await.map_err(unavailable)?;
        if found.len() == ids.len() { Ok(()) } else { Err(unavailable(lost)) }
    }
}

impl<A> EventStore<A> for KabarEventStore
where
    A: Aggregate,
    A::Event: Into<DomainEvent> + TryFrom<DomainEvent>,
{
    type AC = Loaded<A>;

    async fn load_events(&self, aggregate_id: &str) -> Result<Vec<EventEnvelope<A>>, Failed<A>> {
        let stream = stream_of::<A>(aggregate_id)?;
        let events = self.read(&stream).await.map_err(unavailable)?;
        events.into_iter().map(envelope).collect()
    }

    async fn load_aggregate(&self, aggregate_id: &str) -> Result<Loaded<A>, Failed<A>> {
        let stream = stream_of::<A>(aggregate_id)?;
        let events = self.read(&stream).await.map_err(unavailable)?;
        let mut loaded = Loaded { aggregate: A::default(), stream, version: 0 };
        for recorded in events {
            loaded.version = recorded.sequence;
            loaded.aggregate.apply(own_event::<A>(recorded.event)?);
        }
        Ok(loaded)
    }

    /// At the version that was loaded, or [`AggregateError::AggregateConflict`].
    async fn commit(
        &self,
        events: Vec<A::Event>,
        context: Loaded<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, Failed<A>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut written: Vec<DomainEvent> = events.iter().cloned().map(Into::into).collect();
        if let Some(sealing) = self.log.sealing() {
            sealing.seal(&mut written).await.map_err(unavailable)?;
        }
        let batch = batch_of::<A>(&written, &context, &metadata)?;
        match self.append(batch.clone()).await {
            Ok(appended) if appended.left_out.is_empty() => {}
            Ok(_) | Err(AppendError::Taken) => return Err(AggregateError::AggregateConflict),
            Err(AppendError::Unknown(lost)) => self.settle::<A>(&batch, lost).await?,
            Err(AppendError::NothingWritten(error)) => return Err(unavailable(error)),
            Err(error @ (AppendError::Behind { .. } | AppendError::WentBack { .. })) => {
                return Err(AggregateError::DatabaseConnectionError(error.into()));
            }
        }
        let envelopes = events.into_iter().zip(batch.events).map(|(payload, written)| EventEnvelope {
            aggregate_id: context.stream.id.to_string(),
            sequence: as_usize(written.sequence),
            payload,
            metadata: metadata.clone(),
        });
        Ok(envelopes.collect())
    }
}

/// One group on one condition: the stream is where it was when it was loaded.
fn batch_of<A: Aggregate>(
    events: &[DomainEvent],
    context: &Loaded<A>,
    metadata: &HashMap<String, String>,
) -> Result<Batch, Failed<A>> {
    let command = CommandId(Uuid::new_v4());
    let metadata: Arc<str> = serde_json::to_string(metadata).map_err(unreadable)?.into();
    let mut new_events = Vec::with_capacity(events.len());
    for (event, index) in events.iter().zip(0..) {
        new_events.push(NewEvent {
            group: 0,
            stream: context.stream.clone(),
            sequence: context.version + 1 + index,
            event_id: EventId::of(command, new_events.len()),
            name: event.schema().name(),
            version: event.schema().version(),
            payload: event.to_json().map_err(unreadable)?,
            metadata: Arc::clone(&metadata),
            original: None,
        });
    }
    let condition = Condition { group: 0, stream: context.stream.clone(), version: context.version, kinds: &[] };
    Ok(Batch { conditions: vec![condition], events: new_events, groups: 1, ..Batch::default() })
}

fn stream_of<A: Aggregate>(id: &str) -> Result<StreamId, Failed<A>> {
    let kind = AggregateKind::parse(A::TYPE)
        .ok_or_else(|| AggregateError::UnexpectedError(format!("{} is no aggregate of this log", A::TYPE).into()))?;
    Ok(StreamId::new(kind, id))
}

fn envelope<A>(recorded: RecordedEvent) -> Result<EventEnvelope<A>, Failed<A>>
where
    A: Aggregate,
    A::Event: TryFrom<DomainEvent>,
{
    Ok(EventEnvelope {
        aggregate_id: recorded.stream.id.to_string(),
        sequence: as_usize(recorded.sequence),
        payload: own_event::<A>(recorded.event)?,
        metadata: texts(&recorded.metadata),
    })
}

fn own_event<A>(event: DomainEvent) -> Result<A::Event, Failed<A>>
where
    A: Aggregate,
    A::Event: TryFrom<DomainEvent>,
{
    let name = event.schema().name();
    A::Event::try_from(event)
        .map_err(|_| AggregateError::UnexpectedError(format!("{name} in a stream of {}", A::TYPE).into()))
}

/// cqrs-es knows metadata as texts by name. What is absent stays absent.
fn texts(metadata: &Metadata) -> HashMap<String, String> {
    let Ok(Value::Object(fields)) = serde_json::to_value(metadata) else { return HashMap::new() };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    fields.into_iter().map(|(name, value)| (name, text(value))).collect()
}

fn unavailable<E: std::error::Error>(error: EventLogError) -> AggregateError<E> {
    match error {
        EventLogError::Unreadable { .. } => AggregateError::DeserializationError(error.into()),
        EventLogError::Unavailable(_) | EventLogError::Corrupt(_) | EventLogError::Closed => {
            AggregateError::DatabaseConnectionError(error.into())
        }
    }
}

fn unreadable<E: std::error::Error>(error: serde_json::Error) -> AggregateError<E> {
    AggregateError::DeserializationError(error.into())
}

/// cqrs-es counts in `usize`.
fn as_usize(sequence: u64) -> usize {
    usize::try_from(sequence).unwrap_or(usize::MAX)
}
