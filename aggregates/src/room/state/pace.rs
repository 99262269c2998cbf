//! Who has said something lately in a room that is slow.
//!
//! Kept only while the room is slow and no longer than its pause: as large as the number of people who spoke within it,
//! whatever the room's size and age. Shared between the door's copies of a state, like the members.

use rpds::{QueueSync, RedBlackTreeMapSync};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// 0 = as fast as they like.
    #[serde(default, skip_serializing_if = "is_zero")]
    pause_seconds: u32,
    #[serde(default, skip_serializing_if = "QueueSync::is_empty")]
    lately: QueueSync<(UserId, Timestamp)>,
    /// When each of them spoke last.
    #[serde(default, skip_serializing_if = "RedBlackTreeMapSync::is_empty")]
    last: RedBlackTreeMapSync<UserId, Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

impl Pace {
    pub const fn pause_seconds(&self) -> u32 {
        self.pause_seconds
    }

    /// Whoever spoke before may speak anew at once: a new pause begins with the next message.
    pub fn set(&mut self, pause_seconds: u32) {
        *self = Self { pause_seconds, ..Self::default() };
    }

    /// Seconds until `user` may speak again, at least 1; `None` when they may now.
    pub fn wait(&self, user: &UserId, at: Timestamp) -> Option<u32> {
        let due = self.last.get(user)?.as_millis() + i64::from(self.pause_seconds) * 1_000;
        let left = due - at.as_millis();
        // Clocks of two nodes differ a little; nobody waits longer than the pause.
        (left > 0).then(|| u32::try_from(left.div_euclid(1_000) + 1).unwrap_or(1).min(self.pause_seconds))
    }

    pub fn spoke(&mut self, user: &UserId, at: Timestamp) {
        if self.pause_seconds == 0 {
            return;
        }
        let long_ago = at.as_millis() - i64::from(self.pause_seconds) * 1_000;
        while let Some((speaker, when)) = self.lately.peek().filter(|(_, when)| when.as_millis() <= long_ago).cloned() {
            self.lately.dequeue_mut();
            if self.last.get(&speaker) == Some(&when) {
                self.last.remove_mut(&speaker);
            }
        }
        self.lately.enqueue_mut((user.clone(), at));
        self.last.insert_mut(user.clone(), at);
    }

    pub fn weight_bytes(&self) -> usize {
        const SPEAKER: usize = 160;
        self.lately.len() * SPEAKER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{ana, ben, noon};

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_millis(noon().as_millis() + seconds * 1_000)
    }

    #[test]
    fn whoever_spoke_waits_out_the_pause_and_nobody_else_does() {
        let mut pace = Pace::default();
        pace.set(30);
        pace.spoke(&ana(), after(0));
        assert_eq!((pace.wait(&ana(), after(0)), pace.wait(&ben(), after(0))), (Some(30), None));
        assert_eq!(pace.wait(&ana(), after(29)), Some(2));
        assert_eq!(pace.wait(&ana(), after(30)), None);
        pace.set(0);
        pace.spoke(&ana(), after(0));
        assert_eq!(pace, Pace::default(), "a room that is not slow remembers nobody");
    }

    #[test]
    fn promise_8_it_remembers_only_who_spoke_within_the_pause() {
        let mut pace = Pace::default();
        pace.set(10);
        for second in 0..1_000 {
            let speaker = UserId::parse(&format!("user-{second}")).expect("a valid id");
            pace.spoke(&speaker, after(second));
        }
        assert_eq!((pace.lately.len(), pace.last.size()), (10, 10));
    }
}
