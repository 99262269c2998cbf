//! What one client says to the others of a channel.

use aggregates::ids::UserId;

use super::Hub;
use crate::realtime::protocol::channel_name::{PusherChannel, Subject};
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, ClientEvent};
use crate::realtime::webhooks::{EventKind, Happening};

impl Hub {
    /// To the others of its channel; false where the sender is not subscribed. In a room of two between whom there is a
    /// block it goes nowhere, and its sender is told nothing: nobody is told that they were blocked.
    pub fn relay(&self, sender: SocketId, said: &ClientEvent) -> bool {
        let state = self.state();
        let Some(subscribers) = state.channels.get(said.channel.as_str()) else { return false };
        let Some(sending) = subscribers.get(&sender).filter(|subscriber| subscriber.is_open()) else { return false };
        let channel = PusherChannel::parse(&said.channel).ok();
        let room = channel.and_then(|channel| match channel.subject() {
            Subject::MembersOf(room) => Some(room),
            Subject::User(_) | Subject::Group(_) | Subject::SignedIn(_) => None,
            Subject::Application | Subject::Everybody => None,
        });
        let of_two = room.zip(sending.user.as_ref());
        let hears = |user: &UserId| !of_two.is_some_and(|(room, from)| state.discretion.is_shut(room, from, user));
        let user_id = state.rosters.get(said.channel.as_str()).and_then(|roster| roster.member_of(sender));
        let frame = protocol::event(&said.event, &said.channel, &said.data, user_id.map(|id| &**id));
        for (id, subscriber) in subscribers {
            if *id != sender && subscriber.user.as_ref().is_none_or(hears) {
                subscriber.put_if_open(&frame);
            }
        }
        state.happenings.tell(EventKind::ClientEvent, || Happening::ClientEvent {
            channel: said.channel.clone(),
            event: said.event.clone(),
            data: said.data.clone(),
            socket_id: sender.to_string(),
            user_id: user_id.cloned(),
        });
        true
    }
}
