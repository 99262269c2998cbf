//! Keeping a room: its name and picture, its rules, its roles, whether it is closed.

use aggregates::Sealed;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::{JoinPolicy, Role, SLOW_MODE_SECONDS_MAX};
use axum::extract::State;
use event_log::Position;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::rooms::{RoomAnswer, answer_room};
use crate::commands::{Caller, Entered, RoomChanges};
use crate::http::cursor::UserCursor;
use crate::http::extract::{Actor, After, ValidJson, ValidPath, ValidQuery};
use crate::http::validity::{NAME_CHARS_MAX, https_url, name_text, optional};
use crate::http::{Answer, AppState, Problem};
use crate::wire::Participant;
use crate::wire::names::{CursorText, RoleName};

const MEMBERS_DEFAULT: usize = 50;

/// `GET /api/chat/rooms/{roomId}`
pub async fn room(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(room_id): ValidPath<RoomId>,
) -> Result<Answer<RoomAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let room = app.queries().room(room_id, actor.id()).await?;
    let room = room.ok_or_else(|| Problem::not_found("there is no such room"))?;
    Ok(Answer::shown(RoomAnswer { room }))
}

/// What is absent stays as it is; null takes a name or a picture away.
#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct ChangesBody {
    #[serde(default, deserialize_with = "given")]
    #[garde(custom(given_name))]
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[garde(custom(given_url))]
    avatar: Option<Option<String>>,
    join_policy: Option<JoinPolicy>,
    #[garde(range(max = SLOW_MODE_SECONDS_MAX))]
    slow_mode_seconds: Option<u32>,
}

impl ChangesBody {
    fn changes(self) -> Result<RoomChanges, Problem> {
        let changes = RoomChanges {
            name: self.name.map(|name| name.map(|name| Sealed::new(name.trim()))),
            avatar: self.avatar.map(|avatar| avatar.map(Sealed::new)),
            join_policy: self.join_policy,
            slow_mode_seconds: self.slow_mode_seconds,
        };
        if changes == RoomChanges::default() {
            return Err(Problem::invalid("body", "name, avatar, joinPolicy or slowModeSeconds"));
        }
        Ok(changes)
    }
}

/// `PATCH /api/chat/rooms/{roomId}`
pub async fn change(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
    ValidJson(body): ValidJson<ChangesBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let position = app.commands.change_room(&caller, room_id, body.changes()?).await?;
    answer_kept(&app, &caller, room_id, position).await
}

/// `POST /api/chat/rooms/{roomId}/close`
pub async fn close(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let position = app.commands.close_room(&caller, room_id, true).await?;
    answer_kept(&app, &caller, room_id, position).await
}

/// `POST /api/chat/rooms/{roomId}/reopen`
pub async fn reopen(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(room_id): ValidPath<RoomId>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let position = app.commands.close_room(&caller, room_id, false).await?;
    answer_kept(&app, &caller, room_id, position).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct RoleBody {
    #[serde(deserialize_with = "role")]
    #[schemars(with = "RoleName")]
    role: Role,
}

/// `PATCH /api/chat/groups/{roomId}/members/{userId}`: OWNER hands the group over.
pub async fn change_role(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath((room_id, user_id)): ValidPath<(RoomId, UserId)>,
    ValidJson(body): ValidJson<RoleBody>,
) -> Result<Answer<RoomAnswer>, Problem> {
    let position = app.commands.change_role(&caller, room_id, user_id, body.role).await?;
    answer_kept(&app, &caller, room_id, position).await
}

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct MembersQuery {
    #[garde(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<CursorText>")]
    cursor: Option<UserCursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MembersAnswer {
    members: Vec<Participant>,
    has_more: bool,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/chat/rooms/{roomId}/members`: everybody, by id.
pub async fn members(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(room_id): ValidPath<RoomId>,
    ValidQuery(query): ValidQuery<MembersQuery>,
) -> Result<Answer<MembersAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    let limit = query.limit.unwrap_or(MEMBERS_DEFAULT);
    let behind = query.cursor.as_ref().map(|UserCursor(user)| user);
    let page = app.queries().room_members(room_id, actor.id(), behind, limit).await?;
    let (members, more) = page.ok_or_else(|| Problem::not_found("there is no such room"))?;
    let next = members.last().map(|member| UserCursor(member.user_id.clone()).to_string()).filter(|_| more);
    Ok(Answer::shown(MembersAnswer { members, has_more: more, next_cursor: next }))
}

async fn answer_kept(
    app: &AppState,
    caller: &Caller,
    room_id: RoomId,
    position: Position,
) -> Result<Answer<RoomAnswer>, Problem> {
    answer_room(app, caller, Entered { room_id, position, event: None, new: false }).await
}

/// Tells null from absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

fn given_name(value: &Option<Option<String>>, context: &()) -> garde::Result {
    name_text(NAME_CHARS_MAX)(&value.clone().flatten(), context)
}

fn given_url(value: &Option<Option<String>>, context: &()) -> garde::Result {
    https_url(&value.clone().flatten(), context)
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let text = String::deserialize(deserializer)?;
    Role::parse(&text).ok_or_else(|| serde::de::Error::custom("OWNER, ADMIN or MEMBER"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(json: serde_json::Value) -> ChangesBody {
        serde_json::from_value(json).expect("the right shape")
    }

    #[test]
    fn absent_is_as_it_is_and_null_takes_away() {
        let changes = body(json!({"name": null})).changes().expect("a change");
        assert_eq!((changes.name, changes.avatar), (Some(None), None));
        let changes = body(json!({"name": " Kelas ", "slowModeSeconds": 30})).changes().expect("a change");
        assert_eq!((changes.name, changes.slow_mode_seconds), (Some(Some(Sealed::new("Kelas"))), Some(30)));
        assert!(body(json!({})).changes().is_err(), "nothing was wished");
    }

    #[test]
    fn a_name_is_filled_and_a_pause_is_bounded() {
        for wrong in [json!({"name": " "}), json!({"avatar": "http://a.example/x"}), json!({"slowModeSeconds": 21_601})]
        {
            assert!(body(wrong.clone()).validate().is_err(), "{wrong}");
        }
        assert!(body(json!({"name": null, "avatar": null, "slowModeSeconds": 21_600})).validate().is_ok());
    }
}
