//! Hears when anybody wrote. Only a hint: readers also look by themselves from time to time.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::heard::Heard;
use crate::position::Position;

pub(super) const CHANNEL: &str = "kabar_log";
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

pub(super) fn spawn(pool: PgPool, heard: Arc<Heard>, closing: CancellationToken) {
    tokio::spawn(async move {
        tokio::select! {
            // First: a pool that is closed with us is no loss worth a warning.
            biased;
            () = closing.cancelled() => {}
            () = listen(pool, heard) => {}
        }
    });
}

async fn listen(pool: PgPool, heard: Arc<Heard>) {
    loop {
        if let Err(error) = listen_once(&pool, &heard).await {
            tracing::warn!(%error, "the log's listener lost its connection");
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn listen_once(pool: &PgPool, heard: &Heard) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // `None`: the connection was lost and made again; what was said meanwhile is found by looking.
        if let Some(notice) = listener.try_recv().await?
            && let Ok(position) = notice.payload().parse::<u64>()
        {
            heard.tell(Position(position));
        }
    }
}
