//! Which rooms let somebody listen to the channel of one of the platform's groups.
//!
//! Whoever is in a room of the group may; with the last such room it ends. Pure bookkeeping under the hub's lock. A room of
//! the group that somebody came into later is not counted: cut off, they may subscribe again and are looked at anew.

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};

use crate::realtime::protocol::socket_id::SocketId;

struct Listener {
    channel: Arc<str>,
    socket: SocketId,
    rooms: Vec<RoomId>,
}

#[derive(Default)]
pub struct GroupListeners(HashMap<UserId, Vec<Listener>>);

impl GroupListeners {
    pub fn add(&mut self, user: &UserId, channel: Arc<str>, socket: SocketId, rooms: Vec<RoomId>) {
        self.0.entry(user.clone()).or_default().push(Listener { channel, socket, rooms });
    }

    pub fn remove(&mut self, user: &UserId, channel: &str, socket: SocketId) {
        let Some(listeners) = self.0.get_mut(user) else { return };
        listeners.retain(|it| it.socket != socket || &*it.channel != channel);
        if listeners.is_empty() {
            self.0.remove(user);
        }
    }

    /// `user` has left `room`: the subscriptions that nothing speaks for any more.
    pub fn left(&mut self, user: &UserId, room: RoomId) -> Vec<(Arc<str>, SocketId)> {
        let mut over = Vec::new();
        for listener in self.0.get_mut(user).into_iter().flatten() {
            let before = listener.rooms.len();
            listener.rooms.retain(|it| *it != room);
            if before > 0 && listener.rooms.is_empty() {
                over.push((listener.channel.clone(), listener.socket));
            }
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn it_ends_with_the_last_room_of_the_group() {
        let (mut listeners, ana) = (GroupListeners::default(), UserId::parse("ana").expect("an id"));
        let [first, second, other] = [1, 2, 3].map(|number| RoomId(Uuid::from_u128(number)));
        let (channel, socket) = (Arc::<str>::from("private-group-7"), SocketId::random());
        listeners.add(&ana, channel.clone(), socket, vec![first, second]);
        assert_eq!(listeners.left(&ana, other), []);
        assert_eq!(listeners.left(&ana, first), []);
        assert_eq!(listeners.left(&ana, second), [(channel.clone(), socket)]);
        assert_eq!(listeners.left(&ana, second), [], "said once");
        listeners.remove(&ana, &channel, socket);
        assert!(listeners.0.is_empty());
    }
}
