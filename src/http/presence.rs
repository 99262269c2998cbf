//! Saying that one is here.

use aggregates::ids::RoomId;
use axum::extract::State;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::ValidJson;
use super::{Answer, AppState, Problem};
use crate::commands::Caller;
use crate::realtime::Said;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct PresenceBody {
    is_online: bool,
    /// Open before their eyes.
    room_id: Option<RoomId>,
    /// Kept until it is said otherwise.
    invisible: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PresenceAnswer {}

/// `POST /api/presence`
pub async fn say(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<PresenceBody>,
) -> Result<Answer<PresenceAnswer>, Problem> {
    if let Some(room) = body.room_id {
        app.commands.require_entered(room, &caller.user_id).await?;
    }
    let said = Said { is_online: body.is_online, room: body.room_id, invisible: body.invisible };
    app.realtime.is_here(&caller.user_id, said).await.map_err(|error| Problem::unavailable_fault(&error))?;
    Ok(Answer::shown(PresenceAnswer {}))
}
