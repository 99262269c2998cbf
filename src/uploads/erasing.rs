//! What is erased on the log's tail goes from the disk: at the start whatever was missed, then as it is read.

use std::time::Duration;

use aggregates::user::UserEvent;
use aggregates::{AggregateKind, DomainEvent};
use attachments::EraseError;
use event_log::{Chain, EventLogError, Filter, Subscription};
use tokio_util::sync::CancellationToken;

use super::Place;

const PAGE_EVENTS_MAX: usize = 500;
/// What could not be done is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Until `stop`, or until the log holds something that cannot be read.
pub(super) async fn run(place: &Place, stop: &CancellationToken) -> Result<(), EventLogError> {
    match place.store.clear_unfinished().await {
        Ok(0) => {}
        Ok(cleared) => tracing::info!(cleared, "uploads that were never finished are removed"),
        Err(error) => tracing::warn!(error = %Chain(&error), "unfinished uploads stay until the next start"),
    }
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        followed = follow(place) => followed,
    }
}

async fn follow(place: &Place) -> Result<(), EventLogError> {
    loop {
        match follow_from_head(place).await {
            Err(EraseError::Log(EventLogError::Unavailable(error))) => {
                tracing::warn!(%error, "uploads wait for the log");
            }
            Err(EraseError::Log(error)) => return Err(error),
            Err(error @ EraseError::Store(_)) => {
                tracing::error!(error = %Chain(&error), "files of somebody who was erased are still there");
            }
            Ok(never) => match never {},
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Begins at the head with a look at everything: nothing before it can then be missed, and nothing behind it.
async fn follow_from_head(place: &Place) -> Result<std::convert::Infallible, EraseError> {
    let head = place.log.head().await?;
    let erased = attachments::erase_all(&*place.store, &place.sealing).await?;
    if erased > 0 {
        tracing::info!(people = erased, "files of people who were erased are removed");
    }
    let mut subscription = Subscription::new(place.log.clone(), head, Filter::Kinds(&[AggregateKind::User]));
    loop {
        let page = subscription.next(PAGE_EVENTS_MAX).await?;
        for recorded in &page.events {
            let DomainEvent::User(UserEvent::UserErased(event)) = &recorded.event else { continue };
            for key in &event.keys {
                place.store.erase(*key).await?;
            }
        }
    }
}
