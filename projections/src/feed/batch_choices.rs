//! What people chose in a batch, played out on the stretches that are open.
//!
//! Whoever is erased loses all of it, also what is not loaded: the engine deletes their rows first, and then writes what
//! came behind their erasure. So it is with their notifications, see [`super::batch`].

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use aggregates::subscription::Topic;
use event_log::Position;

use super::choices::{SettingsRow, SubscriptionRow};
use super::project::FeedChange;
use crate::store::touched::Touched;

/// Who, what, and where the stretch begins.
pub(crate) type StretchKey = (UserId, Topic, Position);

#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// Whole as they are, so none is loaded.
    pub settings: BTreeMap<UserId, SettingsRow>,
    pub stretches: Touched<StretchKey, SubscriptionRow>,
    /// Whose rows go, up to where.
    pub erased: BTreeMap<UserId, Position>,
    /// Where the stretch begins that is open, if one is; each that is touched is in here, and loaded where it is stored.
    open: BTreeMap<(UserId, Topic), Option<Position>>,
}

impl Choices {
    pub(crate) fn want(&mut self, change: &FeedChange) {
        match change {
            FeedChange::Subscribe(SubscriptionRow { user_id, topic, .. })
            | FeedChange::Unsubscribe { user_id, topic, .. } => {
                self.open.entry((user_id.clone(), topic.clone())).or_insert(None);
            }
            FeedChange::Raise(_)
            | FeedChange::Deliver(_)
            | FeedChange::MarkRead { .. }
            | FeedChange::MarkUnread { .. }
            | FeedChange::Click { .. }
            | FeedChange::Archive { .. }
            | FeedChange::Delete { .. }
            | FeedChange::MarkAllRead { .. }
            | FeedChange::Settle(_)
            | FeedChange::Erase { .. } => {}
        }
    }

    /// Those whose open stretch has to be loaded.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &(UserId, Topic)> {
        self.open.keys()
    }

    /// An open stretch as it is stored.
    pub(crate) fn load(&mut self, row: SubscriptionRow) {
        self.open.insert((row.user_id.clone(), row.topic.clone()), Some(row.from));
        self.stretches.load((row.user_id.clone(), row.topic.clone(), row.from), row);
    }

    /// Other channels are another stretch; the same ones go on.
    pub(crate) fn begin(&mut self, row: SubscriptionRow) {
        let (user_id, topic, from) = (row.user_id.clone(), row.topic.clone(), row.from);
        let known = self.open.get(&(user_id.clone(), topic.clone())).copied().flatten();
        let known = known.and_then(|began| self.stretches.get(&(user_id.clone(), topic.clone(), began)));
        if known.is_some_and(|known| known.says_the_same(&row)) {
            return;
        }
        self.end(user_id.clone(), topic.clone(), from);
        self.open.insert((user_id.clone(), topic.clone()), Some(from));
        self.stretches.put((user_id, topic, from), row);
    }

    pub(crate) fn end(&mut self, user_id: UserId, topic: Topic, at: Position) {
        let began = self.open.insert((user_id.clone(), topic.clone()), None).flatten();
        if let Some(row) = began.and_then(|began| self.stretches.change(&(user_id, topic, began))) {
            row.to = Some(at);
        }
    }

    pub(crate) fn erase(&mut self, user_id: UserId, at: Position) {
        self.settings.remove(&user_id);
        let theirs: Vec<StretchKey> = self.stretches.wanted().filter(|(user, ..)| *user == user_id).cloned().collect();
        theirs.iter().for_each(|key| self.stretches.remove(key));
        self.open.iter_mut().filter(|((user, _), _)| *user == user_id).for_each(|(_, began)| *began = None);
        self.erased.insert(user_id, at);
    }
}
