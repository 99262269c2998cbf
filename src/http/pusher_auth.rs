//! Signing channels and sign-ins for pusher-js: only for those who may listen, and only as who they are (requirements §4).

use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use projections::UnitName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Actor, After, InvalidFields, ValidForm};
use super::problem::FieldError;
use super::{AppState, Problem};
use crate::realtime::PusherChannel;
use crate::realtime::ResumePoint;
use crate::realtime::{Authorisation, SocketId, UserAuthorisation};
use crate::wire::user::UserCard;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct AuthForm {
    socket_id: String,
    channel_name: String,
    /// Up to where the client has heard this channel: see docs/realtime.md.
    #[serde(default)]
    resume_after: Option<String>,
}

/// What a form asks for.
struct Asked {
    socket: SocketId,
    channel: PusherChannel,
    resume: Option<ResumePoint>,
}

impl AuthForm {
    fn asked(&self) -> Result<Asked, Vec<FieldError>> {
        let socket = parsed("socket_id", &self.socket_id);
        let channel = PusherChannel::parse(&self.channel_name).map_err(|error| wrong("channel_name", &error));
        // An empty field is what a client without a position sends.
        let resume = self.resume_after.as_deref().filter(|text| !text.is_empty());
        let resume = resume.map(|text| parsed("resume_after", text)).transpose();
        match (socket, channel, resume) {
            (Ok(socket), Ok(channel), Ok(resume)) => Ok(Asked { socket, channel, resume }),
            (socket, channel, resume) => {
                Err([socket.err(), channel.err(), resume.err()].into_iter().flatten().collect())
            }
        }
    }
}

impl InvalidFields for AuthForm {
    fn invalid_fields(&self) -> Vec<FieldError> {
        self.asked().err().unwrap_or_default()
    }
}

/// `POST /api/pusher/auth`, form-encoded. Answers with Pusher's own JSON.
pub async fn auth(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
    ValidForm(form): ValidForm<AuthForm>,
) -> Result<Json<Authorisation>, Problem> {
    let Asked { socket, channel, resume } = form.asked().map_err(Problem::invalid_fields)?;
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

impl InvalidFields for UserAuthForm {
    fn invalid_fields(&self) -> Vec<FieldError> {
        Vec::from_iter(parsed::<SocketId>("socket_id", &self.socket_id).err())
    }
}

/// `POST /api/pusher/user-auth`, form-encoded: what pusher-js signs in with.
pub async fn user_auth(
    State(app): State<AppState>,
    actor: Actor,
    ValidForm(form): ValidForm<UserAuthForm>,
) -> Result<Json<UserAuthorisation>, Problem> {
    let socket: SocketId =
        parsed("socket_id", &form.socket_id).map_err(|error| Problem::invalid_fields(vec![error]))?;
    let card = card_of(&app, &actor).await?;
    Ok(Json(app.realtime.authorise_user(actor.id(), socket, &card)))
}

/// What others see of whoever asks.
async fn card_of(app: &AppState, actor: &Actor) -> Result<UserCard, Problem> {
    let row = app.directory.person(actor.id()).await?;
    Ok(UserCard::of(actor.id(), row.as_deref()))
}

fn parsed<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, FieldError> {
    text.parse().map_err(|error| wrong(field, &error))
}

fn wrong(field: &'static str, error: &dyn Display) -> FieldError {
    FieldError { field: field.into(), reason: error.to_string().into() }
}
