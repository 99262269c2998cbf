//! A message, the same in an answer and in a frame.

use std::collections::BTreeMap;

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{AttachedFile, MessageKind, MessageSent};
use aggregates::{Sealed, Timestamp};
use event_log::PositionToken;
use projections::inbox::{FileRow, MessageRow, UserRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::user::UserCard;

/// What a deleted message says (requirements R2).
pub const TOMBSTONE: &str = "Pesan telah dihapus";
/// Ids that `readBy` lists; `readByCount` counts them all.
pub const READERS_SHOWN_MAX: usize = 50;

/// `message {id, seq, roomId, ..}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub id: MessageId,
    pub seq: u64,
    pub room_id: RoomId,
    pub sender_id: UserId,
    /// The other one in a DIRECT room; null elsewhere.
    pub receiver_id: Option<UserId>,
    pub content: String,
    /// text, image or file.
    #[serde(rename = "type")]
    #[schemars(with = "MessageKind")]
    pub kind: &'static str,
    pub attachment_url: Option<String>,
    pub attachment_type: Option<String>,
    #[serde(flatten)]
    pub file: FileFacts,
    #[serde(flatten)]
    pub receipt: Receipt,
    /// Emoji to who reacted with it, up to 50; `reactionCounts` counts them all.
    pub reactions: BTreeMap<String, Vec<UserId>>,
    pub reaction_counts: BTreeMap<String, u64>,
    /// Members whom the words name.
    pub mentions: Vec<UserId>,
    /// The words name everybody.
    pub mentions_all: bool,
    /// The words are somebody else's.
    pub is_forwarded: bool,
    pub is_pinned: bool,
    pub reply_to_id: Option<MessageId>,
    /// The message answered, in answers; frames carry its id only.
    pub reply_to: Option<RepliedMessage>,
    pub is_edited: bool,
    pub edited_at: Option<Timestamp>,
    /// Its words are "Pesan telah dihapus", and nothing else of it is left.
    pub is_deleted: bool,
    pub deleted_at: Option<Timestamp>,
    pub deleted_by: Option<UserId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub sender: UserCard,
    pub client_message_id: Option<String>,
    #[serde(serialize_with = "super::as_text")]
    #[schemars(with = "super::names::PositionText")]
    pub position: PositionToken,
}

/// What is known of the file that a message carries; null where nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileFacts {
    /// What its owner calls it.
    pub attachment_name: Option<String>,
    /// Bytes.
    pub attachment_size: Option<u64>,
    /// In pixels, of a picture; as the next.
    pub attachment_width: Option<u32>,
    pub attachment_height: Option<u32>,
}

impl FileFacts {
    fn of_event(file: &AttachedFile) -> Self {
        let AttachedFile { name, bytes, width, height } = file;
        let name = name.as_ref().and_then(Sealed::words).map(str::to_owned);
        Self::of(name, *bytes, (*width, *height))
    }

    fn of_row(file: FileRow) -> Self {
        let FileRow { name, bytes, width, height } = file;
        Self::of(name, bytes, (width, height))
    }

    fn of(name: Option<String>, bytes: u64, (width, height): (Option<u32>, Option<u32>)) -> Self {
        Self { attachment_name: name, attachment_size: Some(bytes), attachment_width: width, attachment_height: height }
    }
}

/// Who has got it. Derived from read positions when it is shown; nobody has when it is new.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub is_read: bool,
    pub read_at: Option<Timestamp>,
    pub is_delivered: bool,
    pub delivered_at: Option<Timestamp>,
    /// Others who have read it, up to 50; empty in DIRECT rooms, where `isRead` says it.
    pub read_by: Vec<UserId>,
    /// Null where it is not counted: in DIRECT rooms, in very large ones, and in what answers a write.
    pub read_by_count: Option<u64>,
}

/// What is shown above a reply.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepliedMessage {
    pub id: MessageId,
    pub seq: u64,
    pub sender_id: UserId,
    pub content: String,
    #[serde(rename = "type")]
    #[schemars(with = "MessageKind")]
    pub kind: &'static str,
    pub attachment_url: Option<String>,
    pub is_deleted: bool,
    pub created_at: Timestamp,
    pub sender: UserCard,
}

impl Message {
    /// As it is the moment it was sent.
    pub fn from_event(
        event: &MessageSent,
        position: PositionToken,
        sender: Option<&UserRow>,
        receiver: Option<&UserId>,
    ) -> Self {
        let attachment = event.attachment.as_ref();
        let url = attachment.and_then(|attachment| attachment.url.words());
        let file = attachment.and_then(|attachment| attachment.file.as_ref()).filter(|_| url.is_some());
        Self {
            id: event.message_id,
            seq: event.seq,
            room_id: event.room_id,
            sender_id: event.sender_id.clone(),
            receiver_id: receiver.cloned(),
            content: event.content.reveal().to_owned(),
            kind: event.kind.name(),
            file: file.map(FileFacts::of_event).unwrap_or_default(),
            attachment_url: url.map(str::to_owned),
            attachment_type: attachment.and_then(|attachment| attachment.media_type.clone()),
            receipt: Receipt::default(),
            reactions: BTreeMap::new(),
            reaction_counts: BTreeMap::new(),
            mentions: event.mentions.clone(),
            mentions_all: event.mentions_all,
            is_forwarded: event.forwarded.is_some(),
            is_pinned: false,
            reply_to_id: event.reply_to,
            reply_to: None,
            is_edited: false,
            edited_at: None,
            is_deleted: false,
            deleted_at: None,
            deleted_by: None,
            created_at: event.at,
            updated_at: event.at,
            sender: UserCard::of(&event.sender_id, sender),
            client_message_id: event.client_message_id.as_ref().and_then(Sealed::words).map(str::to_owned),
            position,
        }
    }

