//! What must be known of somebody who is connected before anybody is shown them: whether they hide, and from whom they
//! are apart. Until it is read they are hidden.

use std::sync::Arc;

use aggregates::ids::UserId;
use projections::{ReadError, UnitName};

use crate::realtime::inner::Inner;
use crate::realtime::people::discretion::{BLOCKS_MAX, Learnt};

/// Reads what must be known of somebody who is connected. To be called when the inbox has what the tail had taken when
/// they came.
pub(in crate::realtime) async fn learn(inner: &Inner, user: &UserId) -> Result<(), ReadError> {
    let Some(stay) = inner.hub.stay(user) else { return Ok(()) };
    let around = inner.views.inbox().blocks_around(user, BLOCKS_MAX + 1).await?;
    let hidden = inner.presences.hides(user).await;
    inner.hub.learnt(user, stay, Learnt { hidden, around });
    Ok(())
}

async fn learn_all(inner: &Inner, user: &UserId) -> Result<(), ReadError> {
    learn(inner, user).await?;
    // Whom they watch may have come a moment before.
    let unknown = inner.hub.unknown_to(user);
    for other in unknown {
        learn(inner, &other).await?;
    }
    inner.hub.say_watched(user);
    Ok(())
}

/// The same of somebody who signed in and may subscribe to nothing. Where it cannot be read they stay hidden.
pub(in crate::realtime) async fn learn_alone(inner: Arc<Inner>, user: UserId) {
    let patience = inner.config.view_patience;
    let caught_up = inner.views.wait_for(UnitName::Inbox, inner.hub.taken(), patience).await;
    let Ok(_turn) = inner.room_reads.acquire().await else { return };
    let learnt = match caught_up {
        Ok(_) => learn_all(&inner, &user).await.map_err(|error| error.to_string()),
        Err(lagging) => Err(lagging.to_string()),
    };
    if let Err(error) = learnt {
        tracing::warn!(error, "somebody who signed in is shown to nobody yet");
        // It is tried again when presence next looks around.
        inner.hub.note_unlearnt(&user);
    }
}
