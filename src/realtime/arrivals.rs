//! What the others on a channel hear when a subscription opens or ends: `member_added`, `member_removed`,
//! `subscription_count`. A part of the hub; all of it in the same step as the change itself.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;

use super::channel_name::{is_presence, is_server_to_user};
use super::claims::Member;
use super::hub::{Hub, State};
use super::protocol::{self, EventData};
use super::roster::Joined;
use super::socket_id::SocketId;
use super::webhooks::{EventKind, Happening};

const MEMBER_ADDED: &str = "pusher_internal:member_added";
const MEMBER_REMOVED: &str = "pusher_internal:member_removed";

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
        let succeeded = protocol::subscription_succeeded_among(channel, &roster.shown());
        let added = match joined {
            Joined::Full => return Err(Full),
            Joined::Again => None,
            Joined::First => EventData::of(&roster.member_shown(&user)).ok(),
        };
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
            self.say(channel, Some(id), &frame);
            let user = self.rosters.get(channel).and_then(|roster| roster.member_of(id));
            if let Some((channel, user_id)) = user.map(|user| (channel.clone(), user.clone())) {
                self.happenings.tell(EventKind::MemberAdded, || Happening::MemberAdded { channel, user_id });
            }
        }
        self.show_count(channel, count);
    }

    /// A subscription that was open has ended, and its socket hears nothing of the channel any more.
    pub(super) fn departed(&mut self, channel: &Arc<str>, id: SocketId) {
        let count = self.occupancy.went(channel);
        if let Some(roster) = self.rosters.get_mut(channel) {
            let gone = roster.leave(id);
            if roster.is_empty() {
                self.rosters.remove(channel);
            }
            if let Some(user_id) = gone {
                if let Ok(data) = EventData::of(&serde_json::json!({ "user_id": user_id })) {
                    self.say(channel, None, &data.frame(MEMBER_REMOVED, channel));
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

    fn show_count(&mut self, channel: &Arc<str>, count: usize) {
        if !is_presence(channel) && self.occupancy.is_shown_now(channel, count) {
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

impl Hub {
    /// Shows the counts that were held back.
    pub fn show_counts(&self) {
        let mut state = self.state();
        for (channel, count) in state.occupancy.take_due() {
            state.say_count(&channel, count);
        }
    }
}
