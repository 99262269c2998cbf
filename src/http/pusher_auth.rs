//! Signing channels and sign-ins for pusher-js: only for those who may listen, and only as who they are (requirements §4).

use std::fmt::Display;

use axum::Json;
use axum::extract::State;
use projections::UnitName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Actor, After, ValidForm};
use super::{AppState, Problem};
use crate::realtime::PusherChannel;
use crate::realtime::ResumePoint;
use crate::realtime::{Authorisation, InvalidChannel, SocketId, UserAuthorisation};
use crate::wire::user::UserCard;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AuthForm {
    socket_id: String,
    channel_name: String,
    /// Up to where the client has heard this channel: see docs/realtime.md.
    #[serde(default)]
    resume_after: Option<String>,
}

/// `POST /api/pusher/auth`, form-encoded. Answers with Pusher's own JSON.
pub async fn auth(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidForm(form): ValidForm<AuthForm>,
) -> Result<Json<Authorisation>, Problem> {
    let socket: SocketId = form.socket_id.parse().map_err(|error| invalid("socket_id", &error))?;
    let channel = channel_of(&form.channel_name)?;
    let resume = resume_of(form.resume_after.as_deref())?;
    after.wait_for(&app, UnitName::Inbox).await?;
    if !app.realtime.may_subscribe(actor.id(), &channel).await? {
        return Err(Problem::forbidden("this channel is not yours to listen to"));
    }
    let card = match channel {
        PusherChannel::PresenceRoom(_) => Some(card_of(&app, &actor).await?),
        PusherChannel::User(_)
        | PusherChannel::Room(_)
        | PusherChannel::Group(_)
        | PusherChannel::Encrypted(_)
        | PusherChannel::Legacy(_)
        | PusherChannel::ServerToUser(_)
        | PusherChannel::Private(_)
        | PusherChannel::Presence(_)
        | PusherChannel::Public(_) => None,
    };
    Ok(Json(app.realtime.authorise(actor.id(), socket, &channel, (card.as_ref(), resume))))
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UserAuthForm {
    socket_id: String,
}

/// `POST /api/pusher/user-auth`, form-encoded: what pusher-js signs in with.
pub async fn user_auth(
    State(app): State<AppState>,
    actor: Actor,
    ValidForm(form): ValidForm<UserAuthForm>,
) -> Result<Json<UserAuthorisation>, Problem> {
    let socket: SocketId = form.socket_id.parse().map_err(|error| invalid("socket_id", &error))?;
    let card = card_of(&app, &actor).await?;
    Ok(Json(app.realtime.authorise_user(actor.id(), socket, &card)))
}

/// What others see of whoever asks.
async fn card_of(app: &AppState, actor: &Actor) -> Result<UserCard, Problem> {
    let row = app.directory.person(actor.id()).await?;
    Ok(UserCard::of(actor.id(), row.as_deref()))
}

/// An empty field is what a client without a position sends.
fn resume_of(text: Option<&str>) -> Result<Option<ResumePoint>, Problem> {
    let point = text.filter(|text| !text.is_empty()).map(str::parse::<ResumePoint>).transpose();
    point.map_err(|error| invalid("resume_after", &error))
}

fn channel_of(name: &str) -> Result<PusherChannel, Problem> {
    PusherChannel::parse(name).map_err(|error: InvalidChannel| invalid("channel_name", &error))
}

fn invalid(field: &'static str, error: &dyn Display) -> Problem {
    Problem::invalid(field, error.to_string())
}