    /// As the view has it; `position` is the row's.
    pub fn from_row(
        row: MessageRow,
        position: PositionToken,
        sender: Option<&UserRow>,
        receiver: Option<&UserId>,
    ) -> Self {
        let (mut reactions, mut reaction_counts) = (BTreeMap::new(), BTreeMap::new());
        for reaction in row.reactions {
            reaction_counts.insert(reaction.emoji.clone(), reaction.count);
            reactions.insert(reaction.emoji, reaction.users);
        }
        let (deleted_by, deleted_at) = row.deleted.map(|deletion| (deletion.by, deletion.at)).unzip();
        Self {
            sender: UserCard::of(&row.sender_id, sender),
            id: row.id,
            seq: row.seq,
            room_id: row.room_id,
            sender_id: row.sender_id,
            receiver_id: receiver.cloned(),
            content: if deleted_at.is_some() { TOMBSTONE.to_owned() } else { row.content },
            kind: row.kind.name(),
            attachment_url: row.attachment_url,
            attachment_type: row.attachment_type,
            file: row.attached_file.map(FileFacts::of_row).unwrap_or_default(),
            receipt: Receipt::default(),
            reactions,
            reaction_counts,
            mentions: row.mentions,
            mentions_all: row.mentions_all,
            is_forwarded: row.forwarded.is_some(),
            is_pinned: row.pinned.is_some(),
            reply_to_id: row.reply_to,
            reply_to: None,
            is_edited: row.edited_at.is_some(),
            edited_at: row.edited_at,
            is_deleted: deleted_at.is_some(),
            updated_at: deleted_at.or(row.edited_at).unwrap_or(row.created_at),
            deleted_at,
            deleted_by,
            created_at: row.created_at,
            client_message_id: row.client_message_id,
            position,
        }
    }
}

/// Takes the words, and what became of them, off a message that was shown before it was deleted: it is then as the views
/// show it. False when it was deleted already.
pub fn blank(message: &mut Value, by: &UserId, at: Timestamp) -> bool {
    if message["isDeleted"] == true {
        return false;
    }
    let gone = json!({
        "content": TOMBSTONE, "attachmentUrl": null, "attachmentType": null, "attachmentName": null,
        "attachmentSize": null, "attachmentWidth": null, "attachmentHeight": null, "reactions": {}, "reactionCounts": {},
        "mentions": [], "mentionsAll": false, "isForwarded": false, "isPinned": false, "isEdited": false,
        "editedAt": null, "isDeleted": true, "deletedAt": at, "deletedBy": by, "updatedAt": at,
    });
    if let (Some(fields), Value::Object(gone)) = (message.as_object_mut(), gone) {
        fields.extend(gone);
    }
    true
}

impl RepliedMessage {
    pub fn from_row(row: &MessageRow, sender: Option<&UserRow>) -> Self {
        Self {
            id: row.id,
            seq: row.seq,
            sender_id: row.sender_id.clone(),
            content: if row.deleted.is_some() { TOMBSTONE.to_owned() } else { row.content.clone() },
            kind: row.kind.name(),
            attachment_url: row.attachment_url.clone(),
            is_deleted: row.deleted.is_some(),
            created_at: row.created_at,
            sender: UserCard::of(&row.sender_id, sender),
        }
    }
}

#[cfg(test)]
mod tests {
    use aggregates::room::Attachment;
    use event_log::{LogId, Position};
    use projections::inbox::{Deletion, ReactionRow};
    use uuid::Uuid;

    use super::super::user::tests::{rara, user};
    use super::*;

    fn token() -> PositionToken {
        PositionToken { log: LogId(Uuid::from_u128(7)), position: Position(42) }
    }

    fn event() -> MessageSent {
        MessageSent {
            room_id: RoomId(Uuid::from_u128(1)),
            message_id: MessageId(Uuid::from_u128(2)),
            seq: 5,
            sender_id: user("rara"),
            kind: MessageKind::Image,
            content: Sealed::new("halo"),
            attachment: Some(Attachment {
                url: Sealed::new("https://cdn.example.org/a.png"),
                media_type: Some("image/png".to_owned()),
                file: Some(AttachedFile {
                    name: Some(Sealed::new("a b.png")),
                    bytes: 9,
                    width: Some(3),
                    height: Some(2),
                }),
            }),
            reply_to: Some(MessageId(Uuid::from_u128(3))),
            mentions: vec![],
            mentions_all: false,
            forwarded: None,
            client_message_id: Some(Sealed::new("c-1")),
            at: Timestamp::from_millis(0),
        }
    }

