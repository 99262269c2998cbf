//! Following and blocking, and who follows whom.

use aggregates::ids::UserId;
use axum::extract::State;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{PageQuery, PositionCursor};
use super::extract::{Actor, After, ValidPath, ValidQuery};
use super::{Answer, AppState, Problem};
use crate::commands::{Caller, Followed, Toggle};
use crate::queries::Direction;
use crate::wire::FollowUser;
use crate::wire::names::CursorText;

#[derive(Debug, Deserialize, Validate, JsonSchema)]
#[garde(allow_unvalidated)]
pub struct FollowQuery {
    on: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowAnswer {
    following: bool,
    /// Of the one who is (or is not) followed.
    followers_count: u64,
    following_count: u64,
}

/// `POST /api/users/{userId}/follow`: toggles; `?on=true|false` sets.
pub async fn follow(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(user_id): ValidPath<UserId>,
    ValidQuery(query): ValidQuery<FollowQuery>,
) -> Result<Answer<FollowAnswer>, Problem> {
    let toggle = match query.on {
        Some(true) => Toggle::On,
        Some(false) => Toggle::Off,
        None => Toggle::Other,
    };
    let followed = app.commands.follow(&caller, &user_id, toggle).await?;
    Ok(answer_followed(&app, &user_id, followed).await)
}

/// `DELETE /api/users/{userId}/follow`
pub async fn unfollow(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(user_id): ValidPath<UserId>,
) -> Result<Answer<FollowAnswer>, Problem> {
    let followed = app.commands.unfollow(&caller, &user_id).await?;
    Ok(answer_followed(&app, &user_id, followed).await)
}

async fn answer_followed(app: &AppState, to: &UserId, followed: Followed) -> Answer<FollowAnswer> {
    // It is done, and a toggle that is tried again would undo it: counts of a late view are better than a 503.
    if let Err(lagging) = app.views.wait_for(UnitName::Inbox, followed.position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "follow counts are shown as they were");
    }
    let (followers_count, following_count) = app.views.inbox().follow_counts(to).await.unwrap_or_default();
    let answer = FollowAnswer { following: followed.following, followers_count, following_count };
    Answer::decided(followed.position, answer)
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FollowingAnswer {
    following: bool,
}

/// `GET /api/users/{userId}/follow`
pub async fn follows(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(user_id): ValidPath<UserId>,
) -> Result<Answer<FollowingAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    look_for(&app, &user_id).await?;
    if !app.queries().is_shown(&user_id, actor.id()).await? {
        return Err(no_such_user());
    }
    let following = app.views.inbox().follows(actor.id(), &user_id).await?;
    Ok(Answer::shown(FollowingAnswer { following }))
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsersAnswer {
    users: Vec<FollowUser>,
    total: u64,
    #[schemars(with = "Option<CursorText>")]
    next_cursor: Option<String>,
}

/// `GET /api/users/{userId}/followers`
pub async fn followers(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(user_id): ValidPath<UserId>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<UsersAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    list(&app, &actor, &user_id, Direction::Followers, query).await
}

/// `GET /api/users/{userId}/following`
pub async fn following(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidPath(user_id): ValidPath<UserId>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Answer<UsersAnswer>, Problem> {
    after.wait_for(&app, UnitName::Inbox).await?;
    list(&app, &actor, &user_id, Direction::Following, query).await
}

async fn list(
    app: &AppState,
    actor: &Actor,
    about: &UserId,
    direction: Direction,
    query: PageQuery,
) -> Result<Answer<UsersAnswer>, Problem> {
    look_for(app, about).await?;
    let found = app.queries().follow_list(about, actor.id(), direction, query.behind(), query.limit()).await?;
    let page = found.ok_or_else(no_such_user)?;
    Ok(Answer::shown(UsersAnswer {
        users: page.users,
        total: page.total,
        next_cursor: page.next.map(|next| PositionCursor(next).to_string()),
    }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BlockAnswer {
    blocked: bool,
}

/// `POST /api/users/{userId}/block`
pub async fn block(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(user_id): ValidPath<UserId>,
) -> Result<Answer<BlockAnswer>, Problem> {
    let position = app.commands.block(&caller, &user_id, true).await?;
    Ok(Answer::decided(position, BlockAnswer { blocked: true }))
}

/// `DELETE /api/users/{userId}/block`
pub async fn unblock(
    State(app): State<AppState>,
    caller: Caller,
    ValidPath(user_id): ValidPath<UserId>,
) -> Result<Answer<BlockAnswer>, Problem> {
    let position = app.commands.block(&caller, &user_id, false).await?;
    Ok(Answer::decided(position, BlockAnswer { blocked: false }))
}

/// Somebody may have come a moment ago: only a view that has come as far as the log says that there is no such user.
pub(super) async fn look_for(app: &AppState, user_id: &UserId) -> Result<(), Problem> {
    if app.directory.person(user_id).await?.is_none() {
        app.commands.caught_up(UnitName::Inbox).await?;
    }
    Ok(())
}

pub(super) fn no_such_user() -> Problem {
    Problem::not_found("there is no such user").naming("userId", "there is no such user")
}
