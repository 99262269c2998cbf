//! Groups: making one, coming in, bringing others, leaving.

use aggregates::Sealed;
use aggregates::ids::{GroupId, RoomId, UserId};
use aggregates::room::{HistoryFrom, JoinPolicy, MEMBERS_PER_COMMAND_MAX};
use axum::extract::State;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rooms::{RoomAnswer, answer_opened, answer_room};
use crate::commands::{Caller, GroupPlan};
use crate::http::extract::{Actor, Admin, ValidJson, ValidPath};
use crate::http::validity::{NAME_CHARS_MAX, https_url, name_text};
use crate::http::{Answer, AppState, Problem};

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct GroupBody {
    #[garde(custom(name_text(NAME_CHARS_MAX)))]
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    name: String,
    #[serde(default)]
    #[garde(length(max = MEMBERS_PER_COMMAND_MAX))]
    member_ids: Vec<UserId>,
    #[garde(custom(https_url))]
    #[schemars(url)]
    avatar: Option<String>,
    /// The platform's own group. Only its admins say which: who is in a room of it hears the group's channel.
    group_id: Option<GroupId>,
    /// Who may come in unasked: `open` (whoever knows the id, the default) or `invite` (nobody).
    #[serde(default)]
    join_policy: JoinPolicy,
    /// From where on members read: `start` (the default) or `join`.
    #[serde(default)]
    history_from: HistoryFrom,
}

impl GroupBody {
    fn plan(self) -> GroupPlan {
        GroupPlan {
            name: Sealed::new(self.name.trim()),
            members: self.member_ids,
            avatar: self.avatar.map(Sealed::new),
            group_id: self.group_id,
            join_policy: self.join_policy,
            history_from: self.history_from,
        }
    }
}

/// `POST /api/chat/groups`
pub async fn create(
    State(app): State<AppState>,
    actor: Actor,
    caller: Caller,
    ValidJson(body): ValidJson<GroupBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    if body.group_id.is_some() {
        Admin::require(&app, &actor).await?;
    }
    let opened = app.commands.create_group(&caller, body.plan()).await?;
    answer_opened(&app, &caller, opened).await
}

/// `POST /api/chat/groups/{roomId}/join`
pub async fn join(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let entered = app.commands.join_room(&caller, room_id).await?;
    answer_room(&app, &caller, entered).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct MembersBody {
    #[garde(length(min = 1, max = MEMBERS_PER_COMMAND_MAX))]
    user_ids: Vec<UserId>,
}

/// `POST /api/chat/groups/{roomId}/members`
pub async fn add_members(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
    ValidJson(body): ValidJson<MembersBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let entered = app.commands.add_members(&caller, room_id, body.user_ids).await?;
    answer_room(&app, &caller, entered).await
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedAnswer {
    room_id: RoomId,
    user_id: UserId,
    message: &'static str,
}

/// `DELETE /api/chat/groups/{roomId}/members/{userId}`: of oneself it is leaving.
pub async fn remove_member(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath((room_id, user_id)): ValidPath<(RoomId, UserId)>,
) -> Result<Answer<RemovedAnswer>, Problem> {
    let message = if user_id == caller.user_id { "You left the group" } else { "Member removed" };
    let position = app.commands.remove_member(&caller, room_id, user_id.clone()).await?;
    Ok(Answer::decided(position, RemovedAnswer { room_id, user_id, message }))
}
