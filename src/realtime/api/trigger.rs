//! `POST /apps/{id}/events` and `/batch_events`: events that the application's servers send.
//!
//! Everything is looked at before anything is sent: of a request that is refused nothing reaches anybody.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Api;
use super::lookups::Info;
use super::signed::Signed;
use crate::http::Problem;
use crate::http::extract::{IdempotencyKey, named};
use crate::realtime::SocketId;
use crate::realtime::hub::Hub;
use crate::realtime::protocol::channel_name::{is_addressable, is_encrypted};
use crate::realtime::protocol::{DATA_BYTES_MAX, EVENT_CHARACTERS_MAX};

const CHANNELS_MAX: usize = 100;
const BATCH_MAX: usize = 10;
/// What the protocol says itself.
const RESERVED: [&str; 2] = ["pusher:", "pusher_internal:"];

#[derive(Deserialize)]
struct Trigger {
    name: String,
    data: String,
    #[serde(default)]
    channels: Option<Vec<String>>,
    /// The older form, of one.
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    socket_id: Option<String>,
    #[serde(default)]
    info: Option<String>,
}

#[derive(Deserialize)]
struct Batch {
    batch: Vec<Trigger>,
}

/// What a client would hear.
struct Sending {
    event: String,
    data: String,
    channels: Vec<String>,
    except: Option<SocketId>,
    info: Info,
}

pub(super) async fn events(
    State(api): State<Api>,
    IdempotencyKey(key): IdempotencyKey,
    signed: Signed,
) -> Result<Json<Value>, Problem> {
    let sending = checked(read::<Trigger>(&signed.body)?, "")?;
    let answer = api.repeats.once(key.map(|key| format!("events {key}")), Instant::now(), || {
        let hub = &api.realtime.0.hub;
        hub.trigger(&sending.channels, (&sending.event, &sending.data), sending.except);
        hub.wake();
        match sending.info.is_empty() {
            true => json!({}),
            false => json!({ "channels": shown(hub, &sending) }),
        }
    });
    Ok(Json(answer))
}

pub(super) async fn batch_events(
    State(api): State<Api>,
    IdempotencyKey(key): IdempotencyKey,
    signed: Signed,
) -> Result<Json<Value>, Problem> {
    let Batch { batch } = read(&signed.body)?;
    if batch.len() > BATCH_MAX {
        return Err(Problem::malformed("batch", format!("at most {BATCH_MAX} events")));
    }
    let checked = batch.into_iter().enumerate().map(|(at, trigger)| checked(trigger, &format!("batch[{at}].")));
    let sendings = checked.collect::<Result<Vec<_>, _>>()?;
    let answer = api.repeats.once(key.map(|key| format!("batch_events {key}")), Instant::now(), || {
        let hub = &api.realtime.0.hub;
        for sending in &sendings {
            hub.trigger(&sending.channels, (&sending.event, &sending.data), sending.except);
        }
        hub.wake();
        if sendings.iter().all(|sending| sending.info.is_empty()) {
            return json!({});
        }
        let shown =
            sendings.iter().map(|sending| shown(hub, sending).into_values().next().unwrap_or_else(|| json!({})));
        json!({ "batch": shown.collect::<Vec<_>>() })
    });
    Ok(Json(answer))
}

fn shown(hub: &Hub, sending: &Sending) -> Map<String, Value> {
    sending.channels.iter().map(|channel| (channel.clone(), sending.info.of(hub, channel))).collect()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.inner());
        let wrong = named(&path, &inner.to_string());
        // Of what is no JSON the place is said as well.
        let reason = if inner.is_data() { wrong.reason } else { inner.to_string().into() };
        Problem::malformed(wrong.field, reason)
    })
}

fn checked(trigger: Trigger, at: &str) -> Result<Sending, Problem> {
    let wrong = |field: &str, reason: String| Problem::malformed(format!("{at}{field}"), reason);
    let Trigger { name, data, channels, channel, socket_id, info } = trigger;
    if !(1..=EVENT_CHARACTERS_MAX).contains(&name.chars().count()) {
        return Err(wrong("name", format!("an event's name has 1 to {EVENT_CHARACTERS_MAX} characters")));
    }
    if RESERVED.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(wrong("name", "pusher: and pusher_internal: are the protocol's own".to_owned()));
    }
    if data.len() > DATA_BYTES_MAX {
        return Err(Problem::too_long(
            format!("{at}data"),
            format!("the data of an event has at most {DATA_BYTES_MAX} bytes"),
        ));
    }
    let channels: Vec<String> = channels.into_iter().flatten().chain(channel).collect();
    if !(1..=CHANNELS_MAX).contains(&channels.len()) {
        return Err(wrong("channels", format!("1 to {CHANNELS_MAX} channels")));
    }
    if let Some(odd) = channels.iter().find(|channel| !is_addressable(channel)) {
        return Err(wrong("channels", format!("{odd:?} is no name of a channel")));
    }
    if channels.len() > 1 && channels.iter().any(|channel| is_encrypted(channel)) {
        return Err(wrong("channels", "an encrypted channel has a key of its own: trigger it alone".to_owned()));
    }
    let except = socket_id.filter(|id| !id.is_empty()).map(|id| SocketId::parse(&id)).transpose();
    let except = except.map_err(|error| wrong("socket_id", error.to_string()))?;
    let info = Info::parse(info.as_deref().unwrap_or_default()).map_err(|reason| wrong("info", reason))?;
    Ok(Sending { event: name, data, channels, except, info })
}
