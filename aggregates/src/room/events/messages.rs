//! What has happened to what is said in a room.

use serde::{Deserialize, Serialize};

use crate::ids::{MessageId, RoomId, UserId};
use crate::limits::MEDIA_TYPE_CHARS_MAX;
use crate::room::emoji::Emoji;
use crate::{Sealed, Timestamp};

/// A member said something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageSent {
    pub room_id: RoomId,
    pub message_id: MessageId,
    /// 1, 2, 3 .. in the room, without gaps.
    pub seq: u64,
    pub sender_id: UserId,
    pub kind: MessageKind,
    pub content: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Members whom the words name, by id; never the sender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// Everybody in the room is meant.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mentions_all: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// As the sender's device named it, in any text it liked; goes back in answers and frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<Sealed>,
    /// When the wish reached us. The log's own `recorded_at` may be later.
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    Text,
    Image,
    File,
}

impl MessageKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub url: Sealed,
    /// A media type or the platform's word for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Of an upload, as it was when the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<AttachedFile>,
}

impl Attachment {
    /// Of whose file nothing is known but where it is.
    pub const fn at(url: Sealed, media_type: Option<String>) -> Self {
        Self { url, media_type, file: None }
    }
}

/// What is known of an upload: with its bytes a front end makes room for a picture before it has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachedFile {
    /// What its owner calls it. Words of whoever owns the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    pub bytes: u64,
    /// In pixels, of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// `image/png`, or `image` alone, as older histories have it: one or two short names. Free text would be words of somebody that no erasure reaches.
pub fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.len() <= MEDIA_TYPE_CHARS_MAX && text.split('/').count() <= 2 && text.split('/').all(name)
}

/// The words of a forwarded message, and its attachment, belong to whoever said them first: with them they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub author_id: UserId,
}

/// Its sender put it in other words. Behind its deletion this changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageEdited {
    pub room_id: RoomId,
    pub message_id: MessageId,
    /// The message's own.
    pub seq: u64,
    pub sender_id: UserId,
    pub content: Sealed,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub mentions_all: bool,
    pub at: Timestamp,
}

/// Its place stays, its words are shown to nobody. The first of them wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageDeleted {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub seq: u64,
    pub sender_id: UserId,
    pub by: UserId,
    pub at: Timestamp,
}

/// One emoji of one person, set or taken back: both may come twice, and are a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reacted {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub seq: u64,
    pub user_id: UserId,
    pub emoji: Emoji,
    pub at: Timestamp,
}

/// Pinned in its room, or no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessagePinned {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub seq: u64,
    pub by: UserId,
    pub at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_false(yes: &bool) -> bool {
    !*yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_one_or_two_short_names() {
        for right in ["image", "image/png", "image/svg+xml", "application/vnd.oasis.opendocument.text"] {
            assert!(is_media_type(right), "{right}");
        }
        let longest = "x".repeat(MEDIA_TYPE_CHARS_MAX);
        assert!(is_media_type(&longest) && !is_media_type(&format!("{longest}x")));
        for wrong in ["", "/", "image/", "/png", "a/b/c", "Rara Putri", "rara@example.id", "gambar é"] {
            assert!(!is_media_type(wrong), "{wrong}");
        }
    }
}
