//! Tells other processes that this one wrote.
//!
//! Not in the append's own transaction: there every commit would wake every listener, ours included, and wait for the
//! lock that orders notifications; a single caller spends more on that than on the insert. Gathered here, a busy log
//! announces a hundred times a second, not once per commit. Only a hint, like all hearing: when this process dies in
//! between, the others find the events at their next look.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Lender;
use super::listener::CHANNEL;
use crate::heard::Heard;
use crate::position::Position;

/// Between two announcements. A moment for the others, many commits for us.
const GATHER: Duration = Duration::from_millis(10);
/// Before it is tried again after the database could not be reached.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Announces what `own` says was written, until `closing`.
pub(super) fn spawn(lender: Lender, own: Arc<Heard>, closing: CancellationToken) {
    tokio::spawn(async move {
        let mut written = own.listen();
        let mut announced = *written.borrow_and_update();
        while let Ok(()) = written.changed().await {
            let position = *written.borrow_and_update();
            if position <= announced {
                continue;
            }
            let pause = match announce(&lender, position).await {
                Ok(()) => {
                    announced = position;
                    GATHER
                }
                Err(error) => {
                    tracing::debug!(%error, "others were not told of what was written");
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                // Nobody will be told any more: the others look by themselves.
                () = closing.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if announced < position {
                written.mark_changed();
            }
        }
    });
}

async fn announce(lender: &Lender, position: Position) -> Result<(), sqlx::Error> {
    // Nothing rests on it, so its commit need not wait for the disk.
    sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(position.0.to_string())
        .execute(lender)
        .await?;
    Ok(())
}
