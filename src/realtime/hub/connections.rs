//! Sockets come and go: each has an id and an outbox, and there are at most so many.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use super::Hub;
use super::outbox::Outbox;
use super::state::{Socket, State};
use crate::realtime::protocol::CloseCode;
use crate::realtime::protocol::socket_id::SocketId;

/// A new socket.
pub struct Connected {
    pub id: SocketId,
    /// What is to be written to it.
    pub outbox: Arc<Outbox>,
}

impl Hub {
    /// A new socket, or how to close it.
    pub fn connect(&self) -> Result<Connected, (CloseCode, &'static str)> {
        let mut state = self.state();
        if state.draining {
            return Err((CloseCode::Reconnect, "the server is stopping"));
        }
        if state.sockets.len() >= self.connections_max {
            return Err((CloseCode::OverCapacity, "too many connections"));
        }
        let mut id = SocketId::random();
        while state.sockets.contains_key(&id) {
            id = SocketId::random();
        }
        let outbox = Arc::new(Outbox::new(self.outgoing_frames_max, self.measures.clone()));
        state.sockets.insert(id, Socket { outbox: outbox.clone(), channels: HashSet::new(), signed_in: None });
        self.count(&state);
        Ok(Connected { id, outbox })
    }

    pub fn disconnect(&self, id: SocketId) {
        let mut state = self.state();
        state.end_all(id);
        state.sockets.remove(&id);
        self.count(&state);
    }

    fn count(&self, state: &State) {
        self.connections.send_replace(state.sockets.len());
        self.measures.connections.set(state.sockets.len() as f64);
    }

    /// How many sockets there are; wakes on every change.
    pub fn connections(&self) -> watch::Receiver<usize> {
        self.connections.subscribe()
    }

    /// From now on nobody new comes in.
    pub fn drain(&self) -> Vec<Arc<Outbox>> {
        let mut state = self.state();
        state.draining = true;
        state.sockets.values().map(|socket| socket.outbox.clone()).collect()
    }
}
