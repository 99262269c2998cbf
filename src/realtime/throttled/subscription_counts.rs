//! `pusher_internal:subscription_count`, where the hub held it back.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::realtime::hub::SHOWN_EVERY;
use crate::realtime::inner::Inner;

pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    while tokio::time::timeout(SHOWN_EVERY, stop.cancelled()).await.is_err() {
        inner.hub.show_counts();
    }
}
