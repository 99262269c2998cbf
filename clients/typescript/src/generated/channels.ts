// Made by scripts/generate.mjs from the server's documents; not to be edited.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AbsentMember: {
            user_id: components["schemas"]["UserId"];
        };
        /** @description `message {id, seq, roomId, ..}`. */
        Message: {
            /** Format: uint32 */
            attachmentHeight: number | null;
            /** @description What its owner calls it. */
            attachmentName: string | null;
            /**
             * Format: uint64
             * @description Bytes.
             */
            attachmentSize: number | null;
            attachmentType: string | null;
            attachmentUrl: string | null;
            /**
             * Format: uint32
             * @description In pixels, of a picture; as the next.
             */
            attachmentWidth: number | null;
            clientMessageId: string | null;
            content: string;
            createdAt: components["schemas"]["Timestamp"];
            deletedAt: components["schemas"]["Timestamp"] | null;
            deletedBy: components["schemas"]["UserId"] | null;
            deliveredAt: components["schemas"]["Timestamp"] | null;
            editedAt: components["schemas"]["Timestamp"] | null;
            id: components["schemas"]["MessageId"];
            /** @description Its words are "Pesan telah dihapus", and nothing else of it is left. */
            isDeleted: boolean;
            isDelivered: boolean;
            isEdited: boolean;
            /** @description The words are somebody else's. */
            isForwarded: boolean;
            isPinned: boolean;
            isRead: boolean;
            /** @description Members whom the words name. */
            mentions: components["schemas"]["UserId"][];
            /** @description The words name everybody. */
            mentionsAll: boolean;
            position: components["schemas"]["Position"];
            reactionCounts: {
                [key: string]: number;
            };
            /** @description Emoji to who reacted with it, up to 50; `reactionCounts` counts them all. */
            reactions: {
                [key: string]: components["schemas"]["UserId"][];
            };
            readAt: components["schemas"]["Timestamp"] | null;
            /** @description Others who have read it, up to 50; empty in DIRECT rooms, where `isRead` says it. */
            readBy: components["schemas"]["UserId"][];
            /**
             * Format: uint64
             * @description Null where it is not counted: in DIRECT rooms, in very large ones, and in what answers a write.
             */
            readByCount: number | null;
            /** @description The other one in a DIRECT room; null elsewhere. */
            receiverId: components["schemas"]["UserId"] | null;
            /** @description The message answered, in answers; frames carry its id only. */
            replyTo: components["schemas"]["RepliedMessage"] | null;
            replyToId: components["schemas"]["MessageId"] | null;
            roomId: components["schemas"]["RoomId"];
            sender: components["schemas"]["UserCard"];
            senderId: components["schemas"]["UserId"];
            /** Format: uint64 */
            seq: number;
            /** @description text, image or file. */
            type: components["schemas"]["MessageKind"];
            updatedAt: components["schemas"]["Timestamp"];
        };
        /** @description Up to where a device of somebody's has everything; in DIRECT rooms. */
        MessageDelivered: {
            deliveredAt: components["schemas"]["Timestamp"];
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            upTo: components["schemas"]["MessageId"];
            /** Format: uint64 */
            upToSeq: number;
            userId: components["schemas"]["UserId"];
        };
        /** @description `message-deleted`: its place stays. */
        MessageGone: {
            deletedAt: components["schemas"]["Timestamp"];
            deletedBy: components["schemas"]["UserId"];
            messageId: components["schemas"]["MessageId"];
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            /**
             * Format: uint64
             * @description The message's own, as in the next two.
             */
            seq: number;
        };
        /** @description `new-message` on a member's own channel; the whole message is on the room's. */
        MessageHint: {
            /** @description The first 50 characters. */
            content: string;
            muted: boolean;
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            senderName: string;
            /** Format: uint64 */
            seq: number;
        };
        /** Format: uuid */
        MessageId: string;
        /** @enum {string} */
        MessageKind: "text" | "image" | "file";
        MessagePin: {
            by: components["schemas"]["UserId"];
            messageId: components["schemas"]["MessageId"];
            pinned: boolean;
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            /** Format: uint64 */
            seq: number;
        };
        MessageRead: {
            position: components["schemas"]["Position"];
            readAt: components["schemas"]["Timestamp"];
            roomId: components["schemas"]["RoomId"];
            upTo: components["schemas"]["MessageId"];
            /** Format: uint64 */
            upToSeq: number;
            userId: components["schemas"]["UserId"];
        };
        NewFollower: {
            avatar: string | null;
            name: string | null;
            notificationId: components["schemas"]["NotificationId"];
            position: components["schemas"]["Position"];
            userId: components["schemas"]["UserId"];
            username: string | null;
        };
        /** @description `notification {id, userId, type, ..}`. */
        Notification: {
            actorAvatar: string | null;
            actorId: components["schemas"]["UserId"] | null;
            actorName: string | null;
            /** @description IN_APP, PUSH, EMAIL, WHATSAPP to the state of that channel: waiting, under_way, accepted, suppressed, rejected or abandoned. What is in the feed was accepted by IN_APP; a frame has no others yet. */
            channels: {
                [key: string]: string;
            };
            clickedAt: components["schemas"]["Timestamp"] | null;
            commentId: string | null;
            /**
             * Format: uint64
             * @description How many things it stands for.
             */
            count: number;
            courseId: string | null;
            createdAt: components["schemas"]["Timestamp"];
            deliveredAt: components["schemas"]["Timestamp"] | null;
            eventId: string | null;
            groupId: string | null;
            icon: string | null;
            id: components["schemas"]["NotificationId"];
            image: string | null;
            isArchived: boolean;
            isClicked: boolean;
            /** @description A receipt came; nothing is taken as delivered because it was written. */
            isDelivered: boolean;
            isRead: boolean;
            /** @description Some channel accepted it: IN_APP does when it enters the feed. */
            isSent: boolean;
            link: string | null;
            /** @description The language of its words, `id` or `en`; the default where it is null. */
            locale: string | null;
            message: string;
            metadata: {
                [key: string]: unknown;
            } | null;
            position: components["schemas"]["Position"];
            postId: string | null;
            readAt: components["schemas"]["Timestamp"] | null;
            redirectUrl: string | null;
            sentAt: components["schemas"]["Timestamp"] | null;
            sourceId: string | null;
            sourceType: string | null;
            title: string;
            transactionId: string | null;
            /** @description One of the sixteen of requirements R8. */
            type: components["schemas"]["NotificationType"];
            userId: components["schemas"]["UserId"];
        };
        /** @description An entry of the feed that is there no more. */
        NotificationDeleted: {
            id: components["schemas"]["NotificationId"];
            position: components["schemas"]["Position"];
        };
        /** Format: uuid */
        NotificationId: string;
        /** @description Which entries of the feed are read now. */
        NotificationRead: {
            /** @description `true`, or absent: everything up to now. */
            all?: boolean | null;
            ids?: components["schemas"]["NotificationId"][] | null;
            position: components["schemas"]["Position"];
        };
        /** @enum {string} */
        NotificationType: "CHAT_MESSAGE" | "COMMENT" | "COMMENT_REPLY" | "MENTION" | "POST" | "COURSE_DISCUSSION" | "COURSE_ENROLLED" | "EVENT_REMINDER" | "TRANSACTION" | "FOLLOWER" | "ACHIEVEMENT" | "SYSTEM" | "AFFILIATE" | "MEMBERSHIP" | "PRODUCT_REVIEW" | "CONTENT_UPDATE";
        /** @description `user-joined` and `user-left`. */
        Passage: {
            /** @description Who brought or removed them; absent when they did it themselves. */
            by?: components["schemas"]["UserId"] | null;
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            userId: components["schemas"]["UserId"];
            userName: string;
        };
        /** @description Where in the log it was written, to be handed back as it is. */
        Position: string;
        /** @description Somebody who is here, as the others see them. */
        PresentMember: {
            user_id: components["schemas"]["UserId"];
            user_info?: components["schemas"]["PresentMemberInfo"] | null;
        };
        /** @description What does not fit into the protocol's 1 KB is left out. */
        PresentMemberInfo: {
            avatar?: string | null;
            name?: string | null;
            username?: string | null;
        };
        Reaction: {
            added: boolean;
            emoji: string;
            messageId: components["schemas"]["MessageId"];
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
            /** Format: uint64 */
            seq: number;
            userId: components["schemas"]["UserId"];
        };
        /** @description What is shown above a reply. */
        RepliedMessage: {
            attachmentUrl: string | null;
            content: string;
            createdAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["MessageId"];
            isDeleted: boolean;
            sender: components["schemas"]["UserCard"];
            senderId: components["schemas"]["UserId"];
            /** Format: uint64 */
            seq: number;
            type: components["schemas"]["MessageKind"];
        };
        /** Format: uuid */
        RoomId: string;
        /** @description Something about the room itself; it is to be asked for anew. */
        RoomUpdated: {
            /** @description The name of what happened: `room_renamed`, `room_closed` .. */
            change: string;
            position: components["schemas"]["Position"];
            roomId: components["schemas"]["RoomId"];
        };
        /**
         * Format: date-time
         * @description RFC 3339, UTC, with milliseconds.
         */
        Timestamp: string;
        ToReload: {
            /** @description Everything up to there is in the answers of the routes. */
            position: components["schemas"]["Position"];
            /** @enum {string} */
            reason: "other-log" | "too-long-ago" | "too-much" | "unknown-position";
        };
        /** @description What waits for somebody, at or after `position`. */
        Unread: {
            /** Format: uint64 */
            chat: number;
            /** Format: uint64 */
            notifications: number;
            position: components["schemas"]["Position"];
        };
        /** @description `sender {id, name, username, avatar}`. */
        UserCard: {
            avatar: string | null;
            id: components["schemas"]["UserId"];
            name: string | null;
            username: string | null;
        };
        /** @description As the platform names somebody. */
        UserId: string;
        UserStatus: {
            lastSeen: components["schemas"]["Timestamp"] | null;
            /** @enum {string} */
            status: "online" | "offline";
            userId: components["schemas"]["UserId"];
        };
        UserTyping: {
            isTyping: boolean;
            roomId: components["schemas"]["RoomId"];
            userId: components["schemas"]["UserId"];
            userName: string;
        };
        UserUnfollowed: {
            position: components["schemas"]["Position"];
            userId: components["schemas"]["UserId"];
            username: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

/** Which members of a room are here. All of them come with the subscription, as the protocol has it; pusher-js gives what follows as `pusher:member_added` and `pusher:member_removed`. On `presence-room-{roomId}`. */
export interface PresenceEvents {
  /** Somebody's first connection has come. */
  "pusher_internal:member_added": components["schemas"]["PresentMember"];
  /** Their last one has gone, or they were removed from the room. */
  "pusher_internal:member_removed": components["schemas"]["AbsentMember"];
}

/** What happens in a room, to its members. On `private-room-{roomId}`. */
export interface RoomEvents {
  /** What was missed cannot be replayed: load anew what is shown of this channel. */
  "kabar:reload": components["schemas"]["ToReload"];
  /** Its place stays, its words go. */
  "message-deleted": components["schemas"]["MessageGone"];
  /** A device of theirs has got it; in direct rooms. */
  "message-delivered": components["schemas"]["MessageDelivered"];
  /** The message as it is now. */
  "message-edited": components["schemas"]["Message"];
  /** Pinned, or no more. */
  "message-pinned": components["schemas"]["MessagePin"];
  /** An emoji was set or taken back. */
  "message-reaction": components["schemas"]["Reaction"];
  /** Somebody has read up to there. Who sends has read: one with the sender's own id comes after each message. */
  "message-read": components["schemas"]["MessageRead"];
  /** The message, as GET /api/chat/messages has it. */
  "new-message": components["schemas"]["Message"];
  /** Something about the room: ask for it anew. */
  "room-updated": components["schemas"]["RoomUpdated"];
  /** Somebody came, or was brought. */
  "user-joined": components["schemas"]["Passage"];
  /** Somebody left, or was removed. */
  "user-left": components["schemas"]["Passage"];
  /** A member came online or went; to some of the others, and never of who hides. */
  "user-status": components["schemas"]["UserStatus"];
  /** Ends by itself after 5 s; never to the typer's own sockets. */
  "user-typing": components["schemas"]["UserTyping"];
}

/** What concerns one person. On `private-user-{userId}`. */
export interface UserEvents {
  /** What was missed cannot be replayed: load anew what is shown of this channel. */
  "kabar:reload": components["schemas"]["ToReload"];
  /** Somebody follows them, and they want to hear of it; just before the notification of it. */
  "new-follower": components["schemas"]["NewFollower"];
  /** Something was said in a room of theirs. Not to the sender; the whole message is on the room's channel. */
  "new-message": components["schemas"]["MessageHint"];
  /** A notification, as GET /api/notifications has it. */
  "notification": components["schemas"]["Notification"];
  /** Deleted on some device of theirs. */
  "notification-deleted": components["schemas"]["NotificationDeleted"];
  /** Read on some device of theirs. */
  "notification-read": components["schemas"]["NotificationRead"];
  /** The counts, after a change of either; at most once a second, the last always. */
  "unread": components["schemas"]["Unread"];
  /** Somebody follows them no more. */
  "user-unfollowed": components["schemas"]["UserUnfollowed"];
}
