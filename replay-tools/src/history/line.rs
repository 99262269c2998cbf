//! One line of the format: what happened, in the words of whoever keeps it.
//!
//! The same types are read and written, so that what comes out can go in. An unknown field is refused: a misspelt
//! `replyTo` must not be lost in silence.

use aggregates::Timestamp;
use aggregates::ids::{GroupId, UserId};
use aggregates::notification::NotificationType;
use aggregates::room::{HistoryFrom, JoinPolicy, MessageKind, Role};
use aggregates::user::UserRole;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Line {
    User(Box<UserLine>),
    Erasure(ErasureLine),
    Room(Box<RoomLine>),
    Join(JoinLine),
    Leave(LeaveLine),
    Role(RoleLine),
    Rename(Box<RenameLine>),
    Avatar(Box<AvatarLine>),
    Rules(RulesLine),
    Close(TurnLine),
    Reopen(TurnLine),
    Message(Box<MessageLine>),
    Edit(Box<EditLine>),
    Delete(DeleteLine),
    React(ReactLine),
    Unreact(ReactLine),
    Pin(PinLine),
    Unpin(PinLine),
    Read(ReadLine),
    Follow(RelationLine),
    Unfollow(RelationLine),
    Block(RelationLine),
    Unblock(RelationLine),
    Notification(Box<NotificationLine>),
    NotificationRead(MarkLine),
    NotificationUnread(MarkLine),
    NotificationClicked(MarkLine),
    NotificationArchived(MarkLine),
    NotificationUnarchived(MarkLine),
    NotificationDeleted(MarkLine),
    FeedRead(FeedReadLine),
}

macro_rules! lines {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $kind,)+
            pub at: Timestamp,
            /// The id of the event in the log it was exported from.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub event: Option<Uuid>,
        }
    )+};
}

lines! {
    /// Somebody, or more of what is known of them. What is known already is not overwritten, but by one that is `changed`.
    UserLine {
        id: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        avatar: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<UserRole>,
        /// From here on this is all of it: what is not said of them is not so any more.
        #[serde(default, skip_serializing_if = "is_false")]
        changed: bool,
        /// Fields that there were, and whose words are gone: somebody was erased.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        /// The same; nobody was erased, and the key was not there when this was written.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    ErasureLine {
        user: UserId,
    }
    RoomLine {
        id: String,
        #[serde(rename = "type")]
        shape: RoomShape,
        /// Who opened it; the owner of a group.
        by: UserId,
        /// Of a room of two the other one, or both.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<UserId>,
        /// Of a mentor's room: which of the two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mentor: Option<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        avatar: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_id: Option<GroupId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_policy: Option<JoinPolicy>,
        /// Of a group; absent: from its start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history_from: Option<HistoryFrom>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    JoinLine {
        /// The source's own id of it, where two of them may be alike.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        users: Vec<UserId>,
        /// Who brought them; absent when somebody came by themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    }
    LeaveLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        user: UserId,
        /// Who removed them; absent when they left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    }
    RoleLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        user: UserId,
        role: Role,
        by: UserId,
    }
    /// Without a name the room has none any more.
    RenameLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    /// Without a picture the room has none any more.
    AvatarLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        avatar: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    /// What is absent stays as it was.
    RulesLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_policy: Option<JoinPolicy>,
        /// Between two messages of a MEMBER; 0 = none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slow_mode_seconds: Option<u32>,
    }
    TurnLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        by: UserId,
    }
    MessageLine {
        id: String,
        room: String,
        from: UserId,
        #[serde(rename = "type", default = "text", skip_serializing_if = "is_text")]
        shape: MessageKind,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        content: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_url: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_type: Option<String>,
        /// Of a file that was uploaded, as it was when the message was sent; as the next three.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_name: Option<String>,
        /// Bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_size: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_width: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attachment_height: Option<u32>,
        /// The id of an earlier message of the room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
        /// Members whom the words name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<UserId>,
        /// Everybody in the room is meant.
        #[serde(default, skip_serializing_if = "is_false")]
        mentions_all: bool,
        /// Where the words are from, when they are somebody else's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forwarded: Option<ForwardedFrom>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    /// Its sender put a message in other words.
    EditLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        message: String,
        from: UserId,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        content: String,
        /// Whom the words name now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<UserId>,
        #[serde(default, skip_serializing_if = "is_false")]
        mentions_all: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
    }
    DeleteLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        message: String,
        /// Who had sent it.
        from: UserId,
        /// Who deleted it; absent when it was they.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    }
    ReactLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        message: String,
        user: UserId,
        emoji: String,
    }
    PinLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        message: String,
        by: UserId,
    }
    ReadLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        room: String,
        user: UserId,
        /// The last message they read.
        up_to: String,
    }
    RelationLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        from: UserId,
        to: UserId,
    }
    NotificationLine {
        id: String,
        user: UserId,
        #[serde(rename = "type")]
        shape: NotificationType,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        actor: Option<UserId>,
        source_type: String,
        source_id: String,
    }
    MarkLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        notification: String,
        user: UserId,
    }
    FeedReadLine {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        user: UserId,
        /// The event it reaches to; absent: everything before this line. Nil: nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up_to: Option<Uuid>,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoomShape {
    Direct,
    Group,
    MentorStudent,
    Support,
}

/// The message that a forward carries on, and who said it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForwardedFrom {
    pub room: String,
    pub message: String,
    pub author: UserId,
}

