//! Hears when anybody wrote. Only a hint: readers also look by themselves from time to time.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::within;
use crate::heard::Heard;
use crate::position::Position;

pub(super) const CHANNEL: &str = "kabar_log";
/// A listener that hears nothing for so long asks whether it is heard.
const QUIET_MAX: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(5);
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

pub(super) fn spawn(options: PgConnectOptions, heard: Arc<Heard>, closing: CancellationToken) {
    tokio::spawn(async move {
        tokio::select! {
            // First: a pool that is closed with us is no loss worth a warning.
            biased;
            () = closing.cancelled() => {}
            () = listen(options, heard) => {}
        }
    });
}

async fn listen(options: PgConnectOptions, heard: Arc<Heard>) {
    loop {
        if let Err(error) = listen_once(&options, &heard).await {
            tracing::warn!(%error, "the log's listener lost its connection");
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn listen_once(options: &PgConnectOptions, heard: &Heard) -> Result<(), sqlx::Error> {
    // A pool of its own: a listener keeps what it takes.
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    within(PATIENCE, listener.listen(CHANNEL)).await?;
    loop {
        // `None`: the connection was lost and made again; what was said meanwhile is found by looking.
        match timeout(QUIET_MAX, listener.try_recv()).await {
            Ok(notice) => {
                if let Some(position) = notice?.and_then(|notice| notice.payload().parse::<u64>().ok()) {
                    heard.tell(Position(position));
                }
            }
            // Nobody writes, or nothing of it comes through: a connection can stall without an error.
            Err(_) => {
                within(PATIENCE, sqlx::query("SELECT 1").execute(&mut listener)).await?;
            }
        }
    }
}
