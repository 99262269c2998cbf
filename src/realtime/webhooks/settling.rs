//! Holds back that a channel was vacated and that a member went: a page that is loaded anew is gone for a moment, and of
//! that nobody is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::happening::Happening;

const HELD_FOR: Duration = Duration::from_secs(3);
/// More than these are told at once.
const HELD_MAX: usize = 10_000;

/// A channel, or somebody on it.
type Subject = (Arc<str>, Option<Arc<str>>);

#[derive(Default)]
pub(super) struct Settling {
    held: HashMap<Subject, (Instant, Happening)>,
}

impl Settling {
    /// What is to be told now of `happening`, if anything.
    pub fn take(&mut self, happening: Happening, now: Instant) -> Option<Happening> {
        let (subject, ended) = match &happening {
            Happening::ChannelVacated { channel } => ((channel.clone(), None), true),
            Happening::ChannelOccupied { channel } => ((channel.clone(), None), false),
            Happening::MemberRemoved { channel, user_id } => ((channel.clone(), Some(user_id.clone())), true),
            Happening::MemberAdded { channel, user_id } => ((channel.clone(), Some(user_id.clone())), false),
            Happening::ClientEvent { .. } | Happening::CacheMiss { .. } | Happening::SubscriptionCount { .. } => {
                return Some(happening);
            }
        };
        match ended {
            true if self.held.len() < HELD_MAX => {
                self.held.insert(subject, (now + HELD_FOR, happening));
                None
            }
            true => Some(happening),
            // What was held back and this undo each other.
            false => match self.held.remove(&subject) {
                Some(_) => None,
                None => Some(happening),
            },
        }
    }

    /// When the next one has been held for long enough.
    pub fn next(&self) -> Option<Instant> {
        self.held.values().map(|(at, _)| *at).min()
    }

    /// Those that have.
    pub fn take_over(&mut self, now: Instant) -> Vec<Happening> {
        let mut over: Vec<(Instant, Happening)> =
            self.held.extract_if(|_, (at, _)| *at <= now).map(|(_, held)| held).collect();
        over.sort_by_key(|(at, _)| *at);
        over.into_iter().map(|(_, happening)| happening).collect()
    }

    pub fn take_all(&mut self) -> Vec<Happening> {
        let mut all: Vec<(Instant, Happening)> = self.held.drain().map(|(_, held)| held).collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, happening)| happening).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occupied() -> Happening {
        Happening::ChannelOccupied { channel: Arc::from("lobby") }
    }

    fn vacated() -> Happening {
        Happening::ChannelVacated { channel: Arc::from("lobby") }
    }

    #[test]
    fn who_is_back_within_three_seconds_was_never_away() {
        let (mut settling, start) = (Settling::default(), Instant::now());
        assert_eq!(settling.take(occupied(), start), Some(occupied()));
        assert_eq!(settling.take(vacated(), start), None);
        assert_eq!(settling.next(), Some(start + HELD_FOR));
        assert_eq!(settling.take(occupied(), start + HELD_FOR / 2), None);
        assert_eq!((settling.next(), settling.take_over(start + 2 * HELD_FOR)), (None, vec![]));
    }

    #[test]
    fn who_stays_away_is_told_of_when_the_time_is_over() {
        let (mut settling, start) = (Settling::default(), Instant::now());
        let removed = Happening::MemberRemoved { channel: Arc::from("presence-x"), user_id: Arc::from("ana") };
        let other = Happening::MemberAdded { channel: Arc::from("presence-x"), user_id: Arc::from("ben") };
        assert_eq!(settling.take(removed.clone(), start), None);
        assert_eq!(settling.take(other.clone(), start), Some(other), "somebody else");
        assert_eq!(settling.take(vacated(), start + Duration::from_millis(1)), None);
        assert_eq!(settling.take_over(start + HELD_FOR), [removed]);
        assert_eq!(settling.take_all(), [vacated()]);
    }

    #[test]
    fn more_than_are_held_are_told_at_once() {
        let (mut settling, start) = (Settling::default(), Instant::now());
        for number in 0..HELD_MAX {
            settling.take(Happening::ChannelVacated { channel: Arc::from(number.to_string()) }, start);
        }
        assert_eq!(settling.take(vacated(), start), Some(vacated()));
    }
}