const fn text() -> MessageKind {
    MessageKind::Text
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_false(yes: &bool) -> bool {
    !*yes
}

const fn is_text(shape: &MessageKind) -> bool {
    matches!(shape, MessageKind::Text)
}

/// Why a line is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// `line` when it is about all of it.
    pub field: String,
    pub reason: String,
}

impl Refused {
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

impl Line {
    pub fn parse(text: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(text).map_err(|_| diagnose(text))
    }
}

/// Reads it once more, slowly, for the field that is wrong.
fn diagnose(text: &[u8]) -> Refused {
    let mut object = match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Refused::new("line", "not a JSON object"),
        Err(error) => return Refused::new("line", format!("not JSON: {error}")),
    };
    if ["log", "line", "text"].iter().all(|field| object.contains_key(*field)) {
        let reason =
            "this is a line of an IRC archive: `replay convert irc --from FILE --to -` makes lines of it to import";
        return Refused::new("line", reason);
    }
    let Some(kind) = object.remove("kind") else { return Refused::new("kind", "missing") };
    let rest = Value::Object(object);
    let wrong = match kind.as_str().unwrap_or_default() {
        "user" => wrong_in::<UserLine>(rest),
        "erasure" => wrong_in::<ErasureLine>(rest),
        "room" => wrong_in::<RoomLine>(rest),
        "join" => wrong_in::<JoinLine>(rest),
        "leave" => wrong_in::<LeaveLine>(rest),
        "role" => wrong_in::<RoleLine>(rest),
        "rename" => wrong_in::<RenameLine>(rest),
        "avatar" => wrong_in::<AvatarLine>(rest),
        "rules" => wrong_in::<RulesLine>(rest),
        "close" | "reopen" => wrong_in::<TurnLine>(rest),
        "message" => wrong_in::<MessageLine>(rest),
        "edit" => wrong_in::<EditLine>(rest),
        "delete" => wrong_in::<DeleteLine>(rest),
        "react" | "unreact" => wrong_in::<ReactLine>(rest),
        "pin" | "unpin" => wrong_in::<PinLine>(rest),
        "read" => wrong_in::<ReadLine>(rest),
        "follow" | "unfollow" | "block" | "unblock" => wrong_in::<RelationLine>(rest),
        "notification" => wrong_in::<NotificationLine>(rest),
        "notificationRead"
        | "notificationUnread"
        | "notificationClicked"
        | "notificationArchived"
        | "notificationUnarchived"
        | "notificationDeleted" => wrong_in::<MarkLine>(rest),
        "feedRead" => wrong_in::<FeedReadLine>(rest),
        _ => Some(Refused::new("kind", format!("{kind} is not a kind of line"))),
    };
    wrong.unwrap_or_else(|| Refused::new("line", "a field stands there twice"))
}

fn wrong_in<T: DeserializeOwned>(rest: Value) -> Option<Refused> {
    let error = serde_path_to_error::deserialize::<_, T>(rest).err()?;
    let path = error.path().to_string();
    let reason = error.inner().to_string();
    // Of a field that is not there serde says the name, and no path.
    let named = reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    Some(match named {
        Some(field) => Refused::new(field, "missing"),
        None if path == "." => Refused::new("line", reason),
        None => Refused::new(path, reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String) {
        let refused = Line::parse(text.as_bytes()).expect_err(text);
        (refused.field, refused.reason)
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_with_its_field() {
        let at = "\"at\":\"2026-01-01T00:00:00Z\"";
        assert_eq!(refused("{\"kind\":\"follow\",\"from\":\"a\",\"to\":\"b\"}"), ("at".into(), "missing".into()));
        assert_eq!(refused(&format!("{{\"kind\":\"folow\",{at}}}")).0, "kind");
        assert_eq!(refused(&format!("{{{at}}}")), ("kind".into(), "missing".into()));
        let (field, reason) = refused(&format!("{{\"kind\":\"follow\",\"from\":\"a b\",\"to\":\"b\",{at}}}"));
        assert!(field == "from" && reason.contains("1 to 128 characters"), "{field}: {reason}");
        let (field, reason) = refused(&format!("{{\"kind\":\"follow\",\"from\":\"a\",\"to\":\"b\",\"tto\":1,{at}}}"));
        assert!(field == "tto" && reason.contains("unknown field"), "{field}: {reason}");
        let room = "\"kind\":\"room\",\"id\":\"1\",\"type\":\"group\",\"by\":\"a\",\"name\":\"x\"";
        let (field, reason) = refused(&format!("{{{room},\"groupId\":\"kelas desain\",{at}}}"));
        assert!(field == "groupId" && reason.contains("a group id is 1 to 128"), "{field}: {reason}");
        assert_eq!(refused("{\"kind\":\"follow\"").0, "line");
        assert_eq!(refused("[]").0, "line");
        let (field, reason) = refused("{\"kind\":\"erasure\",\"user\":\"a\",\"at\":\"yesterday\"}");
        assert!(field == "at" && reason.contains("RFC 3339"), "{field}: {reason}");
    }

    #[test]
    fn a_line_is_written_as_it_was_read() {
        let text = "{\"kind\":\"message\",\"id\":\"7\",\"room\":\"r\",\"from\":\"ana\",\"content\":\"halo\",\
                    \"replyTo\":\"6\",\"at\":\"2026-01-01T00:00:00.000Z\"}";
        let line = Line::parse(text.as_bytes()).expect("a line");
        assert_eq!(serde_json::to_string(&line).expect("JSON"), text);
    }
}