    fn row() -> MessageRow {
        MessageRow {
            id: MessageId(Uuid::from_u128(2)),
            room_id: RoomId(Uuid::from_u128(1)),
            seq: 5,
            position: Position(42),
            sender_id: user("rara"),
            kind: MessageKind::Image,
            content: "halo".to_owned(),
            attachment_url: Some("https://cdn.example.org/a.png".to_owned()),
            attachment_type: Some("image/png".to_owned()),
            attached_file: Some(FileRow {
                name: Some("a b.png".to_owned()),
                bytes: 9,
                width: Some(3),
                height: Some(2),
            }),
            reply_to: Some(MessageId(Uuid::from_u128(3))),
            mentions: vec![],
            mentions_all: false,
            forwarded: None,
            client_message_id: Some("c-1".to_owned()),
            created_at: Timestamp::from_millis(0),
            edited_at: None,
            deleted: None,
            reactions: vec![],
            pinned: None,
        }
    }

    #[test]
    fn a_message_has_every_field_the_front_end_reads() {
        let message = Message::from_event(&event(), token(), Some(&rara()), Some(&user("ben")));
        assert_eq!(
            serde_json::to_value(message).expect("json"),
            json!({"id": "00000000-0000-0000-0000-000000000002", "seq": 5,
                "roomId": "00000000-0000-0000-0000-000000000001", "senderId": "rara", "receiverId": "ben",
                "content": "halo", "type": "image", "attachmentUrl": "https://cdn.example.org/a.png",
                "attachmentType": "image/png", "attachmentName": "a b.png", "attachmentSize": 9, "attachmentWidth": 3,
                "attachmentHeight": 2, "isRead": false, "readAt": null, "isDelivered": false,
                "deliveredAt": null, "readBy": [], "readByCount": null, "reactions": {},
                "reactionCounts": {}, "mentions": [], "mentionsAll": false, "isForwarded": false, "isPinned": false,
                "replyToId": "00000000-0000-0000-0000-000000000003", "replyTo": null, "isEdited": false,
                "editedAt": null, "isDeleted": false, "deletedAt": null, "deletedBy": null, "createdAt": "1970-01-01T00:00:00.000Z",
                "updatedAt": "1970-01-01T00:00:00.000Z",
                "sender": {"id": "rara", "name": "Rara Putri", "username": "rara.p", "avatar": null},
                "clientMessageId": "c-1", "position": "00000000000000000000000000000007-42"})
        );
    }

    #[test]
    fn an_answer_and_a_frame_show_the_same_message() {
        let receiver = user("ben");
        assert_eq!(
            Message::from_event(&event(), token(), Some(&rara()), Some(&receiver)),
            Message::from_row(row(), token(), Some(&rara()), Some(&receiver))
        );
    }

    #[test]
    fn a_deleted_message_keeps_its_place_and_says_that_it_was_deleted() {
        let deletion = Deletion { by: user("ben"), at: Timestamp::from_millis(9) };
        let gone = MessageRow { content: String::new(), attachment_url: None, deleted: Some(deletion), ..row() };
        let shown = Message::from_row(gone.clone(), token(), None, None);
        assert_eq!((shown.content.as_str(), shown.is_deleted, shown.seq), (TOMBSTONE, true, 5));
        assert_eq!((shown.deleted_by, shown.updated_at), (Some(user("ben")), Timestamp::from_millis(9)));
        assert_eq!(RepliedMessage::from_row(&gone, None).content, TOMBSTONE);
    }

    #[test]
    fn what_became_of_a_message_is_shown_with_it() {
        let reaction = ReactionRow { emoji: "👍".to_owned(), count: 80, users: vec![user("ana")] };
        let row = MessageRow {
            reactions: vec![reaction],
            edited_at: Some(Timestamp::from_millis(3)),
            mentions: vec![user("ben")],
            ..row()
        };
        let shown = serde_json::to_value(Message::from_row(row, token(), None, None)).expect("json");
        assert_eq!((&shown["reactions"], &shown["reactionCounts"]), (&json!({"👍": ["ana"]}), &json!({"👍": 80})));
        assert_eq!((&shown["isEdited"], &shown["updatedAt"]), (&json!(true), &json!("1970-01-01T00:00:00.003Z")));
        assert_eq!(shown["mentions"], json!(["ben"]));
    }

    #[test]
    fn the_message_answered_is_shown_without_its_receipts() {
        let shown = serde_json::to_value(RepliedMessage::from_row(&row(), None)).expect("json");
        assert_eq!(shown["content"], "halo");
        assert_eq!(shown["sender"], json!({"id": "rara", "name": null, "username": null, "avatar": null}));
        assert_eq!(shown.get("isRead"), None);
    }
}
