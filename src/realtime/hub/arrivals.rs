//! What the others on a channel hear when a subscription opens or ends: `member_added`, `member_removed`,
//! `subscription_count`. A part of the hub; all of it in the same step as the change itself.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;

use super::roster::Joined;
use super::{Hub, State};
use crate::realtime::protocol::channel_name::{is_presence, is_room_roster, is_server_to_user};
use crate::realtime::protocol::claims::Member;
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, EventData, MEMBER_ADDED, MEMBER_REMOVED};
use crate::realtime::webhooks::{EventKind, Happening};

/// As many people as may be are on the presence channel already.
pub(super) struct Full;

impl State {
    /// Brings somebody onto a presence channel. Answers with the word that the subscription succeeded, and whether the
    /// others are to be told.
    pub(super) fn join(
        &mut self,
        channel: &Arc<str>,
        id: SocketId,
        member: Member,
    ) -> Result<(Utf8Bytes, Option<Utf8Bytes>), Full> {
        let roster = self.rosters.entry(channel.clone()).or_default();
        let user = member.id.clone();
        let joined = roster.join(id, member, self.presence_members_max);
        let viewer = own_user(channel, &user);
        let sees = |id: &str| match (&viewer, own_user(channel, id)) {
            (Some(viewer), Some(other)) => self.discretion.sees(viewer, &other),
            (_, _) => true,
        };
        let succeeded = protocol::subscription_succeeded_among(channel, &roster.shown(sees));
        let added = match joined {
            Joined::Full => return Err(Full),
            Joined::Again => None,
            Joined::First => EventData::of(&roster.member_shown(&user)).ok(),
        };
        self.listed.add(&user, id);
        // Texts and what was read as JSON always serialise.
        let succeeded = succeeded.unwrap_or_else(|_| protocol::subscription_succeeded(channel));
        Ok((succeeded, added.map(|data| data.frame(MEMBER_ADDED, channel))))
    }

    /// A subscription has opened. `added` is for the others.
    pub(super) fn arrived(&mut self, channel: &Arc<str>, id: SocketId, added: Option<Utf8Bytes>) {
        let count = self.occupancy.came(channel);
        if count == 1 && !is_server_to_user(channel) {
            let channel = channel.clone();
            self.happenings.tell(EventKind::ChannelOccupied, || Happening::ChannelOccupied { channel });
        }
        if let Some(frame) = added {
            let user = self.rosters.get(channel).and_then(|roster| roster.member_of(id));
            if let Some((channel, user_id)) = user.map(|user| (channel.clone(), user.clone())) {
                self.say_of(&channel, Some(id), &user_id, &frame);
                self.happenings.tell(EventKind::MemberAdded, || Happening::MemberAdded { channel, user_id });
            }
        }
        self.show_count(channel, count);
    }

    /// A subscription that was open has ended, and its socket hears nothing of the channel any more.
    pub(super) fn departed(&mut self, channel: &Arc<str>, id: SocketId) {
        let count = self.occupancy.went(channel);
        if let Some(roster) = self.rosters.get_mut(channel) {
            if let Some(member) = roster.member_of(id) {
                self.listed.remove(member, id);
            }
            let gone = roster.leave(id);
            if roster.is_empty() {
                self.rosters.remove(channel);
            }
            if let Some(user_id) = gone {
                if let Ok(data) = EventData::of(&serde_json::json!({ "user_id": user_id })) {
                    self.say_of(channel, None, &user_id, &data.frame(MEMBER_REMOVED, channel));
                }
                let channel = channel.clone();
                self.happenings.tell(EventKind::MemberRemoved, || Happening::MemberRemoved { channel, user_id });
            }
        }
        if count == 0 && !is_server_to_user(channel) {
            let channel = channel.clone();
            self.happenings.tell(EventKind::ChannelVacated, || Happening::ChannelVacated { channel });
        }
        self.show_count(channel, count);
    }

    /// Of somebody on a presence channel; on Kabar's own to those who may notice them.
    fn say_of(&self, channel: &str, except: Option<SocketId>, member: &str, frame: &Utf8Bytes) {
        match own_user(channel, member) {
            None => self.say(channel, except, frame),
            Some(user) if self.discretion.is_hidden(&user) => {}
            Some(user) => self.say_to_others(channel, &user, frame),
        }
    }

    /// To everybody on one of Kabar's own channels but `user` and whoever is apart from them.
    pub(super) fn say_to_others(&self, channel: &str, user: &UserId, frame: &Utf8Bytes) {
        for subscriber in self.channels.get(channel).into_iter().flatten().map(|(_, subscriber)| subscriber) {
            let other = subscriber.user.as_ref();
            if other.is_some_and(|other| other != user && !self.discretion.are_apart(other, user)) {
                subscriber.put_if_open(frame);
            }
        }
    }

    /// What is said of a member who has come, or gone.
    pub(super) fn member_frame(&self, channel: &str, user: &UserId, is_here: bool) -> Option<Utf8Bytes> {
        if !is_here {
            let data = EventData::of(&serde_json::json!({ "user_id": user })).ok()?;
            return Some(data.frame(MEMBER_REMOVED, channel));
        }
        let data = EventData::of(&self.rosters.get(channel)?.member_shown(user.as_str())).ok()?;
        Some(data.frame(MEMBER_ADDED, channel))
    }

    /// Of a presence channel its members are told, and of the one from the server to somebody nothing.
    fn show_count(&mut self, channel: &Arc<str>, count: usize) {
        if !is_presence(channel) && !is_server_to_user(channel) && self.occupancy.is_shown_now(channel, count) {
            self.say_count(channel, count);
        }
    }

    fn say_count(&self, channel: &Arc<str>, count: usize) {
        self.say(channel, None, &protocol::subscription_count(channel, count));
        let channel = channel.clone();
        let happening = || Happening::SubscriptionCount { channel, subscription_count: count };
        self.happenings.tell(EventKind::SubscriptionCount, happening);
    }

    /// To those whose subscription is open: whoever opens later is shown all of it then.
    fn say(&self, channel: &str, except: Option<SocketId>, frame: &Utf8Bytes) {
        for (id, subscriber) in self.channels.get(channel).into_iter().flatten() {
            if Some(*id) != except {
                subscriber.put_if_open(frame);
            }
        }
    }
}

/// Who a member is, on Kabar's own channels: there it is one of its users.
fn own_user(channel: &str, member: &str) -> Option<UserId> {
    is_room_roster(channel).then(|| UserId::parse(member).ok()).flatten()
}

impl Hub {
    /// Shows the counts that were held back.
    pub fn show_counts(&self) {
        let mut state = self.state();
        for (channel, count) in state.occupancy.take_due() {
            state.say_count(&channel, count);
        }
    }
}
