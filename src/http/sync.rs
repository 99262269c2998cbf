//! What one has missed, asked for in one request instead of heard on channels.

use axum::extract::State;
use event_log::{Position, PositionToken};
use futures_util::future::try_join_all;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Actor, ValidQuery};
use super::validity::optional;
use super::{Answer, AppState, Problem};
use crate::realtime::{Changes, Synced, SyncedEvent};
use crate::wire::Room;
use crate::wire::names::PositionText;

const EVENTS_DEFAULT: usize = 200;
const EVENTS_MAX: usize = 500;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct SyncQuery {
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<PositionText>")]
    after: Option<PositionToken>,
    #[garde(range(min = 1, max = EVENTS_MAX))]
    limit: Option<usize>,
}

/// What waits, as of `position` or later.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Waiting {
    chat: u64,
    notifications: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncAnswer {
    /// Everything is to be loaded anew.
    reload: bool,
    reason: Option<&'static str>,
    events: Vec<SyncedEvent>,
    /// Come into meanwhile.
    rooms: Vec<Room>,
    left_room_ids: Vec<aggregates::ids::RoomId>,
    unread: Waiting,
    /// To ask with the next time.
    #[schemars(with = "PositionText")]
    position: String,
    has_more: bool,
}

/// `GET /api/sync`
pub async fn sync(
    State(app): State<AppState>,
    actor: Actor,
    ValidQuery(query): ValidQuery<SyncQuery>,
) -> Result<Answer<SyncAnswer>, Problem> {
    let limit = query.limit.unwrap_or(EVENTS_DEFAULT);
    let synced = app.realtime.sync(actor.id(), query.after, limit).await?;
    let (position, reason) = match &synced {
        Synced::Changes(changes) => (changes.position, None),
        Synced::Reload { reason, position } => (*position, Some(*reason)),
    };
    let mut answer = empty(&app, &actor, position).await?;
    match synced {
        Synced::Changes(changes) => show(&app, &actor, changes, &mut answer).await?,
        Synced::Reload { .. } => (answer.reload, answer.reason) = (true, reason),
    }
    Ok(Answer::shown(answer))
}

/// With the counts of now: in the views is everything up to `position`.
async fn empty(app: &AppState, actor: &Actor, position: Position) -> Result<SyncAnswer, Problem> {
    app.views.wait_for(UnitName::Feed, position, app.config.server.view_wait()).await?;
    let queries = app.queries();
    let (chat, notifications) =
        tokio::try_join!(queries.unread_total(actor.id()), queries.unread_notifications(actor.id()))?;
    Ok(SyncAnswer {
        reload: false,
        reason: None,
        events: Vec::new(),
        rooms: Vec::new(),
        left_room_ids: Vec::new(),
        unread: Waiting { chat, notifications },
        position: PositionToken { log: app.log_id, position }.to_string(),
        has_more: false,
    })
}

async fn show(app: &AppState, actor: &Actor, changes: Changes, answer: &mut SyncAnswer) -> Result<(), Problem> {
    let queries = app.queries();
    let rooms = try_join_all(changes.entered.iter().map(|room| queries.room(*room, actor.id()))).await?;
    answer.rooms = rooms.into_iter().flatten().collect();
    answer.events = changes.events;
    answer.left_room_ids = changes.left;
    answer.has_more = changes.has_more;
    Ok(())
}
