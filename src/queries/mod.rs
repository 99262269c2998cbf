//! From rows of the views to the objects of answers: joined by id in Rust, a few queries whatever the page's length.
//!
//! Separate from `projections`, which knows rows and no people's pictures, and from `http`, which knows requests. Never
//! in here: a write, a status code. Whoever asks waits for the position first; a query answers from what there is.

mod choices;
mod feed;
mod follows;
mod messages;
mod people;
mod presence;
mod receipts;
mod reports;
mod rooms;
mod search;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use event_log::{LogId, Position, PositionToken};
use projections::inbox::UserRow;
use projections::{ReadError, Views};

use crate::directory::Directory;
use crate::realtime::Realtime;

pub use choices::SubscriptionsPage;
pub use feed::{FeedAsk, NotificationsPage};
pub use follows::{Direction, FollowsPage};
pub use messages::{Asked, MessagesPage, NoPage};
pub use reports::{ReportsPage, WholeReport};
pub use rooms::{RoomsPage, RoomsWish};
pub use search::{SEARCHED_ROOMS_MAX, SearchPage, Searched};

/// What an answer is put together from. Made per request; holds nothing of its own.
#[derive(Clone, Copy)]
pub struct Queries<'a> {
    pub views: &'a Views,
    pub directory: &'a Directory,
    pub realtime: &'a Realtime,
    /// Positions go out as tokens of this log.
    pub log: LogId,
    /// When it is asked: whether something still holds.
    pub now: Timestamp,
}

/// Known people by id.
type People = HashMap<UserId, Arc<UserRow>>;

impl Queries<'_> {
    fn token(&self, position: Position) -> PositionToken {
        PositionToken { log: self.log, position }
    }

    async fn people<'i>(&self, ids: impl Iterator<Item = &'i UserId>) -> Result<People, ReadError> {
        let ids: BTreeSet<&UserId> = ids.collect();
        let ids: Vec<UserId> = ids.into_iter().cloned().collect();
        self.directory.people(&ids).await
    }
}

/// A page and whether there is more behind it: ask for one too many, then cut.
fn cut<T>(mut rows: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

fn row_of<'p>(people: &'p People, id: &UserId) -> Option<&'p UserRow> {
    people.get(id).map(Arc::as_ref)
}
