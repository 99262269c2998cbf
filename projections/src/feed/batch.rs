//! The changes of a batch, played out on the rows they touch.
//!
//! Between loading and writing, and for every engine the same. Never in here: SQL, IO.

use std::collections::{BTreeMap, BTreeSet};

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use event_log::Position;

use super::batch_choices::Choices;
use super::project::FeedChange;
use super::rows::NotificationRow;
use crate::store::touched::Touched;

/// Everything one batch reads and writes.
///
/// A feed read touches any number of rows, so those are not loaded: the engine first marks the stored rows by
/// [`FeedBatch::sweeps`], counting them, then writes the rows that were touched singly over whatever that did to them.
#[derive(Debug, Default)]
pub(crate) struct FeedBatch {
    pub notifications: Touched<NotificationId, NotificationRow>,
    /// Unread entries, for those who have any; every recipient of a touched row or a sweep is wanted.
    pub unread: Touched<UserId, u64>,
    /// By recipient, in the order of the log, `up_to` ascending: a later one with a lower `up_to` finds nothing.
    pub sweeps: BTreeMap<UserId, Vec<Sweep>>,
    pub choices: Choices,
    /// The touched rows as they were stored.
    before: Vec<NotificationRow>,
    /// The touched rows that are there, by whose they are.
    of: BTreeMap<UserId, Vec<NotificationId>>,
}

/// All stored rows of a recipient raised at or before `up_to` that are unread become read at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sweep {
    pub up_to: Position,
    pub at: Timestamp,
}

impl FeedBatch {
    /// A batch that knows which rows it needs and has none of them yet.
    pub(crate) fn wanting(changes: &[FeedChange]) -> Self {
        let mut batch = Self::default();
        for change in changes {
            batch.choices.want(change);
            match change {
                FeedChange::Raise(row) => batch.notifications.want(row.id),
                FeedChange::MarkRead { id, .. } | FeedChange::MarkUnread { id } => batch.notifications.want(*id),
                FeedChange::MarkAllRead { .. }
                | FeedChange::Settle(_)
                | FeedChange::Subscribe(_)
                | FeedChange::Unsubscribe { .. }
                | FeedChange::Erase { .. } => {}
            }
        }
        batch
    }

    /// A touched row as it is stored.
    pub(crate) fn load(&mut self, row: NotificationRow) {
        self.before.push(row.clone());
        self.of.entry(row.recipient_id.clone()).or_default().push(row.id);
        self.notifications.load(row.id, row);
    }

    /// Plays the changes out, in order, on the loaded rows.
    pub(crate) fn play(&mut self, changes: Vec<FeedChange>) {
        for change in changes {
            match change {
                FeedChange::Raise(row) => {
                    if self.notifications.get(&row.id).is_none() {
                        self.of.entry(row.recipient_id.clone()).or_default().push(row.id);
                        self.notifications.put(row.id, row);
                    }
                }
                FeedChange::MarkRead { id, at } => {
                    if let Some(row) = self.notifications.change(&id) {
                        row.read_at = row.read_at.or(Some(at));
                    }
                }
                FeedChange::MarkUnread { id } => {
                    if let Some(row) = self.notifications.change(&id) {
                        row.read_at = None;
                    }
                }
                FeedChange::MarkAllRead { user_id, up_to, at } => self.sweep(user_id, Sweep { up_to, at }),
                FeedChange::Settle(row) => drop(self.choices.settings.insert(row.user_id.clone(), row)),
                FeedChange::Subscribe(row) => self.choices.begin(row),
                FeedChange::Unsubscribe { user_id, topic, position } => self.choices.end(user_id, topic, position),
                FeedChange::Erase { user_id, position } => self.choices.erase(user_id, position),
            }
        }
        let recipients: BTreeSet<UserId> = self
            .sweeps
            .keys()
            .cloned()
            .chain(self.notifications.changed().map(|(_, row)| row.recipient_id.clone()))
            .collect();
        for recipient in recipients {
            self.unread.want(recipient);
        }
    }

    fn sweep(&mut self, user_id: UserId, sweep: Sweep) {
        for id in self.of.get(&user_id).into_iter().flatten() {
            let unread =
                self.notifications.get(id).is_some_and(|row| row.position <= sweep.up_to && row.read_at.is_none());
            if unread && let Some(row) = self.notifications.change(id) {
                row.read_at = Some(sweep.at);
            }
        }
        let sweeps = self.sweeps.entry(user_id).or_default();
        if sweeps.last().is_none_or(|last| last.up_to < sweep.up_to) {
            sweeps.push(sweep);
        }
    }

    /// Sets the counters, once they are loaded and the sweeps are done; `swept` says how many stored rows they marked.
    pub(crate) fn count(&mut self, swept: &BTreeMap<UserId, u64>) {
        let mut deltas: BTreeMap<UserId, i64> = BTreeMap::new();
        for (user, marked) in swept {
            *deltas.entry(user.clone()).or_default() -= i64::try_from(*marked).unwrap_or(i64::MAX);
        }
        for row in &self.before {
            let swept = self
                .sweeps
                .get(&row.recipient_id)
                .and_then(|sweeps| sweeps.last())
                .is_some_and(|last| row.position <= last.up_to);
            if row.read_at.is_none() && !swept {
                *deltas.entry(row.recipient_id.clone()).or_default() -= 1;
            }
        }
        for id in self.notifications.wanted() {
            if let Some(row) = self.notifications.get(id)
                && row.read_at.is_none()
            {
                *deltas.entry(row.recipient_id.clone()).or_default() += 1;
            }
        }
        for (user, delta) in deltas.into_iter().filter(|(_, delta)| *delta != 0) {
            let unread = self.unread.get(&user).copied().unwrap_or(0).saturating_add_signed(delta);
            // No row where nothing is unread, however it came to that: a rebuild in larger batches makes the same rows.
            if unread == 0 {
                self.unread.remove(&user);
            } else {
                self.unread.put(user, unread);
            }
        }
    }
}
