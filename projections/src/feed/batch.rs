//! The changes of a batch, played out on the rows they touch.
//!
//! Between loading and writing, and for every engine the same. Never in here: SQL, IO.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::policy::channels::Channel;
use event_log::Position;

use super::batch_choices::Choices;
use super::deliveries::{DeliveryChange, DeliveryRow};
use super::project::FeedChange;
use super::rows::NotificationRow;
use crate::store::touched::Touched;

/// Which delivery.
pub(crate) type DeliveryKey = (NotificationId, Channel);

/// Everything one batch reads and writes.
///
/// A feed read touches any number of rows, and so does an erasure. Those are not loaded: the engine first deletes what the
/// erased had ([`Choices::erased`]), then marks the stored rows by [`FeedBatch::sweeps`], counting them, then writes the
/// rows that were touched singly over whatever that did to them.
#[derive(Debug, Default)]
pub(crate) struct FeedBatch {
    pub notifications: Touched<NotificationId, NotificationRow>,
    /// Loaded with the notifications that [`FeedBatch::delivered`] names; of one that is not stored there are none.
    pub deliveries: Touched<DeliveryKey, DeliveryRow>,
    /// Unread entries, for those who have any; every recipient of a touched row or a sweep is wanted.
    pub unread: Touched<UserId, u64>,
    /// By recipient, in the order of the log, `up_to` ascending: a later one with a lower `up_to` finds nothing.
    pub sweeps: BTreeMap<UserId, Vec<Sweep>>,
    pub choices: Choices,
    /// Notifications of which something happens on channels that lead outside.
    delivered: BTreeSet<NotificationId>,
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
                FeedChange::Raise(row) => {
                    batch.notifications.want(row.id);
                    batch.delivered.insert(row.id);
                }
                FeedChange::Deliver(DeliveryChange { id, .. }) => {
                    batch.notifications.want(*id);
                    batch.delivered.insert(*id);
                }
                FeedChange::MarkRead { id, .. }
                | FeedChange::MarkUnread { id }
                | FeedChange::Click { id, .. }
                | FeedChange::Archive { id, .. }
                | FeedChange::Delete { id } => batch.notifications.want(*id),
                FeedChange::MarkAllRead { .. }
                | FeedChange::Settle(_)
                | FeedChange::Subscribe(_)
                | FeedChange::Unsubscribe { .. }
                | FeedChange::Erase { .. } => {}
            }
        }
        batch
    }

    /// What `changes` come to where nothing is stored of what they are about: each notification is raised in here, and once.
    /// `None` where they are about anything else.
    pub(crate) fn of_new(changes: &[FeedChange]) -> Option<Self> {
        let mut raised = HashSet::new();
        let is_new = |change: &FeedChange| match change {
            FeedChange::Raise(row) => raised.insert(row.id),
            FeedChange::Deliver(DeliveryChange { id, .. }) => raised.contains(id),
            FeedChange::MarkRead { .. }
            | FeedChange::MarkUnread { .. }
            | FeedChange::Click { .. }
            | FeedChange::Archive { .. }
            | FeedChange::Delete { .. }
            | FeedChange::MarkAllRead { .. }
            | FeedChange::Settle(_)
            | FeedChange::Subscribe(_)
            | FeedChange::Unsubscribe { .. }
            | FeedChange::Erase { .. } => false,
        };
        if !changes.iter().all(is_new) {
            return None;
        }
        let mut batch = Self::wanting(changes);
        batch.play(changes.to_vec());
        batch.count(&BTreeMap::new());
        Some(batch)
    }

    /// A touched row as it is stored.
    pub(crate) fn load(&mut self, row: NotificationRow) {
        self.before.push(row.clone());
        self.of.entry(row.recipient_id.clone()).or_default().push(row.id);
        self.notifications.load(row.id, row);
    }

    /// Those whose deliveries are to be loaded: all that are stored.
    pub(crate) fn delivered(&self) -> impl Iterator<Item = &NotificationId> {
        self.delivered.iter().filter(|id| self.notifications.is_stored(id))
    }

    /// Plays the changes out, in order, on the loaded rows.
    pub(crate) fn play(&mut self, changes: Vec<FeedChange>) {
        for change in changes {
            match change {
                FeedChange::Raise(row) => self.raise(*row),
                FeedChange::Deliver(change) => self.deliver(&change),
                FeedChange::MarkRead { id, at } => {
                    self.mark(&id, |row| row.read_at = row.read_at.or(Some(at)));
                }
                FeedChange::MarkUnread { id } => self.mark(&id, |row| row.read_at = None),
                FeedChange::Click { id, at } => {
                    // Also of what was kept from the feed: its link came another way.
                    if let Some(row) = self.notifications.change(&id) {
                        row.clicked_at = row.clicked_at.or(Some(at));
                    }
                }
                FeedChange::Archive { id, at } => self.mark(&id, |row| row.archived_at = at),
                FeedChange::Delete { id } => self.mark(&id, |row| (row.in_feed, row.content) = (false, None)),
                FeedChange::MarkAllRead { user_id, up_to, at } => self.sweep(user_id, Sweep { up_to, at }),
                FeedChange::Settle(row) => drop(self.choices.settings.insert(row.user_id.clone(), row)),
                FeedChange::Subscribe(row) => self.choices.begin(row),
                FeedChange::Unsubscribe { user_id, topic, position } => self.choices.end(user_id, topic, position),
                FeedChange::Erase { user_id, position } => self.erase(user_id, position),
            }
        }
        let recipients: BTreeSet<UserId> = self
            .sweeps
            .keys()
            .chain(self.choices.erased.keys())
            .cloned()
            .chain(self.before.iter().map(|row| row.recipient_id.clone()))
            .chain(self.notifications.changed().map(|(_, row)| row.recipient_id.clone()))
            .collect();
        for recipient in recipients {
            self.unread.want(recipient);
        }
    }

    /// Nobody was told of it before, or it was somebody else of that id who was.
    fn raise(&mut self, row: NotificationRow) {
        self.forget(row.id);
        self.of.entry(row.recipient_id.clone()).or_default().push(row.id);
        self.notifications.put(row.id, row);
    }

    fn forget(&mut self, id: NotificationId) {
        if let Some(row) = self.notifications.get(&id)
            && let Some(theirs) = self.of.get_mut(&row.recipient_id)
        {
            theirs.retain(|other| *other != id);
        }
        self.notifications.remove(&id);
        for channel in Channel::ALL {
            self.deliveries.remove(&(id, channel));
        }
    }

    /// What is not there, or not any more, is delivered to nobody.
    fn deliver(&mut self, change: &DeliveryChange) {
        let key = (change.id, change.channel);
        if let Some(notification) = self.notifications.get(&change.id)
            && let Some(row) = DeliveryRow::after(self.deliveries.get(&key), notification, change)
        {
            self.deliveries.put(key, row);
        }
    }

    /// What is not in the feed cannot be marked there.
    fn mark(&mut self, id: &NotificationId, mark: impl FnOnce(&mut NotificationRow)) {
        if self.notifications.get(id).is_some_and(|row| row.in_feed)
            && let Some(row) = self.notifications.change(id)
        {
            mark(row);
        }
    }

    fn sweep(&mut self, user_id: UserId, sweep: Sweep) {
        for id in self.of.get(&user_id).into_iter().flatten() {
            let unread = self.notifications.get(id).is_some_and(|row| row.position <= sweep.up_to && row.is_unread());
            if unread && let Some(row) = self.notifications.change(id) {
                row.read_at = Some(sweep.at);
            }
        }
        let sweeps = self.sweeps.entry(user_id).or_default();
        if sweeps.last().is_none_or(|last| last.up_to < sweep.up_to) {
            sweeps.push(sweep);
        }
    }

    /// All that there is of theirs was raised before it.
    fn erase(&mut self, user_id: UserId, position: Position) {
        for id in self.of.get(&user_id).cloned().unwrap_or_default() {
            self.forget(id);
        }
        self.sweeps.remove(&user_id);
        self.choices.erase(user_id, position);
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
            if row.is_unread() && !swept {
                *deltas.entry(row.recipient_id.clone()).or_default() -= 1;
            }
        }
        // Of somebody erased nothing is left but what came behind, and all of that is in here.
        for user in self.choices.erased.keys() {
            self.unread.remove(user);
            deltas.insert(user.clone(), 0);
        }
        for id in self.notifications.wanted() {
            if let Some(row) = self.notifications.get(id)
                && row.is_unread()
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
