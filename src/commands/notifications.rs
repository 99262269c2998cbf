//! Marking notifications, one by one or all at once.

use std::collections::BTreeSet;

use aggregates::feed::{FeedCommand, MarkFeedRead};
use aggregates::ids::NotificationId;
use aggregates::notification::{MarkNotification, NotificationCommand, NotificationError};
use aggregates::{Command, Refusal, StreamId};
use event_log::{CommandError, Position};
use futures_util::StreamExt;
use projections::UnitName;

use super::{Caller, Commands, Failure};

/// Commands of one request that are before the door at the same time: a few who mark five hundred must not fill it for
/// everybody.
const MARKED_AT_ONCE_MAX: usize = 32;

/// What marking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// The caller's own that are now as wished.
    pub count: u64,
    pub position: Position,
}

impl Commands {
    /// One notification; somebody else's is not there.
    pub async fn mark_notification(
        &self,
        caller: &Caller,
        notification_id: NotificationId,
        read: bool,
    ) -> Result<Position, Failure> {
        let mark = self.marking(caller, notification_id);
        let command = if read { NotificationCommand::MarkRead(mark) } else { NotificationCommand::MarkUnread(mark) };
        self.on_notification(caller, "mark", notification_id, command).await
    }

    /// Out of the way, or back.
    pub async fn archive_notification(
        &self,
        caller: &Caller,
        notification_id: NotificationId,
        archived: bool,
    ) -> Result<Position, Failure> {
        let mark = self.marking(caller, notification_id);
        let (name, command) = if archived {
            ("archive-notification", NotificationCommand::Archive(mark))
        } else {
            ("unarchive-notification", NotificationCommand::Unarchive(mark))
        };
        self.on_notification(caller, name, notification_id, command).await
    }

    /// For good. What waits to be sent of it is sent no more.
    pub async fn delete_notification(
        &self,
        caller: &Caller,
        notification_id: NotificationId,
    ) -> Result<Position, Failure> {
        let command = NotificationCommand::Delete(self.marking(caller, notification_id));
        self.on_notification(caller, "delete-notification", notification_id, command).await
    }

    /// Its link was followed.
    pub async fn click_notification(
        &self,
        caller: &Caller,
        notification_id: NotificationId,
    ) -> Result<Position, Failure> {
        let command = NotificationCommand::Click(self.marking(caller, notification_id));
        self.on_notification(caller, "click-notification", notification_id, command).await
    }

    fn marking(&self, caller: &Caller, notification_id: NotificationId) -> MarkNotification {
        MarkNotification { notification_id, marked_by: caller.user_id.clone(), at: self.clock.now() }
    }

    async fn on_notification(
        &self,
        caller: &Caller,
        wish: &str,
        notification_id: NotificationId,
        command: NotificationCommand,
    ) -> Result<Position, Failure> {
        let id = caller.wish_id(wish).part(&notification_id.to_string());
        let stream = StreamId::notification(notification_id);
        Ok(self.execute(caller, id, stream, Command::Notification(command)).await?.position)
    }

    /// Several, each a command of its own, answered when all are durable. Somebody else's are passed over and not
    /// counted. When some could not be marked the others are all the same, and the failure says how many: asking again for
    /// all of them is safe, a mark that is there is not made twice.
    pub async fn mark_notifications(
        &self,
        caller: &Caller,
        ids: &BTreeSet<NotificationId>,
        read: bool,
    ) -> Result<Marked, Failure> {
        let mut marked = Marked { count: 0, position: Position::START };
        let mut failed = None;
        let marks: Vec<_> = ids.iter().map(|id| self.mark_notification(caller, *id, read)).collect();
        let mut answers = futures_util::stream::iter(marks).buffer_unordered(MARKED_AT_ONCE_MAX);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(position) => {
                    marked.count += 1;
                    marked.position = marked.position.max(position);
                }
                Err(Failure::Command(CommandError::Refused {
                    refusal: Refusal::Notification(NotificationError::NotFound),
                    position,
                })) => marked.position = marked.position.max(position),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        match failed {
            None => Ok(marked),
            Some(failure) if marked.count == 0 => Err(failure),
            Some(failure) => Err(Failure::Partly { done: marked.count, wished: ids.len(), source: Box::new(failure) }),
        }
    }

    /// Everything that is in the log by now, as one event, however much it is.
    pub async fn mark_feed_read(&self, caller: &Caller) -> Result<Marked, Failure> {
        let head = self.caught_up(UnitName::Feed).await?;
        let unread = self.views.feed().unread_counts(std::slice::from_ref(&caller.user_id)).await?;
        let count = unread.first().copied().unwrap_or_default();
        if count == 0 {
            return Ok(Marked { count, position: head });
        }
        let user_id = caller.user_id.clone();
        let stream = StreamId::feed(&user_id);
        let command = FeedCommand::MarkRead(MarkFeedRead { user_id, up_to: head.0, at: self.clock.now() });
        let done = self.execute(caller, caller.wish_id("mark-all"), stream, Command::Feed(command)).await?;
        // A repeat marked them when it first came; those that are unread now came later.
        Ok(Marked { count: if done.new { count } else { 0 }, position: done.position })
    }
}
