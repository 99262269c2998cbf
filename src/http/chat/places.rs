//! One's own place in a room: unread again, arrived, muted, pinned, put away.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId};
use aggregates::participant::Arrangement;
use axum::extract::State;
use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::reading::{ReadAnswer, UpTo, up_to};
use super::rooms::{RoomAnswer, answer_room};
use crate::commands::{Caller, Entered, ReadTo};
use crate::http::extract::{ValidJson, ValidPath};
use crate::http::{Answer, AppState, Problem};

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct UnreadBody {
    room_id: RoomId,
    /// The first that is unread again; the last message without it.
    message_id: Option<MessageId>,
}

/// `POST /api/chat/unread`
pub async fn mark_unread(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<UnreadBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let position = app.commands.mark_unread(&caller, body.room_id, body.message_id).await?;
    answer_room(&app, &caller, Entered { room_id: body.room_id, position, event: None, new: false }).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct DeliveredBody {
    room_id: RoomId,
    /// As in `POST /api/chat/read`.
    #[serde(default, deserialize_with = "up_to")]
    #[schemars(with = "Option<UpTo>")]
    up_to: Option<ReadTo>,
}

/// `POST /api/chat/delivered`: a device has it. Kept in direct rooms alone.
pub async fn delivered(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<DeliveredBody>,
) -> Result<Answer<ReadAnswer>, Problem> {
    let to = body.up_to.unwrap_or(ReadTo::Last);
    let position = app.commands.mark_delivered(&caller, body.room_id, to).await?;
    Ok(Answer::decided(position, ReadAnswer { message: "Messages marked as delivered" }))
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct PlaceBody {
    muted: Option<bool>,
    /// For ever without it.
    muted_until: Option<Timestamp>,
    pinned: Option<bool>,
    /// Out of sight until somebody says something.
    archived: Option<bool>,
}

impl PlaceBody {
    fn wishes(&self, now: Timestamp) -> Result<Vec<Arrangement>, Problem> {
        if self.muted_until.is_some() && self.muted != Some(true) {
            return Err(Problem::invalid("mutedUntil", "together with muted: true"));
        }
        if self.muted_until.is_some_and(|until| until <= now) {
            return Err(Problem::invalid("mutedUntil", "must be in the future"));
        }
        let mut wishes = Vec::new();
        if let Some(muted) = self.muted {
            wishes.push(if muted { Arrangement::Muted { until: self.muted_until } } else { Arrangement::Unmuted });
        }
        if let Some(pinned) = self.pinned {
            wishes.push(if pinned { Arrangement::Pinned } else { Arrangement::Unpinned });
        }
        if let Some(archived) = self.archived {
            wishes.push(if archived { Arrangement::Archived { seq: 0 } } else { Arrangement::Unarchived });
        }
        if wishes.is_empty() {
            return Err(Problem::invalid("body", "muted, pinned or archived"));
        }
        Ok(wishes)
    }
}

/// `PATCH /api/chat/rooms/{roomId}/place`
pub async fn arrange(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
    ValidJson(body): ValidJson<PlaceBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let wishes = body.wishes(app.clock.now())?;
    let position = app.commands.arrange(&caller, room_id, &wishes).await?;
    answer_room(&app, &caller, Entered { room_id, position, event: None, new: false }).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wishes(json: serde_json::Value) -> Result<Vec<Arrangement>, Problem> {
        let body: PlaceBody = serde_json::from_value(json).expect("the right shape");
        body.wishes(Timestamp::from_millis(1_000))
    }

    #[test]
    fn a_place_is_arranged_by_what_is_named() {
        let until = Timestamp::from_millis(2_000);
        assert_eq!(
            wishes(json!({"muted": true, "mutedUntil": until, "pinned": false, "archived": true})),
            Ok(vec![
                Arrangement::Muted { until: Some(until) },
                Arrangement::Unpinned,
                Arrangement::Archived { seq: 0 }
            ])
        );
        assert_eq!(wishes(json!({"muted": true})), Ok(vec![Arrangement::Muted { until: None }]));
        for wrong in [
            json!({}),
            json!({"mutedUntil": until}),
            json!({"muted": false, "mutedUntil": until}),
            json!({"muted": true, "mutedUntil": Timestamp::from_millis(1_000)}),
        ] {
            assert!(wishes(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
