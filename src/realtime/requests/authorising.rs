//! Signing channels and users for clients (`/api/pusher/auth`, `/api/pusher/user-auth`), and whether that may be done.

use aggregates::ids::{GroupId, RoomId, UserId};
use projections::UnitName;
use schemars::JsonSchema;
use serde::Serialize;

use super::NotKnown;
use crate::realtime::Realtime;
use crate::realtime::inner::Inner;
use crate::realtime::protocol::channel_name::{PusherChannel, Subject, is_encrypted, is_presence};
use crate::realtime::protocol::claims;
use crate::realtime::protocol::resume_point::ResumePoint;
use crate::realtime::protocol::socket_id::SocketId;
use crate::wire::user::UserCard;

/// What `/api/pusher/auth` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Authorisation {
    /// `key:signature`.
    pub auth: String,
    /// Says who subscribes; pusher-js hands it on as it is.
    pub channel_data: String,
    /// Of encrypted channels, where their key is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<String>,
}

/// What `/api/pusher/user-auth` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UserAuthorisation {
    /// `key:signature`.
    pub auth: String,
    /// pusher-js hands it on as it is.
    pub user_data: String,
}

impl Realtime {
    /// Whether the endpoint may sign `channel` for `user`: their own channels, those of the rooms they are in and of the
    /// groups that these belong to. Everything else is for the application's own server to sign.
    ///
    /// A membership that is not seen yet is looked for again when the view has the log's present head (at most
    /// [`crate::realtime::RealtimeConfig::view_patience`]); not knowing is not a no, which clients would take as final.
    pub async fn may_subscribe(&self, user: &UserId, channel: &PusherChannel) -> Result<bool, NotKnown> {
        if !channel.is_signed() {
            return Ok(false);
        }
        match channel.subject() {
            Subject::User(id) => Ok(id == user),
            Subject::MembersOf(room) => self.is_member(room, user).await,
            Subject::Group(group) => self.is_in_group(group, user).await,
            Subject::SignedIn(_) | Subject::Application | Subject::Everybody => Ok(false),
        }
    }

    async fn is_in_group(&self, group: &GroupId, user: &UserId) -> Result<bool, NotKnown> {
        let Inner { log, views, config, .. } = &*self.0;
        if !views.inbox().memberships_in(user, group).await?.is_empty() {
            return Ok(true);
        }
        views.wait_for(UnitName::Inbox, log.head().await?, config.view_patience).await?;
        Ok(!views.inbox().memberships_in(user, group).await?.is_empty())
    }

    async fn is_member(&self, room: RoomId, user: &UserId) -> Result<bool, NotKnown> {
        let Inner { log, views, config, .. } = &*self.0;
        if views.inbox().member(room, user).await?.is_some() {
            return Ok(true);
        }
        views.wait_for(UnitName::Inbox, log.head().await?, config.view_patience).await?;
        Ok(views.inbox().member(room, user).await?.is_some())
    }

    /// Signs `channel` for `user` at `socket`. Only after [`Realtime::may_subscribe`]. `card` is what the others on a
    /// presence channel see of them, `resume` up to where they have heard it, so that they are given what they missed.
    pub fn authorise(
        &self,
        user: &UserId,
        socket: SocketId,
        channel: &PusherChannel,
        (card, resume): (Option<&UserCard>, Option<ResumePoint>),
    ) -> Authorisation {
        let name = channel.name();
        let mut data = serde_json::json!({ "user_id": user });
        if let Some(resume) = resume {
            data["resume_after"] = resume.to_string().into();
        }
        if let Some(card) = card.filter(|_| is_presence(&name)) {
            data["user_info"] = user_info(card);
        }
        let channel_data = data.to_string();
        let auth = self.0.signer.channel(&socket.to_string(), &name, Some(&channel_data));
        let key = self.0.config.encryption_master_key.as_ref().filter(|_| is_encrypted(&name));
        Authorisation { auth, channel_data, shared_secret: key.map(|key| key.shared_secret(&name)) }
    }

    /// Signs `user` in at `socket`.
    pub fn authorise_user(&self, user: &UserId, socket: SocketId, card: &UserCard) -> UserAuthorisation {
        let user_data = serde_json::json!({ "id": user, "user_info": user_info(card) }).to_string();
        let auth = self.0.signer.user(&socket.to_string(), &user_data);
        UserAuthorisation { auth, user_data }
    }
}

/// What others see of somebody, within what the protocol has room for: of a picture kept in its own address nothing.
fn user_info(card: &UserCard) -> serde_json::Value {
    let info = serde_json::json!({ "name": card.name, "username": card.username, "avatar": card.avatar });
    let fits = |info: &serde_json::Value| info.to_string().len() <= claims::USER_INFO_BYTES_MAX;
    if fits(&info) {
        return info;
    }
    let short = serde_json::json!({ "name": card.name, "username": card.username });
    if fits(&short) { short } else { serde_json::json!({}) }
}
