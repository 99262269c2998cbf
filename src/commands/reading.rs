//! Marking messages as read, gathered: a reader who scrolls is one event, not fifty.
//!
//! The first goes at once; those of the same participant within the next [`WINDOW`] wait and become one event, whose
//! position answers them all (architecture §5). An answer is still given only when it is durable. A graceful stop waits
//! for requests to be answered and so for these.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::participant::{MarkRead, ParticipantCommand, ReadUpTo};
use aggregates::{Command, StreamId};
use event_log::Position;
use projections::UnitName;
use projections::inbox::MessagePage;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Caller, Commands, Failure, WishId};

/// How long reads of one participant are gathered after one went through.
const WINDOW: Duration = Duration::from_millis(200);

/// How far somebody says they have read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadTo {
    /// Everything there is.
    Last,
    Message(MessageId),
    Seq(u64),
}

type Participant = (RoomId, UserId);

/// Who read a moment ago.
#[derive(Default)]
pub(super) struct Reads(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    by_participant: HashMap<Participant, Window>,
    swept_at: Option<Instant>,
}

struct Window {
    ends_at: Instant,
    gathered: Option<Gathered>,
}

/// Reads that wait for the window's end.
struct Gathered {
    furthest: (u64, MessageId),
    /// `Some` when it is durable; closed without when it failed.
    done: watch::Receiver<Option<Position>>,
}

/// What became of a read that arrived.
enum Turn {
    Now,
    /// The window's first: somebody has to end it.
    Gather(watch::Sender<Option<Position>>, watch::Receiver<Option<Position>>, Instant),
    Wait(watch::Receiver<Option<Position>>),
}

impl Commands {
    /// `id` is `caller.wish_id("read")`: the caller needs it beforehand, to name the socket that gets no frame.
    pub async fn mark_read(
        &self,
        caller: &Caller,
        id: WishId,
        room_id: RoomId,
        to: ReadTo,
    ) -> Result<Position, Failure> {
        let up_to = match self.resolve(caller, room_id, to).await {
            Ok(up_to) => up_to,
            Err(failure) => return Ok(self.done_or(id, failure).await?.position),
        };
        if id.repeatable || self.reads.goes_at_once(room_id, &caller.user_id, Instant::now()) {
            return self.read_now(caller, id, room_id, up_to).await;
        }
        // Taken literally it would, at the window's end, include what was said since.
        let Some(seen) = self.last_seen(caller, room_id, up_to).await? else {
            return self.read_now(caller, id, room_id, up_to).await;
        };
        let answer = match self.reads.enter(room_id, &caller.user_id, seen) {
            Turn::Now => return self.read_now(caller, id, room_id, up_to).await,
            Turn::Wait(answer) => answer,
            Turn::Gather(done, answer, ends_at) => {
                // A task of its own: others wait for it when the one who asked first has gone away.
                let (commands, caller) = (self.clone(), caller.clone());
                tokio::spawn(async move { commands.end_window(&caller, id, room_id, ends_at, done).await });
                answer
            }
        };
        match durable(answer).await {
            Some(position) => Ok(position),
            // Each hears their own reason.
            None => self.read_now(caller, id, room_id, up_to).await,
        }
    }

    async fn end_window(
        &self,
        caller: &Caller,
        id: WishId,
        room_id: RoomId,
        ends_at: Instant,
        done: watch::Sender<Option<Position>>,
    ) {
        tokio::time::sleep_until(ends_at).await;
        let Some((seq, message_id)) = self.reads.take(room_id, &caller.user_id, Instant::now()) else { return };
        let up_to = ReadUpTo::Message { seq, message_id };
        if let Ok(position) = self.read_now(caller, id, room_id, up_to).await {
            done.send_replace(Some(position));
        }
    }

    async fn read_now(
        &self,
        caller: &Caller,
        id: WishId,
        room_id: RoomId,
        up_to: ReadUpTo,
    ) -> Result<Position, Failure> {
        let user_id = caller.user_id.clone();
        let stream = StreamId::participant(room_id, &user_id);
        let mark = MarkRead { room_id, user_id, up_to, membership: None, at: self.clock.now() };
        let command = Command::Participant(ParticipantCommand::MarkRead(mark));
        Ok(self.execute(caller, id, stream, command).await?.position)
    }

    /// Which message is meant. A seq past the end means the end; one of what they may not read is none.
    pub(super) async fn resolve(&self, caller: &Caller, room_id: RoomId, to: ReadTo) -> Result<ReadUpTo, Failure> {
        let found = match to {
            ReadTo::Last => return Ok(ReadUpTo::Last),
            ReadTo::Message(id) => self.message_in(room_id, &caller.user_id, id, "upTo").await?,
            ReadTo::Seq(seq) => {
                let mut found = self.views.inbox().message_by_seq(room_id, seq, &caller.user_id).await?;
                if found.is_none() {
                    self.caught_up(UnitName::Inbox).await?;
                    found = self.views.inbox().message_by_seq(room_id, seq, &caller.user_id).await?;
                }
                match found {
                    Some(message) => message,
                    None if self.newest(caller, room_id).await?.is_some_and(|(newest, _)| newest > seq) => {
                        return Err(Failure::invalid("upTo", "there is no such message in this room"));
                    }
                    None => return Ok(ReadUpTo::Last),
                }
            }
        };
        Ok(ReadUpTo::Message { seq: found.seq, message_id: found.id })
    }

