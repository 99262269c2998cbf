//! Signing private channels for pusher-js: only for those who may listen (requirements §4).

use std::fmt::Display;

use axum::Json;
use axum::extract::State;
use projections::UnitName;
use serde::Deserialize;

use super::extract::{Actor, After, ValidForm};
use super::{AppState, Problem};
use crate::realtime::channel_name::PusherChannel;
use crate::realtime::resume_point::ResumePoint;
use crate::realtime::{Authorisation, InvalidChannel, SocketId};

#[derive(Debug, Deserialize)]
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
    let resume = form.resume_after.as_deref().filter(|text| !text.is_empty());
    let resume = resume.map(str::parse::<ResumePoint>).transpose();
    let resume = resume.map_err(|error| invalid("resume_after", &error))?;
    after.wait_for(&app, UnitName::Inbox).await?;
    if app.realtime.may_subscribe(actor.id(), &channel).await? {
        Ok(Json(app.realtime.authorise(actor.id(), socket, &channel, resume)))
    } else {
        Err(Problem::forbidden("this channel is not yours to listen to"))
    }
}

fn channel_of(name: &str) -> Result<PusherChannel, Problem> {
    PusherChannel::parse(name).map_err(|error| match error {
        InvalidChannel::Name | InvalidChannel::Id => invalid("channel_name", &error),
        InvalidChannel::NotServed(_) => Problem::forbidden(error.to_string()),
    })
}

fn invalid(field: &'static str, error: &dyn Display) -> Problem {
    Problem::invalid(field, error.to_string())
}
