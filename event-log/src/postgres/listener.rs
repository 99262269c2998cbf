//! Hears when anybody wrote. Only a hint: readers also look by themselves from time to time.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::position::Position;

const CHANNEL: &str = "kabar_log";
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

pub(super) fn spawn(pool: PgPool, head: watch::Sender<Position>, closing: CancellationToken) {
    tokio::spawn(async move {
        tokio::select! {
            () = closing.cancelled() => {}
            () = listen(pool, head) => {}
        }
    });
}

async fn listen(pool: PgPool, head: watch::Sender<Position>) {
    loop {
        if let Err(error) = listen_once(&pool, &head).await {
            tracing::warn!(%error, "the log's listener lost its connection");
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn listen_once(pool: &PgPool, head: &watch::Sender<Position>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // `None`: the connection was lost and made again; what was said meanwhile is found by looking.
        if let Some(notice) = listener.try_recv().await?
            && let Ok(position) = notice.payload().parse::<u64>()
        {
            head.send_if_modified(|known| {
                let ahead = position > known.0;
                if ahead {
                    known.0 = position;
                }
                ahead
            });
        }
    }
}
