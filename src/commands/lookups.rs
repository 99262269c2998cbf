//! What a command must know that its own stream does not remember: which message has which seq, who exists.
//!
//! Such facts do not change once they are so (but that somebody who is known may be erased, and is then known a moment longer): what the view shows, however late it is, is true. Only to say that something
//! is *not* there a look-up waits until the view has the head read at arrival (architecture §5).

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::GUARDED_NEWCOMERS_MAX;
use event_log::Position;
use projections::inbox::MessageRow;
use projections::{ReadError, UnitName};

use super::{Caller, Commands, Failure, WishId};

/// How long a look-up waits for its view; then 503, nothing written.
const LOOKUP_WAIT_MAX: Duration = Duration::from_secs(2);

impl Commands {
    /// Waits until `unit` has everything that was in the log when this was called. Answers with how far that is.
    pub async fn caught_up(&self, unit: UnitName) -> Result<Position, Failure> {
        let head = self.log.head().await?;
        self.views.wait_for(unit, head, LOOKUP_WAIT_MAX).await?;
        Ok(head)
    }

    /// A message of `room` that `field` of the wish names.
    pub(super) async fn message_in(
        &self,
        room: RoomId,
        asking: &UserId,
        id: MessageId,
        field: &'static str,
    ) -> Result<MessageRow, Failure> {
        let mut found = self.views.inbox().messages_by_id(&[id], asking).await?.pop();
        if found.is_none() {
            self.caught_up(UnitName::Inbox).await?;
            found = self.views.inbox().messages_by_id(&[id], asking).await?.pop();
        }
        match found.filter(|message| message.room_id == room) {
            Some(message) => Ok(message),
            None => {
                self.require_member(room, asking).await?;
                Err(Failure::invalid(field, "there is no such message in this room"))
            }
        }
    }

    /// A message that the caller may read, in whatever room of theirs.
    pub(super) async fn readable_message(&self, caller: &Caller, id: MessageId) -> Result<MessageRow, Failure> {
        let mut found = self.views.inbox().messages_by_id(&[id], &caller.user_id).await?.pop();
        if found.is_none() {
            self.caught_up(UnitName::Inbox).await?;
            found = self.views.inbox().messages_by_id(&[id], &caller.user_id).await?.pop();
        }
        found.ok_or(Failure::Unknown("there is no such message"))
    }

    /// The same for somebody who may have come in just now, and for whom no other command finds out.
    pub async fn require_entered(&self, room: RoomId, user: &UserId) -> Result<(), Failure> {
        if self.require_member(room, user).await.is_ok() {
            return Ok(());
        }
        self.caught_up(UnitName::Inbox).await?;
        self.require_member(room, user).await
    }

    /// Whether a message that `user` may read carries an upload: theirs to fetch, wherever it was brought to first. A frame
    /// that shows it may be faster than the view.
    pub async fn may_fetch(&self, address: &str, user: &UserId) -> Result<bool, Failure> {
        if self.views.inbox().carries_upload(address, user).await? {
            return Ok(true);
        }
        self.caught_up(UnitName::Inbox).await?;
        Ok(self.views.inbox().carries_upload(address, user).await?)
    }

    /// Whoever is outside learns nothing about a room, also not from what is wrong with their wish.
    pub(super) async fn require_member(&self, room: RoomId, user: &UserId) -> Result<(), Failure> {
        match self.views.inbox().member(room, user).await? {
            Some(_) => Ok(()),
            None => Err(Failure::no_such_room()),
        }
    }

    /// All of `ids` must be known to the directory; `field[i]` names the first that is not.
    async fn require_people(&self, ids: &[UserId], field: &'static str) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut known = self.known_among(ids).await?;
        if ids.iter().any(|id| !known.contains(id)) {
            self.caught_up(UnitName::Inbox).await?;
            known = self.known_among(ids).await?;
        }
        match ids.iter().position(|id| !known.contains(id)) {
            Some(index) => Err(Failure::invalid(format!("{field}[{index}]"), "there is no such user")),
            None => Ok(()),
        }
    }

    /// All of `ids` must be known; answers with who of a crowd is apart from the caller. Of fewer people the rule asks
    /// itself, and of whoever is in already it asks nothing. What was done before under `id` is done, whoever they are now.
    pub(super) async fn newcomers_apart(
        &self,
        caller: &Caller,
        id: WishId,
        ids: &[UserId],
        field: &'static str,
    ) -> Result<BTreeSet<UserId>, Failure> {
        if let Err(failure) = self.require_people(ids, field).await {
            return self.done_or(id, failure).await.map(|_| BTreeSet::new());
        }
        if ids.len() <= GUARDED_NEWCOMERS_MAX || self.done_before(id).await?.is_some() {
            return Ok(BTreeSet::new());
        }
        self.caught_up(UnitName::Inbox).await?;
        Ok(self.views.inbox().apart_from(&caller.user_id, ids).await?.into_iter().collect())
    }

    /// What the view shows when it has everything that was in the log when this was called, if that is `so`: then nothing
    /// need be written to make it so. `seen` is what it showed before, `again` looks once more. A view that is late says
    /// nothing, and what is so is written once more.
    pub(super) async fn already<T>(
        &self,
        seen: &T,
        so: impl Fn(&T) -> bool,
        again: impl Future<Output = Result<Option<T>, ReadError>>,
    ) -> Result<Option<T>, Failure> {
        if !so(seen) {
            return Ok(None);
        }
        match self.caught_up(UnitName::Inbox).await {
            Ok(_) => Ok(again.await?.filter(so)),
            Err(Failure::Lagging(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn known_among(&self, ids: &[UserId]) -> Result<HashSet<UserId>, Failure> {
        Ok(self.views.inbox().users(ids).await?.into_iter().map(|row| row.id).collect())
    }
}
