//! When people were last here, and who wants to be seen by nobody: a small table outside log and views.
//!
//! Apart from both because it is written with every coming and going, at most once a minute for each, and nobody decides on
//! it. What is lost of it is lost: it is no part of a backup. One file per engine. It lies with the log, so that whoever
//! erases somebody there reaches it. Never in here: who is here now, and who may know.

mod postgres;
mod sqlite;

use std::sync::Arc;

use aggregates::ids::UserId;
use aggregates::user::UserEvent;
use aggregates::{AggregateKind, DomainEvent, Timestamp};
use async_trait::async_trait;

use crate::port::{EventLogError, Filter, SharedLog};
use crate::position::{LogId, Position};
use crate::store_url::StoreUrl;

/// Events looked through together for people who were erased.
const PAGE_EVENTS: usize = 1_000;

/// What is kept of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub user_id: UserId,
    /// `None`: not known, or never visibly.
    pub at: Option<Timestamp>,
    pub invisible: bool,
}

#[async_trait]
pub trait LastSeen: Send + Sync + 'static {
    /// When each was last here; a moment never goes back. Whether they hide is left as it is: another node, or a wish that
    /// overtook this one, may know better.
    async fn saw(&self, seen: Vec<(UserId, Timestamp)>) -> Result<(), EventLogError>;

    /// Whether `user` wants to be seen by nobody.
    async fn hide(&self, user: &UserId, invisible: bool) -> Result<(), EventLogError>;

    /// Those of `users` of whom anything is known.
    async fn of(&self, users: &[UserId]) -> Result<Vec<Seen>, EventLogError>;

    /// Deletes what is known of them.
    async fn delete(&self, users: &[UserId]) -> Result<(), EventLogError>;

    /// Up to where in `log` those who were erased are deleted.
    async fn erased_to(&self, log: LogId) -> Result<Position, EventLogError>;

    async fn save_erased_to(&self, log: LogId, position: Position) -> Result<(), EventLogError>;

    async fn close(&self);
}

pub type SharedLastSeen = Arc<dyn LastSeen>;

/// The table of the store at `url`, made where there is none.
pub async fn open(url: &StoreUrl) -> Result<SharedLastSeen, EventLogError> {
    Ok(match url {
        StoreUrl::Sqlite(directory) => Arc::new(sqlite::SqliteLastSeen::open(directory).await?),
        StoreUrl::Postgres(text) => Arc::new(postgres::PostgresLastSeen::open(text).await?),
    })
}

/// Deletes what is known of everybody who was erased up to the log's present head, and says how far that was. What a stop
/// or a crash left is made up for by the next call.
pub async fn delete_erased(seen: &dyn LastSeen, log: &SharedLog) -> Result<Position, EventLogError> {
    let mut at = seen.erased_to(log.id()).await?;
    loop {
        let page = log.read_after(at, PAGE_EVENTS, Filter::Kinds(&[AggregateKind::User])).await?;
        let erased = page.events.iter().filter_map(|recorded| erased(&recorded.event)).cloned();
        let erased: Vec<UserId> = erased.collect();
        if !erased.is_empty() {
            seen.delete(&erased).await?;
        }
        if page.scanned_to <= at {
            return Ok(at);
        }
        at = page.scanned_to;
        seen.save_erased_to(log.id(), at).await?;
    }
}

/// Who was erased by this.
pub fn erased(event: &DomainEvent) -> Option<&UserId> {
    match event {
        DomainEvent::User(UserEvent::UserErased(event)) => Some(&event.user_id),
        DomainEvent::User(UserEvent::UserRegistered(_) | UserEvent::ProfileChanged(_))
        | DomainEvent::Room(_)
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(_)
        | DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => None,
    }
}
