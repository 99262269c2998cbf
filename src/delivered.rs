//! What clients have shown to have received becomes the "delivered" position of its reader, a command like any other.
//!
//! Apart from `realtime`, which follows the log and changes nothing. One that fails is left: the next message, or the
//! reading, says the same and more.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::commands::Commands;
use crate::realtime::Arrived;

const AT_ONCE_MAX: usize = 32;

/// Until `stop`, and then until what was begun is done.
pub async fn run(commands: Commands, mut arrived: Receiver<Arrived>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
    let mut begun = JoinSet::new();
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = arrived.recv() => next,
        };
        let Some(next) = next else { break };
        let Ok(place) = places.clone().acquire_owned().await else { break };
        while begun.try_join_next().is_some() {}
        let commands = commands.clone();
        begun.spawn(async move {
            let _place = place;
            if let Err(failure) = commands.has_received(&next).await {
                tracing::debug!(%failure, room = %next.room, "what has arrived is not noted");
            }
        });
    }
    while begun.join_next().await.is_some() {}
}
