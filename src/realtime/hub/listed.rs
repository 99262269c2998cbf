//! By which connections somebody is on presence channels, whichever these are: to end them without a look at every channel.
//!
//! Pure bookkeeping under the hub's lock, beside the rosters and brought forward with them. By the id they are shown under,
//! which on the application's own channels may be any text.

use std::collections::HashMap;
use std::sync::Arc;

use crate::realtime::protocol::socket_id::SocketId;

/// Of each connection, on how many channels it is as them.
#[derive(Default)]
pub struct Listed(HashMap<Arc<str>, HashMap<SocketId, usize>>);

impl Listed {
    pub fn add(&mut self, member: &Arc<str>, socket: SocketId) {
        *self.0.entry(member.clone()).or_default().entry(socket).or_default() += 1;
    }

    pub fn remove(&mut self, member: &str, socket: SocketId) {
        let Some(sockets) = self.0.get_mut(member) else { return };
        if let Some(channels) = sockets.get_mut(&socket) {
            *channels -= 1;
            if *channels == 0 {
                sockets.remove(&socket);
            }
        }
        if sockets.is_empty() {
            self.0.remove(member);
        }
    }

    pub fn sockets(&self, member: &str) -> impl Iterator<Item = SocketId> {
        self.0.get(member).into_iter().flat_map(|sockets| sockets.keys().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_found_until_it_has_left_the_last_channel_and_then_nothing_is_kept() {
        let (mut listed, phone, laptop) = (Listed::default(), SocketId::random(), SocketId::random());
        let (ana, ben) = (Arc::<str>::from("ana"), Arc::<str>::from("Ben Ten"));
        for (member, socket) in [(&ana, phone), (&ana, phone), (&ana, laptop), (&ben, phone)] {
            listed.add(member, socket);
        }
        let found = |listed: &Listed, member: &str| {
            let mut sockets: Vec<SocketId> = listed.sockets(member).collect();
            sockets.sort_unstable();
            sockets
        };
        listed.remove("ana", phone);
        let mut both = vec![phone, laptop];
        both.sort_unstable();
        assert_eq!(found(&listed, "ana"), both, "she is on another channel by the phone");
        listed.remove("ana", phone);
        assert_eq!((found(&listed, "ana"), found(&listed, "Ben Ten")), (vec![laptop], vec![phone]));
        listed.remove("ana", laptop);
        listed.remove("Ben Ten", phone);
        assert!(listed.0.is_empty());
    }
}
