//! Erasing somebody: the event, then the key.
//!
//! Apart from the door because it takes three steps around it. Each can be repeated: whatever a crash leaves undone is
//! mended by asking again, and by every reader that passes the event. Never in here: what the views do with it.

use std::collections::BTreeSet;

use aggregates::ids::{CommandId, UserId};
use aggregates::user::{EraseUser, User, UserCommand, UserErased, UserError};
use aggregates::{Command, KeyId, Metadata, Refusal, State, StreamId, Timestamp};
use uuid::Uuid;

use crate::door::{CommandError, Door, DoorOptions, Wish};
use crate::loading;
use crate::port::{EventLogError, SharedLog};
use crate::position::Position;
use crate::sealing::Sealing;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// A view that has this position shows nothing of theirs any more.
    pub position: Position,
    /// `false`: they were erased before, and nothing of theirs came since.
    pub now: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error("there is no such user")]
    Unknown,
    #[error("this log has no keys")]
    NoKeys,
    #[error(transparent)]
    Log(#[from] EventLogError),
    #[error(transparent)]
    Command(CommandError),
}

/// Whether there is anything of `user` that could be erased without looking through the log: an entry, or a key.
pub async fn is_known(log: &SharedLog, user: &UserId) -> Result<bool, EraseError> {
    let sealing = log.sealing().ok_or(EraseError::NoKeys)?;
    let loaded = loading::load(&**log, &StreamId::user(user), None).await?;
    let State::User(known) = loaded.state else { return Err(EraseError::Unknown) };
    Ok(known.exists() || !sealing.all_keys_of(user).await?.is_empty())
}

/// Everything that `user` said and was called up to now can never be read again when this returns, from the log at
/// least; views follow as they read it.
///
/// `sealed_with` are keys that were met in the log ([`crate::spoken`]). They are named as well, so that it is right whatever
/// keys this program was told of: whoever has the key reads the erasure and drops it, and a backup of keys that comes back
/// later brings back nothing.
pub async fn erase(
    log: &SharedLog,
    user: &UserId,
    sealed_with: &BTreeSet<KeyId>,
    at: Timestamp,
) -> Result<Erasure, EraseError> {
    let sealing = log.sealing().ok_or(EraseError::NoKeys)?;
    let loaded = loading::load(&**log, &StreamId::user(user), None).await?;
    let State::User(known) = loaded.state else { return Err(EraseError::Unknown) };
    let current = keys_to_drop(&known, sealing, user).await?;
    let met = sealed_with.iter().copied().filter(|key| !known.has_erased(*key));
    let keys: Vec<KeyId> = met.chain(current).collect::<BTreeSet<_>>().into_iter().collect();
    let command = Command::User(UserCommand::Erase(EraseUser { user_id: user.clone(), keys: keys.clone(), at }));
    let wish = Wish {
        stream: StreamId::user(user),
        command,
        id: CommandId(Uuid::new_v4()),
        repeatable: false,
        metadata: Metadata::default(),
    };
    let door = Door::open(log.clone(), DoorOptions::default()).await?;
    let decided = door.execute(wish).await;
    door.close().await;
    match decided {
        Ok(decided) => {
            sealing.drop_keys(&UserErased { user_id: user.clone(), keys, at }).await?;
            Ok(Erasure { position: decided.position, now: !decided.outcome.events().is_empty() })
        }
        Err(CommandError::Refused { refusal: Refusal::User(UserError::Unknown), .. }) => Err(EraseError::Unknown),
        Err(error) => Err(EraseError::Command(error)),
    }
}

/// Every key that may have been used. One is made for somebody who is there and has none yet: a word of theirs that comes
/// in this moment is then sealed with the key that is dropped.
async fn keys_to_drop(known: &User, sealing: &Sealing, user: &UserId) -> Result<Vec<KeyId>, EventLogError> {
    let keys = sealing.all_keys_of(user).await?;
    if keys.is_empty() && known.exists() {
        return Ok(sealing.key_of(user, true).await?.into_iter().collect());
    }
    Ok(keys)
}
