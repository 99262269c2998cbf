//! The way through what is somebody's, in whichever unit has it: a few rows per transaction.

use aggregates::ids::UserId;
use event_log::Position;
use rusqlite::{Connection, Result};

use super::{erasing, feed_erasing, search_erasing};
use crate::views::UnitName;

#[derive(Debug, Clone)]
pub(super) enum Walk {
    Inbox(erasing::Walk),
    Feed(feed_erasing::Walk),
    Search(search_erasing::Walk),
}

impl Walk {
    /// `None`: there is nothing to walk through, or no index to find it by.
    pub(super) fn of(unit: UnitName, connection: &Connection, user: UserId, up_to: Position) -> Result<Option<Self>> {
        Ok(match unit {
            UnitName::Inbox if erasing::has_indexes(connection)? => Some(Self::Inbox(erasing::Walk::of(user, up_to))),
            UnitName::Inbox => None,
            // Filling has made its indexes, where it met the first erasure.
            UnitName::Feed => Some(Self::Feed(feed_erasing::Walk::of(user, up_to))),
            UnitName::Search => Some(Self::Search(search_erasing::Walk::of(user, up_to))),
        })
    }

    /// Looks at about `rows_max` rows. `false`: that was the last of them.
    pub(super) fn on(&mut self, tx: &Connection, rows_max: usize) -> Result<bool> {
        match self {
            Self::Inbox(walk) => walk.on(tx, rows_max),
            Self::Feed(walk) => walk.on(tx, rows_max),
            Self::Search(walk) => walk.on(tx, rows_max),
        }
    }
}
