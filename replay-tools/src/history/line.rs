//! One line of the format: what happened, in the words of whoever keeps it.
//!
//! The same types are read and written, so that what comes out can go in. An unknown field is refused: a misspelt
//! `replyTo` must not be lost in silence.

use aggregates::Timestamp;
use aggregates::ids::{GroupId, UserId};
use aggregates::notification::NotificationType;
use aggregates::room::{JoinPolicy, MessageKind};
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
    Message(Box<MessageLine>),
    Read(ReadLine),
    Follow(RelationLine),
    Unfollow(RelationLine),
    Block(RelationLine),
    Unblock(RelationLine),
    Notification(Box<NotificationLine>),
    NotificationRead(MarkLine),
    NotificationUnread(MarkLine),
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
    /// Somebody, or more of what is known of them. What is known already is not overwritten.
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
        /// Of a DIRECT room the other one, or both.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        avatar: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_id: Option<GroupId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_policy: Option<JoinPolicy>,
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
        /// The id of an earlier message of the room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        erased: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lost: Vec<String>,
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
#[serde(rename_all = "lowercase")]
pub enum RoomShape {
    Direct,
    Group,
}

const fn text() -> MessageKind {
    MessageKind::Text
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
        "message" => wrong_in::<MessageLine>(rest),
        "read" => wrong_in::<ReadLine>(rest),
        "follow" | "unfollow" | "block" | "unblock" => wrong_in::<RelationLine>(rest),
        "notification" => wrong_in::<NotificationLine>(rest),
        "notificationRead" | "notificationUnread" => wrong_in::<MarkLine>(rest),
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
