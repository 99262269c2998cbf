//! Which socket asked for a command, so that its own frame passes it by (requirements §3: send, typing and read take
//! `socket_id`).
//!
//! Said before the command is carried out: the tail may be faster than the answer. Memory only, and bounded: forgotten,
//! a socket hears of its own doing, which clients put up with.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::CommandId;
use tokio::time::Instant;

use crate::realtime::Realtime;
use crate::realtime::protocol::socket_id::SocketId;

/// A command takes at most 2 s, its frame little longer.
const KEPT: Duration = Duration::from_secs(30);
const KEPT_MAX: usize = 65_536;

#[derive(Default)]
pub struct Skips(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    sockets: HashMap<CommandId, SocketId>,
    order: VecDeque<(Instant, CommandId)>,
}

impl Skips {
    pub fn remember(&self, command: CommandId, socket: SocketId, now: Instant) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = kept.order.len() >= KEPT_MAX;
        while let Some((_, old)) = kept.order.pop_front_if(|(since, _)| full || now.duration_since(*since) > KEPT) {
            kept.sockets.remove(&old);
            if kept.order.len() < KEPT_MAX / 2 {
                break;
            }
        }
        kept.sockets.insert(command, socket);
        kept.order.push_back((now, command));
    }

    pub fn socket(&self, command: Option<CommandId>) -> Option<SocketId> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sockets.get(&command?).copied()
    }
}

impl Realtime {
    /// The frames of this command pass this socket by. To be said before the command is carried out.
    pub fn skip_socket(&self, command: CommandId, socket: SocketId) {
        self.0.skips.remember(command, socket, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_command_is_remembered_for_a_while_and_never_too_many() {
        let skips = Skips::default();
        let (start, socket) = (Instant::now(), SocketId::random());
        let command = |number: u128| CommandId(Uuid::from_u128(number));
        skips.remember(command(0), socket, start);
        assert_eq!(skips.socket(Some(command(0))), Some(socket));
        assert_eq!((skips.socket(Some(command(1))), skips.socket(None)), (None, None));
        skips.remember(command(1), socket, start + KEPT + Duration::from_secs(1));
        assert_eq!(skips.socket(Some(command(0))), None);
        for number in 2..2 * KEPT_MAX as u128 {
            skips.remember(command(number), socket, start + 2 * KEPT);
        }
        let kept = skips.0.lock().expect("nobody panicked");
        assert!(kept.order.len() <= KEPT_MAX && kept.sockets.len() <= KEPT_MAX);
    }
}
