//! `unread` on a person's own channel: what waits in chat and feed, after changes of either.
//!
//! Asked of the views in bulk, when they have what changed it; the first change is shown at once, those after it at
//! most once a second and person, the last one always.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::UserId;
use event_log::Position;
use projections::{ReadError, UnitName};
use tokio_util::sync::CancellationToken;

use super::gathering::Gathered;
use crate::realtime::frames::{self, Unread};
use crate::realtime::hub::Except;
use crate::realtime::inner::Inner;
use crate::realtime::protocol::channel_name::user_channel;

/// What is counted is in these.
pub(in crate::realtime) const COUNTED_BY: [UnitName; 2] = [UnitName::Inbox, UnitName::Feed];
/// People asked about in one query.
const PEOPLE_AT_ONCE_MAX: usize = 500;
const RETRY: Duration = Duration::from_secs(1);

pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut gathered = Gathered::new(&inner.unread, inner.config.gather);
    while let Some(changed) = gathered.next(&stop).await {
        for some in changed.chunks(PEOPLE_AT_ONCE_MAX) {
            tokio::select! {
                () = stop.cancelled() => return,
                () = show(&inner, some) => {}
            }
        }
    }
}

/// To somebody who was away, what waits for them by now.
pub(in crate::realtime) fn retell(inner: &Inner, user: UserId) {
    let delivered = inner.hub.progress().borrow().unwrap_or_default();
    inner.unread.offer([(user, delivered)]);
}

/// Until it is shown: what is shown too late is right all the same, what is left out is not.
async fn show(inner: &Inner, changed: &[(UserId, Position)]) {
    let users: Vec<UserId> = changed.iter().map(|(user, _)| user.clone()).collect();
    let Some(position) = changed.iter().map(|(_, position)| *position).max() else { return };
    let token = inner.token(position);
    let (chat, notifications) = loop {
        match counts(inner, &users, position).await {
            Ok(counts) => break counts,
            Err(error) => {
                tracing::warn!(%error, "unread counts wait for the views");
                tokio::time::sleep(RETRY).await;
            }
        }
    };
    for ((user, chat), notifications) in users.iter().zip(chat).zip(notifications) {
        let data = Unread { chat, notifications, position: &token };
        inner.announce(&user_channel(user), frames::UNREAD, &data, None, Except::default());
    }
    inner.hub.wake();
}

async fn counts(inner: &Inner, users: &[UserId], position: Position) -> Result<(Vec<u64>, Vec<u64>), ReadError> {
    for unit in COUNTED_BY {
        while let Err(lagging) = inner.views.wait_for(unit, position, inner.config.view_patience).await {
            tracing::debug!(%lagging, "unread counts wait");
        }
    }
    tokio::try_join!(inner.views.inbox().unread_totals(users), inner.views.feed().unread_counts(users))
}
