//! The way through what is somebody's, in whichever unit has it: a few rows per transaction.

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::{Connection, PgConnection};

use super::{erasing, feed_erasing, search_erasing};
use crate::views::UnitName;

pub(super) enum Walk<'a> {
    Inbox(erasing::Walk<'a>),
    Feed(feed_erasing::Walk<'a>),
    Search(search_erasing::Walk<'a>),
}

impl<'a> Walk<'a> {
    /// `None`: there is nothing to walk through, or no index to find it by.
    pub(super) async fn of(
        unit: UnitName,
        schema: &'a str,
        connection: &mut PgConnection,
        (user, up_to): (UserId, Position),
    ) -> sqlx::Result<Option<Self>> {
        Ok(match unit {
            UnitName::Inbox if erasing::has_indexes(connection, schema).await? => {
                Some(Self::Inbox(erasing::Walk::of(schema, user, up_to)))
            }
            UnitName::Search if search_erasing::has_index(connection, schema).await? => {
                Some(Self::Search(search_erasing::Walk::of(schema, user, up_to)))
            }
            // Filling has made its indexes, where it met the first erasure.
            UnitName::Feed => Some(Self::Feed(feed_erasing::Walk::of(schema, user, up_to))),
            UnitName::Inbox | UnitName::Search => None,
        })
    }

    /// Looks at about `rows_max` rows. `false`: that was the last of them.
    pub(super) async fn on(&mut self, connection: &mut PgConnection, rows_max: usize) -> sqlx::Result<bool> {
        match self {
            Self::Inbox(walk) => walk.on(connection, rows_max).await,
            Self::Feed(walk) => walk.on(connection, rows_max).await,
            Self::Search(walk) => walk.on(connection, rows_max).await,
        }
    }
}

/// Those whom filling noted, to be walked through.
pub(super) async fn noted(
    unit: UnitName,
    connection: &mut PgConnection,
    schema: &str,
) -> sqlx::Result<Vec<(UserId, Position)>> {
    match unit {
        UnitName::Inbox => erasing::noted(connection, schema).await,
        UnitName::Feed => Ok(Vec::new()),
        UnitName::Search => search_erasing::noted(connection, schema).await,
    }
}

/// Behind their walk: what else there is of them, and the note.
pub(super) async fn finish_noted(
    unit: UnitName,
    connection: &mut PgConnection,
    schema: &str,
    (user, up_to): (&UserId, Position),
) -> sqlx::Result<()> {
    match unit {
        UnitName::Inbox => {
            let mut tx = connection.begin().await?;
            erasing::finish_noted(&mut tx, schema, user, up_to).await?;
            tx.commit().await
        }
        UnitName::Feed => Ok(()),
        UnitName::Search => search_erasing::forget_noted(connection, schema, user).await,
    }
}
