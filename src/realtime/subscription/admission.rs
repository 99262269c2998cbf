//! Who may subscribe, as far as it is said with the request: by a signature, or by whom the connection is signed in as.
//!
//! What must be looked up (who is in a room) is left to `subscribing` as a proof that is still owed.

use std::borrow::Cow;

use aggregates::ids::{GroupId, RoomId, UserId};

use crate::realtime::hub::SignedIn;
use crate::realtime::inner::Inner;
use crate::realtime::protocol::Subscribe;
use crate::realtime::protocol::channel_name::{PusherChannel, Subject, is_presence};
use crate::realtime::protocol::claims::{ChannelClaims, Member};
use crate::realtime::protocol::resume_point::ResumePoint;
use crate::realtime::protocol::socket_id::SocketId;

/// What must still be true when the subscription opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owed {
    Nothing,
    /// They are in the room.
    Room(RoomId),
    /// They are in a room of the group.
    Group(GroupId),
}

#[derive(Debug)]
pub(super) struct Admission {
    /// On Kabar's own channels: as whom.
    pub user: Option<UserId>,
    /// On presence channels: whom the others see.
    pub member: Option<Member>,
    pub owed: Owed,
    /// On channels that the window has frames of: where they stand.
    pub resume: Option<ResumePoint>,
}

impl Admission {
    const OPEN: Self = Self { user: None, member: None, owed: Owed::Nothing, resume: None };
}

/// A reason that the client may see, and the status it stands for.
pub(super) type Refusal = (Cow<'static, str>, u16);

pub(super) fn admit(
    inner: &Inner,
    socket: SocketId,
    channel: &PusherChannel,
    request: &Subscribe,
) -> Result<Admission, Refusal> {
    let claims = match channel.is_signed() {
        true => signed_claims(inner, socket, channel, request)?,
        false => ChannelClaims::default(),
    };
    match channel.subject() {
        Subject::Everybody => Ok(Admission::OPEN),
        Subject::Application if is_presence(&request.channel) => {
            let member = claims.member.or_else(|| inner.hub.signed_in(socket).map(as_member));
            let member =
                member.ok_or_else(|| unsaid("the signed channel_data must say who subscribes: {\"user_id\": ..}"))?;
            Ok(Admission { member: Some(member), ..Admission::OPEN })
        }
        Subject::Application => Ok(Admission::OPEN),
        Subject::SignedIn(owner) => match inner.hub.signed_in(socket) {
            Some(signed_in) if signed_in.user == *owner => Ok(Admission::OPEN),
            Some(_) => Err((Cow::Borrowed("this is somebody else's channel"), 403)),
            None => Err(unsaid("sign in first: this channel is for who is signed in as its user")),
        },
        Subject::User(_) | Subject::MembersOf(_) | Subject::Group(_) => own(inner, socket, channel, claims),
    }
}

/// What the signature covers. Channels of the application without members may have anything in their `channel_data`.
fn signed_claims(
    inner: &Inner,
    socket: SocketId,
    channel: &PusherChannel,
    request: &Subscribe,
) -> Result<ChannelClaims, Refusal> {
    let channel_data = request.channel_data.as_deref();
    let auth = request.auth.as_deref().unwrap_or_default();
    if !inner.signer.permits(auth, &socket.to_string(), &request.channel, channel_data) {
        return Err(unsaid("the signature is not valid for this socket and channel"));
    }
    match channel {
        PusherChannel::Private(_) => Ok(ChannelClaims::default()),
        PusherChannel::User(_)
        | PusherChannel::Room(_)
        | PusherChannel::Group(_)
        | PusherChannel::PresenceRoom(_)
        | PusherChannel::Encrypted(_)
        | PusherChannel::Presence(_)
        | PusherChannel::Legacy(_)
        | PusherChannel::ServerToUser(_)
        | PusherChannel::Public(_) => {
            ChannelClaims::parse(channel_data).map_err(|error| (Cow::Owned(error.to_string()), 400))
        }
    }
}

/// On Kabar's own channels somebody in particular subscribes, and the node looks for itself what they may hear.
fn own(inner: &Inner, socket: SocketId, channel: &PusherChannel, claims: ChannelClaims) -> Result<Admission, Refusal> {
    if matches!(channel, PusherChannel::Legacy(_)) && !inner.config.legacy_channels {
        return Err((Cow::Borrowed("bare channel names are switched off: subscribe to the private- channel"), 403));
    }
    let signed_in = match claims.user {
        Some(_) => None,
        None => inner.hub.signed_in(socket),
    };
    let Some(user) = claims.user.or_else(|| signed_in.as_ref().map(|it| it.user.clone())) else {
        return Err(match channel.is_signed() {
            true => unsaid("the signed channel_data must say who subscribes: {\"user_id\": ..}"),
            false => unsaid("sign in first: this channel is for its user or members only"),
        });
    };
    let owed = match channel.subject() {
        Subject::User(owner) if *owner != user => {
            return Err((Cow::Borrowed("this is somebody else's channel"), 403));
        }
        Subject::MembersOf(room) => Owed::Room(room),
        Subject::Group(group) => Owed::Group(group.clone()),
        Subject::User(_) | Subject::SignedIn(_) | Subject::Application | Subject::Everybody => Owed::Nothing,
    };
    let resume = match channel {
        PusherChannel::User(_) | PusherChannel::Room(_) => resume_point(claims.resume_after.as_deref())?,
        PusherChannel::Group(_)
        | PusherChannel::PresenceRoom(_)
        | PusherChannel::Encrypted(_)
        | PusherChannel::Legacy(_)
        | PusherChannel::ServerToUser(_)
        | PusherChannel::Private(_)
        | PusherChannel::Presence(_)
        | PusherChannel::Public(_) => None,
    };
    let member = match channel {
        PusherChannel::PresenceRoom(_) => claims.member.or_else(|| signed_in.map(as_member)),
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
    Ok(Admission { user: Some(user), member, owed, resume })
}

fn resume_point(said: Option<&str>) -> Result<Option<ResumePoint>, Refusal> {
    let point = said.map(str::parse).transpose();
    point.map_err(|_| (Cow::Borrowed("resume_after in channel_data is no position of this channel"), 400))
}

fn as_member(signed_in: SignedIn) -> Member {
    Member { id: signed_in.user.as_str().into(), info: signed_in.info }
}

fn unsaid(why: &'static str) -> Refusal {
    (Cow::Borrowed(why), 401)
}
