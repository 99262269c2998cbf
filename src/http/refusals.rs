//! Which status a rule's no has on the wire: one arm for every refusal there is.
//!
//! Separate from `problem` because it grows with the rules. No wildcard arms: a new refusal does not compile until
//! somebody has decided here how it is shown.

use std::time::Duration;

use aggregates::Refusal;
use aggregates::notification::NotificationError;
use aggregates::participant::ParticipantError;
use aggregates::relationship::RelationshipError;
use aggregates::report::ReportError;
use aggregates::room::RoomError;
use aggregates::subscription::SubscriptionError;
use aggregates::user::UserError;

use super::problem::Problem;

pub(super) fn refused(refusal: &Refusal) -> Problem {
    let text = refusal.to_string();
    match refusal {
        Refusal::Room(error) => room(*error, text),
        Refusal::Participant(ParticipantError::NotFound) => Problem::not_found(text),
        Refusal::Relationship(error) => relationship(*error, text),
        Refusal::Notification(error) => notification(*error, text),
        Refusal::Feed(error) => match *error {},
        Refusal::User(UserError::Unknown) => Problem::not_found(text),
        Refusal::Report(error) => report(*error, text),
        Refusal::Preferences(error) => match *error {},
        Refusal::Subscription(error) => subscription(*error, text),
    }
}

fn room(error: RoomError, text: String) -> Problem {
    match error {
        RoomError::NotFound | RoomError::NoSuchMember | RoomError::AuthorGone => Problem::not_found(text),
        RoomError::UnknownRecipient => Problem::not_found(text.clone()).naming("recipientId", text),
        RoomError::WithOneself => Problem::invalid("recipientId", text),
        RoomError::Blocked | RoomError::RoleForbids | RoomError::NotYourMessage | RoomError::Removed => {
            Problem::forbidden(text)
        }
        RoomError::Closed => Problem::conflict(text),
        RoomError::TooSoon { wait_seconds } => {
            Problem::too_many_requests(text, Duration::from_secs(wait_seconds.into()))
        }
        RoomError::NotAMentor => Problem::invalid("recipientId", text),
        RoomError::Forwarded => Problem::invalid("messageId", text),
        RoomError::TooSlow => Problem::invalid("slowModeSeconds", text),
        RoomError::TooManyMentions => Problem::invalid("mentions", text),
        RoomError::TooManyPins => Problem::invalid("messageId", text),
        RoomError::OwnerStays | RoomError::OpenerStays => Problem::invalid("userId", text),
        RoomError::DirectIsForTwo | RoomError::KindForbids => Problem::invalid("roomId", text),
        RoomError::CannotBeAdded { nth } => Problem::invalid(format!("userIds[{nth}]"), text),
        RoomError::TooManyMembers | RoomError::TooManyAtOnce => Problem::invalid("userIds", text),
    }
}

fn relationship(error: RelationshipError, text: String) -> Problem {
    match error {
        RelationshipError::WithOneself => Problem::invalid("userId", text),
        RelationshipError::UnknownUser => Problem::not_found(text.clone()).naming("userId", text),
        RelationshipError::Blocked => Problem::forbidden(text),
    }
}

fn notification(error: NotificationError, text: String) -> Problem {
    match error {
        NotificationError::NotFound => Problem::not_found(text),
        NotificationError::UnknownUser => Problem::not_found(text.clone()).naming("userId", text),
        NotificationError::OwnDoing => Problem::invalid("userId", text),
    }
}

fn report(error: ReportError, text: String) -> Problem {
    match error {
        ReportError::NotFound => Problem::not_found(text),
        ReportError::OneselfReported => Problem::invalid("userId", text),
        ReportError::OwnMessageReported => Problem::invalid("messageId", text),
        ReportError::UnknownUser => Problem::not_found(text.clone()).naming("userId", text),
        ReportError::AlreadyResolved => Problem::conflict(text),
    }
}

fn subscription(error: SubscriptionError, text: String) -> Problem {
    match error {
        SubscriptionError::ToOneself => Problem::invalid("targetId", text),
        SubscriptionError::UnknownUser => Problem::not_found(text.clone()).naming("targetId", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_yours_is_not_there() {
        for refusal in
            [Refusal::from(RoomError::NotFound), ParticipantError::NotFound.into(), NotificationError::NotFound.into()]
        {
            assert_eq!(refused(&refusal).status(), 404, "{refusal}");
        }
    }

    #[test]
    fn an_impossible_wish_names_its_field() {
        for refusal in [
            Refusal::from(RoomError::WithOneself),
            RoomError::DirectIsForTwo.into(),
            RoomError::TooManyMembers.into(),
            RelationshipError::WithOneself.into(),
            SubscriptionError::ToOneself.into(),
        ] {
            let problem = refused(&refusal);
            assert_eq!((problem.status().as_u16(), problem.errors().len()), (422, 1), "{refusal}");
        }
    }

    #[test]
    fn who_may_not_is_told_so() {
        for refusal in
            [Refusal::from(RoomError::RoleForbids), RoomError::Blocked.into(), RelationshipError::Blocked.into()]
        {
            assert_eq!(refused(&refusal).status(), 403, "{refusal}");
        }
    }
}
