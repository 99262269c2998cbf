//! Notifications that the platform words itself (requirements §3, `POST /api/notifications/send` and its like).

use std::collections::BTreeSet;

use aggregates::ids::{NotificationId, UserId};
use aggregates::notification::{
    NotificationCommand, NotificationError, NotificationEvent, NotificationType, RaiseNotification, Source,
    Surroundings,
};
use aggregates::policy::channels::Channels;
use aggregates::policy::content::Content;
use aggregates::policy::deciding::{Facts, Hearing};
use aggregates::policy::related::Related;
use aggregates::{Command, DomainEvent, Refusal, StreamId};
use event_log::{CommandError, Position};
use futures_util::StreamExt;

use super::{Commands, Failure, Program, WishId};

/// Commands of one request that are before the door at the same time.
const SENT_AT_ONCE_MAX: usize = 32;

/// What somebody is to hear of.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub kind: NotificationType,
    pub content: Content,
    pub source: Option<Source>,
    pub related: Related,
    pub actor_id: Option<UserId>,
    /// Asked for; what they lead to is decided for each recipient.
    pub channels: Channels,
    pub critical: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noticed {
    pub id: NotificationId,
    pub position: Position,
}

/// Of several recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticedAll {
    pub sent: u64,
    /// Who they are that are not there, or did it themselves.
    pub refused: Vec<UserId>,
    pub position: Position,
}

impl Commands {
    /// Raised, and decided on each channel. That nobody hears of it is no failure: why not is in the log.
    pub async fn notify(
        &self,
        program: &Program,
        recipient: &UserId,
        notice: &Notice,
        route: &str,
    ) -> Result<Noticed, Failure> {
        self.send_notice(program, program.wish_id(route), recipient, notice).await
    }

    /// Each a command of its own, answered when all are durable. When some could not be carried out the others are all the
    /// same: under the same key it is safe to ask again for all of them.
    pub async fn notify_all(
        &self,
        program: &Program,
        recipients: &BTreeSet<UserId>,
        notice: &Notice,
    ) -> Result<NoticedAll, Failure> {
        let id = program.wish_id("notify-bulk");
        let send = async |recipient: UserId| {
            let sent = self.send_notice(program, id.part(recipient.as_str()), &recipient, notice).await;
            (recipient, sent)
        };
        let sending: Vec<_> = recipients.iter().cloned().map(send).collect();
        let mut sending = futures_util::stream::iter(sending).buffer_unordered(SENT_AT_ONCE_MAX);
        let mut all = NoticedAll { sent: 0, refused: Vec::new(), position: Position::START };
        let mut failed = None;
        while let Some((recipient, sent)) = sending.next().await {
            match sent {
                Ok(noticed) => {
                    all.sent += 1;
                    all.position = all.position.max(noticed.position);
                }
                Err(Failure::Command(CommandError::Refused {
                    refusal: Refusal::Notification(NotificationError::UnknownUser | NotificationError::OwnDoing),
                    position,
                })) => {
                    all.refused.push(recipient);
                    all.position = all.position.max(position);
                }
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        all.refused.sort();
        match failed {
            None => Ok(all),
            Some(failure) if all.sent == 0 => Err(failure),
            Some(failure) => {
                Err(Failure::Partly { done: all.sent, wished: recipients.len(), source: Box::new(failure) })
            }
        }
    }

    async fn send_notice(
        &self,
        program: &Program,
        id: WishId,
        recipient: &UserId,
        notice: &Notice,
    ) -> Result<Noticed, Failure> {
        let notification_id = NotificationId::of(&format!("sent:{}", id.command), recipient);
        let at = self.clock.now();
        let content = notice.content.to_sealed().map_err(|_| Failure::Unknown("what it says is no JSON"))?;
        let own = Source { kind: "notification".to_owned(), id: notification_id.to_string() };
        let command = NotificationCommand::Raise(Box::new(RaiseNotification {
            notification_id,
            source: notice.source.clone().unwrap_or(own),
            related: notice.related.clone(),
            content: Some(content),
            hearing: Hearing {
                recipient_id: recipient.clone(),
                kind: notice.kind,
                actor_id: notice.actor_id.clone(),
                allowed: notice.channels,
                critical: notice.critical,
                topic: None,
                room_id: None,
                surroundings: Surroundings { clock: at, ..self.surroundings },
                facts: Facts::default(),
            },
            at,
        }));
        let stream = StreamId::notification(notification_id);
        let done = self.execute_with(program.metadata(id.command), id, stream, Command::Notification(command)).await?;
        // Under a key that was used before it is what was sent then, whoever it went to.
        let raised = done.events.iter().find_map(|event| match event {
            DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => Some(event.notification_id),
            _ => None,
        });
        Ok(Noticed { id: raised.unwrap_or(notification_id), position: done.position })
    }
}