    /// The last message that the reader can have meant; `None` where nothing has been said.
    async fn last_seen(
        &self,
        caller: &Caller,
        room_id: RoomId,
        up_to: ReadUpTo,
    ) -> Result<Option<(u64, MessageId)>, Failure> {
        match up_to {
            ReadUpTo::Message { seq, message_id } => Ok(Some((seq, message_id))),
            ReadUpTo::Last => {
                self.caught_up(UnitName::Inbox).await?;
                self.newest(caller, room_id).await
            }
        }
    }

    /// The last message that they may read, as far as the view shows.
    async fn newest(&self, caller: &Caller, room_id: RoomId) -> Result<Option<(u64, MessageId)>, Failure> {
        let newest = self.views.inbox().messages(room_id, &caller.user_id, MessagePage::Newest, 1).await?;
        let newest = newest.and_then(|mut found| found.messages.pop());
        Ok(newest.map(|message| (message.seq, message.id)))
    }
}

/// Waits for the window's end; `None` when it failed.
async fn durable(mut answer: watch::Receiver<Option<Position>>) -> Option<Position> {
    answer.wait_for(Option::is_some).await.ok().and_then(|position| *position)
}

impl Reads {
    /// Opens a window unless one is open.
    fn goes_at_once(&self, room: RoomId, user: &UserId, now: Instant) -> bool {
        let mut recent = self.lock();
        recent.sweep(now);
        let window = recent.by_participant.get(&(room, user.clone()));
        let free = window.is_none_or(|window| window.ends_at <= now && window.gathered.is_none());
        if free {
            let window = Window { ends_at: now + WINDOW, gathered: None };
            recent.by_participant.insert((room, user.clone()), window);
        }
        free
    }

    /// Joins the open window.
    fn enter(&self, room: RoomId, user: &UserId, seen: (u64, MessageId)) -> Turn {
        let mut recent = self.lock();
        let Some(window) = recent.by_participant.get_mut(&(room, user.clone())) else { return Turn::Now };
        if let Some(gathered) = &mut window.gathered {
            gathered.furthest = gathered.furthest.max(seen);
            return Turn::Wait(gathered.done.clone());
        }
        let (sender, done) = watch::channel(None);
        window.gathered = Some(Gathered { furthest: seen, done: done.clone() });
        Turn::Gather(sender, done, window.ends_at)
    }

    /// Ends the window and opens the next; answers with what was gathered.
    fn take(&self, room: RoomId, user: &UserId, now: Instant) -> Option<(u64, MessageId)> {
        let mut recent = self.lock();
        let window = recent.by_participant.get_mut(&(room, user.clone()))?;
        window.ends_at = now + WINDOW;
        window.gathered.take().map(|gathered| gathered.furthest)
    }

    // A panic while it was held cannot leave it half changed.
    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    /// Forgets windows that are over, once per window: what is kept is what was read in the last moments.
    fn sweep(&mut self, now: Instant) {
        if self.swept_at.is_none_or(|swept_at| now >= swept_at + WINDOW) {
            self.swept_at = Some(now);
            self.by_participant.retain(|_, window| window.ends_at > now || window.gathered.is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));

    fn ana() -> UserId {
        UserId::parse("ana").expect("a valid id")
    }

    fn message(seq: u64) -> (u64, MessageId) {
        (seq, MessageId(Uuid::from_u128(u128::from(seq))))
    }

    #[test]
    fn the_first_read_goes_at_once_and_those_after_it_become_one() {
        let (reads, now) = (Reads::default(), Instant::now());
        assert!(reads.goes_at_once(ROOM, &ana(), now));
        assert!(!reads.goes_at_once(ROOM, &ana(), now));
        assert!(matches!(reads.enter(ROOM, &ana(), message(4)), Turn::Gather(..)));
        assert!(matches!(reads.enter(ROOM, &ana(), message(7)), Turn::Wait(_)));
        assert!(matches!(reads.enter(ROOM, &ana(), message(5)), Turn::Wait(_)));
        let end = now + WINDOW;
        assert!(!reads.goes_at_once(ROOM, &ana(), end), "what was gathered goes first");
        assert_eq!(reads.take(ROOM, &ana(), end), Some(message(7)));
        assert!(!reads.goes_at_once(ROOM, &ana(), end), "the event that ended the window opens the next");
    }

    #[test]
    fn after_a_quiet_window_a_read_goes_at_once_again_and_nothing_is_remembered() {
        let (reads, now) = (Reads::default(), Instant::now());
        assert!(reads.goes_at_once(ROOM, &ana(), now));
        let ben = UserId::parse("ben").expect("a valid id");
        assert!(reads.goes_at_once(ROOM, &ben, now + WINDOW));
        assert_eq!(reads.lock().by_participant.len(), 1, "only the window that is open is kept");
        assert!(reads.goes_at_once(ROOM, &ana(), now + WINDOW));
    }

    #[tokio::test]
    async fn who_waited_for_a_window_that_failed_is_told() {
        let (sender, receiver) = watch::channel(None);
        drop(sender);
        assert_eq!(durable(receiver).await, None);
    }
}
