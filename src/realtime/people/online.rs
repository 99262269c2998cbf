//! Which people are signed in on this node, by which connections, and who watches them come and go.
//!
//! Pure bookkeeping under the hub's lock. Both sides are bounded: connections by their limit, watchlists by theirs.

use std::collections::{HashMap, HashSet};

use aggregates::ids::UserId;

use crate::realtime::protocol::socket_id::SocketId;

#[derive(Default)]
struct Person {
    connections: HashSet<SocketId>,
    /// Connections whose watchlist they are on.
    watchers: HashSet<SocketId>,
}

#[derive(Default)]
pub struct Online(HashMap<UserId, Person>);

impl Online {
    /// True when it is their first connection.
    pub fn came(&mut self, user: &UserId, socket: SocketId) -> bool {
        let connections = &mut self.0.entry(user.clone()).or_default().connections;
        connections.insert(socket) && connections.len() == 1
    }

    /// True when it was their last connection.
    pub fn went(&mut self, user: &UserId, socket: SocketId) -> bool {
        let Some(person) = self.0.get_mut(user) else { return false };
        let last = person.connections.remove(&socket) && person.connections.is_empty();
        self.forget_if_idle(user);
        last
    }

    pub fn watch(&mut self, user: &UserId, watcher: SocketId) {
        self.0.entry(user.clone()).or_default().watchers.insert(watcher);
    }

    pub fn unwatch(&mut self, user: &UserId, watcher: SocketId) {
        if let Some(person) = self.0.get_mut(user) {
            person.watchers.remove(&watcher);
        }
        self.forget_if_idle(user);
    }

    pub fn is_online(&self, user: &UserId) -> bool {
        self.0.get(user).is_some_and(|person| !person.connections.is_empty())
    }

    pub fn watchers(&self, user: &UserId) -> impl Iterator<Item = SocketId> {
        self.0.get(user).into_iter().flat_map(|person| person.watchers.iter().copied())
    }

    fn forget_if_idle(&mut self, user: &UserId) {
        if self.0.get(user).is_some_and(|person| person.connections.is_empty() && person.watchers.is_empty()) {
            self.0.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_online_from_the_first_connection_to_the_last_and_then_forgotten() {
        let (mut online, ana) = (Online::default(), UserId::parse("ana").expect("an id"));
        let [phone, laptop, watcher] = std::array::from_fn(|_| SocketId::random());
        online.watch(&ana, watcher);
        assert!(!online.is_online(&ana));
        assert!(online.came(&ana, phone));
        assert!(!online.came(&ana, phone), "the same connection again");
        assert!(!online.came(&ana, laptop));
        assert!(!online.went(&ana, phone));
        assert!(online.is_online(&ana));
        assert!(online.went(&ana, laptop));
        assert_eq!(online.watchers(&ana).collect::<Vec<_>>(), [watcher], "still waited for");
        assert!(!online.went(&ana, laptop));
        online.unwatch(&ana, watcher);
        assert!(online.0.is_empty());
    }
}
