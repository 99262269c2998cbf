// Made by scripts/generate.mjs from the server's documents; not to be edited.

export interface paths {
    "/api/admin/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was reported, the latest first, for the platform's ADMINs. */
        get: operations["listReports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/reports/{reportId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report with what it is about, as that is now. */
        get: operations["getReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/reports/{reportId}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What came of it, once. */
        post: operations["resolveReport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/delivered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A device has got it; kept in direct rooms only. */
        post: operations["markDelivered"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A group of one's own. */
        post: operations["createGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/groups/{roomId}/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Come in. */
        post: operations["joinGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/groups/{roomId}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring others in. */
        post: operations["addMembers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/groups/{roomId}/members/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove somebody; of oneself: leave. */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /** OWNER hands the group over. */
        patch: operations["changeRole"];
        trace?: never;
    };
    "/api/chat/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of a room's messages, oldest first; the newest page by default. */
        get: operations["listMessages"];
        put?: never;
        post?: never;
        /** Its place stays, its words go. */
        delete: operations["deleteMessage"];
        options?: never;
        head?: never;
        /** One's own message in other words. */
        patch: operations["editMessage"];
        trace?: never;
    };
    "/api/chat/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One message. */
        get: operations["getMessage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/edits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything it has said, oldest first. */
        get: operations["listEdits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/forward": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Into each of up to ten rooms. */
        post: operations["forwardMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pin it in its room. */
        post: operations["pinMessage"];
        /** Pinned no more. */
        delete: operations["unpinMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/reactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set an emoji; `on: false` takes it back. */
        post: operations["react"];
        /** Take an emoji back. */
        delete: operations["unreact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/readers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who has read it: the latest, up to 50, and how many. */
        get: operations["listReaders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/messages/{messageId}/replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was answered to it, oldest first. */
        get: operations["listReplies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** One has read, up to a message or everything. */
        post: operations["markRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/rooms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own rooms: pinned ones first, then by their last message. */
        get: operations["listRooms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/rooms/{roomId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One room, as whoever asks sees it. */
        get: operations["getRoom"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** What is absent stays as it is; null takes a name or a picture away. */
        patch: operations["changeRoom"];
        trace?: never;
    };
    "/api/chat/rooms/{roomId}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** From now on it is read and left, and nothing is said there. */
        post: operations["closeRoom"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/rooms/{roomId}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody in it, by id. */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/rooms/{roomId}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is pinned in a room, the last first. */
        get: operations["listPins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/rooms/{roomId}/place": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Mute, pin or archive a room, for oneself. */
        patch: operations["arrangeRoom"];
        trace?: never;
    };
    "/api/chat/rooms/{roomId}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A closed room is spoken in again. */
        post: operations["reopenRoom"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was said where one may read, the newest first. */
        get: operations["searchMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something in a room. `clientMessageId` makes a repeat the same message. */
        post: operations["sendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The one room of these two, made when absent; for SUPPORT a new one. */
        post: operations["startRoom"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/support": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open support rooms, for the platform's ADMINs. */
        get: operations["listSupportRooms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/typing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who types in a room. */
        get: operations["listTyping"];
        put?: never;
        /** One types, or does no more. Ends by itself after 5 s. */
        post: operations["setTyping"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A room is unread again, from a message on. */
        post: operations["markUnread"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/chat/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Unread messages over all rooms. */
        get: operations["countUnread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same under its older name. */
        get: operations["listConversations"];
        put?: never;
        /** Say something to somebody; opens the direct room where there is none. */
        post: operations["writeTo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own, the latest first. */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        /** For good; what waits to be sent of it is not sent any more. */
        delete: operations["deleteNotification"];
        options?: never;
        head?: never;
        /** Mark some, or all, as read or unread. */
        patch: operations["markNotifications"];
        trace?: never;
    };
    "/api/notifications/{notificationId}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Out of the list. */
        post: operations["archiveNotification"];
        /** Back in the list. */
        delete: operations["unarchiveNotification"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one has switched on and off. */
        get: operations["getPreferences"];
        /** Switch on and off what is named; the rest stays as it is. */
        put: operations["changePreferences"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/push-only": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** To somebody's devices, and not into their feed. */
        post: operations["sendPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let somebody hear of something, as they chose to hear. */
        post: operations["sendNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/send-bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The same to as many as 500 at once. */
        post: operations["sendNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one is subscribed to, by kind and id. */
        get: operations["listSubscriptions"];
        put?: never;
        /** Hear of a group, a course, an event, a post or a person. */
        post: operations["subscribe"];
        /** Hear of it no more, until one asks for it again; whatever else would have subscribed one. */
        delete: operations["unsubscribe"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/unread-count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Unread ones. */
        get: operations["countNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** One is here, or is not; or is to be seen by nobody. */
        post: operations["sayPresence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/pusher/auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A signature for a channel, as pusher-js asks for it. */
        post: operations["authorizeChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/pusher/user-auth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A signature for `pusher.signin()`. */
        post: operations["authorizeUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one has reported, the latest first. */
        get: operations["listOwnReports"];
        put?: never;
        /** Report a message, somebody, or a room; again, it is the same report. */
        post: operations["report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to one since a position: the frames of all one's channels, in order; or to reload. */
        get: operations["sync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring a file to a room: its bytes as the body, or a form with the field `file`. */
        post: operations["upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The file, for its owner and whoever may read a message that carries it; whole or by Range. */
        get: operations["download"];
        put?: never;
        post?: never;
        /** One's own file is gone. */
        delete: operations["deleteUpload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Somebody, and how one stands to them. */
        get: operations["getUser"];
        /** The platform's word about somebody: absent stays, null clears. */
        put: operations["putUser"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/block": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** No messages, no follows, either way. */
        post: operations["block"];
        /** Blocked no more. */
        delete: operations["unblock"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/follow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether one follows them. */
        get: operations["getFollow"];
        put?: never;
        /** Follow or unfollow; without `on` each call toggles. */
        post: operations["toggleFollow"];
        /** Follow no more. */
        delete: operations["unfollow"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/followers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who follows them, the latest first. */
        get: operations["listFollowers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/{userId}/following": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whom they follow, the latest first. */
        get: operations["listFollowing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/blocked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whom one has blocked, the latest first. */
        get: operations["listBlocked"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The same about many at once. */
        post: operations["putUsers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Oneself, with what nobody else is shown. */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @enum {string} */
        ArchivedRooms: "only" | "without";
        AuthForm: {
            channel_name: string;
            /**
             * @description Up to where the client has heard this channel: see docs/realtime.md.
             * @default null
             */
            resume_after?: string | null;
            socket_id: string;
        };
        /** @description What `/api/pusher/auth` answers. */
        Authorisation: {
            /** @description `key:signature`. */
            auth: string;
            /** @description Says who subscribes; pusher-js hands it on as it is. */
            channel_data: string;
            /** @description Of encrypted channels, where their key is configured. */
            shared_secret?: string | null;
        };
        /** @description Described under the name of what it shows. */
        BlockAnswer: {
            blocked: boolean;
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        BlockedAnswer: {
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
            users: components["schemas"]["BlockedUser"][];
        };
        /** @description One line of `GET /api/users/blocked`. */
        BlockedUser: {
            avatar: string | null;
            blockedAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["UserId"];
            name: string | null;
            username: string | null;
        };
        /** @description Described under the name of what it shows. */
        BulkAnswer: {
            /** Format: uint64 */
            count: number;
            /** @constant */
            success: true;
        };
        BulkBody: {
            users: components["schemas"]["ProfileBody"][];
        };
        /** @description What is absent stays as it is; null takes a name or a picture away. */
        ChangesBody: {
            /** @default null */
            avatar?: string | null;
            joinPolicy?: components["schemas"]["JoinPolicy"] | null;
            /** @default null */
            name?: string | null;
            /** Format: uint32 */
            slowModeSeconds?: number | null;
        };
        /** @description By which channels; what is absent stays as it is, or is as for whoever chose nothing: all but WhatsApp. */
        ChannelsBody: {
            enableEmail?: boolean | null;
            enableInApp?: boolean | null;
            enablePush?: boolean | null;
            enableWhatsApp?: boolean | null;
        };
        /** @description Described under the name of what it shows. */
        ConversationsAnswer: {
            /** @description The same objects as `rooms[]` of `/api/chat/rooms`. */
            conversations: components["schemas"]["Room"][];
            hasMore: boolean;
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
            /** Format: uint64 */
            totalUnread: number;
        };
        /** @description Described under the name of what it shows. */
        CountAnswer: {
            /** Format: uint64 */
            count: number;
            /** @constant */
            success: true;
        };
        /** @description The `nextCursor` of an earlier page, handed back as it is. */
        Cursor: string;
        /** @description Described under the name of what it shows. */
        DeletedAnswer: {
            message: string;
            /** @constant */
            success: true;
        };
        DeliveredBody: {
            roomId: components["schemas"]["RoomId"];
            /** @description As in `POST /api/chat/read`. */
            upTo?: components["schemas"]["UpTo"] | null;
        };
        /** @description What the platform is told of an entry that it put: with the address, for it came from there. */
        DirectoryEntry: {
            avatar: string | null;
            email: string | null;
            id: components["schemas"]["UserId"];
            name: string | null;
            role: string | null;
            username: string | null;
        };
        /** @description Described under the name of what it shows. */
        DoneAnswer: {
            message: string;
            /** @constant */
            success: true;
        };
        EditBody: {
            content: string;
            /** @default [] */
            mentions?: components["schemas"]["UserId"][];
            /** @default false */
            mentionsAll?: boolean;
            messageId: components["schemas"]["MessageId"];
        };
        /** @description One emoji, as Unicode lists them. */
        Emoji: string;
        /** @description Described under the name of what it shows. */
        EntryAnswer: {
            /** @constant */
            success: true;
            user: components["schemas"]["DirectoryEntry"];
        };
        /** @description One thing that is wrong with the request. `field` is a JSON path (`userIds[3]`), a query parameter or a header. */
        FieldError: {
            field: string;
            reason: string;
        };
        /** @description The same with what only the platform's admins are told. */
        FiledReport: {
            createdAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["ReportId"];
            kind: components["schemas"]["ReportKind"];
            messageId: components["schemas"]["MessageId"] | null;
            /** @description Null as well when whoever wrote it, or whom the report is about, was erased. */
            note: string | null;
            /** @description Null when whoever wrote it, or whom it is about, was erased. */
            reason: string | null;
            reporter: components["schemas"]["UserCard"];
            resolution: components["schemas"]["Resolution"] | null;
            resolvedAt: components["schemas"]["Timestamp"] | null;
            resolvedBy: components["schemas"]["UserCard"] | null;
            roomId: components["schemas"]["RoomId"] | null;
            status: components["schemas"]["ReportStatus"];
            /** @description Whose doing it is; null for a room. */
            user: components["schemas"]["UserCard"] | null;
            /** @description Whose doing it is; null for a room. */
            userId: components["schemas"]["UserId"] | null;
        };
        /** @description Described under the name of what it shows. */
        FollowAnswer: {
            /**
             * Format: uint64
             * @description Of the one who is (or is not) followed.
             */
            followersCount: number;
            following: boolean;
            /** Format: uint64 */
            followingCount: number;
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        FollowingAnswer: {
            following: boolean;
            /** @constant */
            success: true;
        };
        /** @description One line of `GET /api/users/{id}/followers` and `/following`. */
        FollowUser: {
            avatar: string | null;
            followedAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["UserId"];
            /** @description Whether the one who asks follows them. */
            isFollowing: boolean;
            name: string | null;
            username: string | null;
        };
        /** @description Described under the name of what it shows. */
        ForwardAnswer: {
            messages: components["schemas"]["Message"][];
            /** @constant */
            success: true;
        };
        ForwardBody: {
            roomIds: components["schemas"]["RoomId"][];
        };
        /** @description Enough of a room to name it. DIRECT rooms keep name and avatar null: they are called after the other one. */
        FoundIn: {
            avatar: string | null;
            id: components["schemas"]["RoomId"];
            name: string | null;
            type: components["schemas"]["RoomKind"];
        };
        /** @enum {string} */
        From: "unread";
        GroupBody: {
            /** Format: uri */
            avatar?: string | null;
            /** @description The platform's own group. Only its admins say which: who is in a room of it hears the group's channel. */
            groupId?: components["schemas"]["GroupId"] | null;
            /**
             * @description From where on members read: `start` (the default) or `join`.
             * @default start
             */
            historyFrom?: components["schemas"]["HistoryFrom"];
            /**
             * @description Who may come in unasked: `open` (whoever knows the id, the default) or `invite` (nobody).
             * @default open
             */
            joinPolicy?: components["schemas"]["JoinPolicy"];
            /** @default [] */
            memberIds?: components["schemas"]["UserId"][];
            name: string;
        };
        /** @description The platform's own group. */
        GroupId: string;
        Highlight: {
            /** Format: uint */
            end: number;
            /** Format: uint */
            start: number;
        };
        /** @enum {string} */
        HistoryFrom: "start" | "join";
        /** @enum {string} */
        JoinPolicy: "open" | "invite";
        /**
         * @description A language that people are spoken to in.
         * @enum {string}
         */
        Locale: "id" | "en";
        /** @description Described under the name of what it shows. */
        MarkAnswer: {
            /** Format: uint64 */
            count: number;
            message: string;
            /** @constant */
            success: true;
        };
        /** @description Both forms that clients use: `{notificationIds?, markAllRead?, isRead?}` and `{id?, markAll?}`. */
        MarkBody: {
            id?: components["schemas"]["NotificationId"] | null;
            isRead?: boolean | null;
            /**
             * @deprecated
             * @description `markAllRead`, as older clients call it.
             */
            markAll?: boolean | null;
            markAllRead?: boolean | null;
            notificationIds?: components["schemas"]["NotificationId"][] | null;
        };
        /** @description Described under the name of what it shows. */
        MembersAnswer: {
            hasMore: boolean;
            members: components["schemas"]["Participant"][];
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
        };
        MembersBody: {
            userIds: components["schemas"]["UserId"][];
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
        /** @description Described under the name of what it shows. */
        MessageAnswer: {
            message: components["schemas"]["Message"];
            /** @constant */
            success: true;
        };
        /** Format: uuid */
        MessageId: string;
        /** @enum {string} */
        MessageKind: "text" | "image" | "file";
        /** @description Described under the name of what it shows. */
        MessagesAnswer: {
            hasMore: boolean;
            /** @description Behind the last of these; what `aroundId` and `from=unread` leave out. */
            hasNewer: boolean;
            messages: components["schemas"]["Message"][];
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
        };
        /** @description Who hears, what it says and what it is about. */
        NoticeBody: {
            /**
             * @deprecated
             * @description `redirectUrl`, as older clients call it.
             */
            actionUrl?: string | null;
            /** @description Whoever did it: they are not told, nor anybody between whom and them there is a block. */
            actorId?: components["schemas"]["UserId"] | null;
            /** @description IN_APP, PUSH, EMAIL, WHATSAPP, or a provider's name of one; without them those that are usual for the type. */
            channels?: string[] | null;
            commentId?: string | null;
            courseId?: string | null;
            /**
             * @description Only of SYSTEM: it does not wait for the end of quiet hours.
             * @default false
             */
            critical?: boolean;
            eventId?: string | null;
            groupId?: string | null;
            icon?: string | null;
            image?: string | null;
            /** @description A path of the platform, as in `/posts/1`, or an https address. */
            link?: string | null;
            message: string;
            /** @description Kept as it is, for the front end. */
            metadata?: {
                [key: string]: unknown;
            } | null;
            postId?: string | null;
            redirectUrl?: string | null;
            /**
             * @deprecated
             * @description `sourceId`, as older clients call it.
             */
            relatedId?: string | null;
            /**
             * @deprecated
             * @description `sourceType`, as older clients call it.
             */
            relatedType?: string | null;
            sourceId?: string | null;
            sourceType?: string | null;
            title: string;
            transactionId?: string | null;
            /** @description One of the sixteen types, or an older client's name of one. */
            type: components["schemas"]["NotificationType"];
            /** @description Who hears of it: with `send`, and only there. */
            userId?: components["schemas"]["UserId"] | null;
            /** @description Each hears of it once, however often they are named: with `send-bulk`, and only there. */
            userIds?: components["schemas"]["UserId"][] | null;
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
        /** Format: uuid */
        NotificationId: string;
        /** @description Described under the name of what it shows. */
        NotificationsAnswer: {
            notifications: components["schemas"]["Notification"][];
            pagination: components["schemas"]["Pagination"];
            /** @constant */
            success: true;
            /** Format: uint64 */
            unreadCount: number;
        };
        /** @enum {string} */
        NotificationType: "CHAT_MESSAGE" | "COMMENT" | "COMMENT_REPLY" | "MENTION" | "POST" | "COURSE_DISCUSSION" | "COURSE_ENROLLED" | "EVENT_REMINDER" | "TRANSACTION" | "FOLLOWER" | "ACHIEVEMENT" | "SYSTEM" | "AFFILIATE" | "MEMBERSHIP" | "PRODUCT_REVIEW" | "CONTENT_UPDATE";
        /** @description A support room as who is not in it sees it: enough to come in. */
        OpenRoom: {
            createdAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["RoomId"];
            lastMessageAt: components["schemas"]["Timestamp"] | null;
            /** Format: uint64 */
            lastSeq: number;
            name: string | null;
            openedBy: components["schemas"]["UserId"];
            /** Format: uint64 */
            participantCount: number;
        };
        /** @description Described under the name of what it shows. */
        OwnAnswer: {
            /** @constant */
            success: true;
            user: components["schemas"]["OwnProfile"];
        };
        /** @description `GET /api/users/me`: oneself, and so with what nobody else is shown. */
        OwnProfile: {
            avatar: string | null;
            email: string | null;
            /** Format: uint64 */
            followersCount: number;
            /** Format: uint64 */
            followingCount: number;
            id: components["schemas"]["UserId"];
            /** @description id or en. */
            locale: string | null;
            name: string | null;
            /** @description As the platform says it: ADMIN, MENTOR, AFFILIATE, MEMBER_PREMIUM or MEMBER_FREE. */
            role: string | null;
            /** @description Of the IANA database, as in `Asia/Jakarta`. */
            timeZone: string | null;
            username: string | null;
        };
        /** @description Described under the name of what it shows. */
        OwnReportsAnswer: {
            nextCursor: components["schemas"]["Cursor"] | null;
            reports: components["schemas"]["Report"][];
            /** @constant */
            success: true;
        };
        Pagination: {
            hasMore: boolean;
            /** Format: uint */
            limit: number;
            nextCursor: components["schemas"]["Cursor"] | null;
            /** Format: uint */
            offset: number;
        };
        /** @description `participant {id, roomId, userId, role, lastReadAt, unreadCount, isMuted, isPinned, joinedAt, user}`. */
        Participant: {
            /** Format: uuid */
            id: string;
            isMuted: boolean;
            isPinned: boolean;
            joinedAt: components["schemas"]["Timestamp"];
            /** @description Null across a block. */
            lastReadAt: components["schemas"]["Timestamp"] | null;
            /** @description OWNER, ADMIN or MEMBER. */
            role: components["schemas"]["Role"];
            roomId: components["schemas"]["RoomId"];
            /**
             * Format: uint64
             * @description 0 across a block.
             */
            unreadCount: number;
            user: components["schemas"]["PresentUser"];
            userId: components["schemas"]["UserId"];
        };
        /** @description Described under the name of what it shows. */
        PinsAnswer: {
            messages: components["schemas"]["Message"][];
            /** @constant */
            success: true;
        };
        PlaceBody: {
            /** @description Out of sight until somebody says something. */
            archived?: boolean | null;
            muted?: boolean | null;
            /** @description For ever without it. */
            mutedUntil?: components["schemas"]["Timestamp"] | null;
            pinned?: boolean | null;
        };
        /** @description Where in the log it was written, to be handed back as it is. */
        Position: string;
        /** @description Requirements R9. What goes out may come in again as it is. */
        Preferences: {
            achievementNotifications: boolean;
            affiliateNotifications: boolean;
            chatNotifications: boolean;
            commentNotifications: boolean;
            courseNotifications: boolean;
            enableAllEmail: boolean;
            enableAllInApp: boolean;
            enableAllPush: boolean;
            enableAllWhatsApp: boolean;
            enableQuietHours: boolean;
            eventNotifications: boolean;
            followerNotifications: boolean;
            /** @description Null: the directory's, or `id`. */
            locale: string | null;
            /** @description `{TYPE: {IN_APP, PUSH, EMAIL, WHATSAPP: bool}}`: what is in it wins over the switch of the type's group. */
            matrix: {
                [key: string]: {
                    [key: string]: boolean;
                };
            };
            postNotifications: boolean;
            quietHoursEnd: components["schemas"]["TimeOfDay"];
            quietHoursStart: components["schemas"]["TimeOfDay"];
            systemNotifications: boolean;
            /** @description Null: the directory's, or `Asia/Jakarta`. */
            timeZone: string | null;
            transactionNotifications: boolean;
        };
        /** @description Described under the name of what it shows. */
        PreferencesAnswer: {
            preferences: components["schemas"]["Preferences"];
            /** @constant */
            success: true;
        };
        /** @description What is absent stays as it is, and so does what is null where nothing else is said. */
        PreferencesBody: {
            /** @default null */
            achievementNotifications?: boolean | null;
            /** @default null */
            affiliateNotifications?: boolean | null;
            /** @default null */
            chatNotifications?: boolean | null;
            /** @default null */
            commentNotifications?: boolean | null;
            /** @default null */
            courseNotifications?: boolean | null;
            /** @default null */
            enableAllEmail?: boolean | null;
            /** @default null */
            enableAllInApp?: boolean | null;
            /** @default null */
            enableAllPush?: boolean | null;
            /** @default null */
            enableAllWhatsApp?: boolean | null;
            /** @default null */
            enableQuietHours?: boolean | null;
            /** @default null */
            eventNotifications?: boolean | null;
            /** @default null */
            followerNotifications?: boolean | null;
            /** @description Null for the directory's. */
            locale?: components["schemas"]["Locale"] | null;
            /**
             * @description Cell by cell, `{TYPE: {CHANNEL: bool}}`; null takes a cell away, or a whole row.
             * @default null
             */
            matrix?: {
                [key: string]: {
                    [key: string]: boolean | null;
                } | null;
            } | null;
            /** @default null */
            postNotifications?: boolean | null;
            /** @default null */
            quietHoursEnd?: components["schemas"]["TimeOfDay"] | null;
            /** @default null */
            quietHoursStart?: components["schemas"]["TimeOfDay"] | null;
            /** @default null */
            systemNotifications?: boolean | null;
            /**
             * @description Of the IANA database, as in `Asia/Jakarta`; null for the directory's.
             * @default null
             */
            timeZone?: string | null;
            /** @default null */
            transactionNotifications?: boolean | null;
        };
        /** @description Described under the name of what it shows. */
        PresenceAnswer: {
            /** @constant */
            success: true;
        };
        PresenceBody: {
            /** @description Kept until it is said otherwise. */
            invisible?: boolean | null;
            isOnline: boolean;
            /** @description Open before their eyes. */
            roomId?: components["schemas"]["RoomId"] | null;
        };
        /** @description `user {id, name, username, avatar, isOnline, lastSeenAt}`. */
        PresentUser: {
            avatar: string | null;
            id: components["schemas"]["UserId"];
            isOnline: boolean;
            lastSeenAt: components["schemas"]["Timestamp"] | null;
            name: string | null;
            username: string | null;
        };
        /** @description RFC 9457. */
        Problem: {
            detail: string;
            /** @description The same as `detail`. */
            error: string;
            errors: components["schemas"]["FieldError"][];
            /** Format: uint16 */
            status: number;
            /** @constant */
            success: false;
            title: string;
            /** @description `urn:kabar:problem:..`; never another for the same thing. */
            type: string;
        };
        /** @description Described under the name of what it shows. */
        ProfileAnswer: {
            /** @constant */
            success: true;
            user: components["schemas"]["UserProfile"];
        };
        /** @description A field that is absent stays as it is, one that is null is cleared. */
        ProfileBody: {
            /** @default null */
            avatar?: string | null;
            /** @default null */
            email?: string | null;
            /** @description Of one of many; of one alone it stands in the path. */
            id?: components["schemas"]["UserId"] | null;
            locale?: components["schemas"]["Locale"] | null;
            /** @default null */
            name?: string | null;
            /** @default null */
            phone?: string | null;
            /** @default null */
            pushSubscriptions?: string[] | null;
            /** @default null */
            role?: components["schemas"]["UserRole"] | null;
            /**
             * @description Of the IANA database, as in `Asia/Jakarta`.
             * @default null
             */
            timeZone?: string | null;
            /** @default null */
            username?: string | null;
            /** @default null */
            webPushSubscriptions?: components["schemas"]["WebPush"][] | null;
        };
        PushOnlyBody: {
            link?: string | null;
            message: string;
            title: string;
            userId: components["schemas"]["UserId"];
        };
        ReactBody: {
            emoji: components["schemas"]["Emoji"];
            on?: boolean | null;
        };
        /** @description Described under the name of what it shows. */
        ReadAnswer: {
            message: string;
            /** @constant */
            success: true;
        };
        ReadBody: {
            roomId: components["schemas"]["RoomId"];
            socket_id?: components["schemas"]["SocketId"] | null;
            /** @description A message id or a seq; everything when absent or null. */
            upTo?: components["schemas"]["UpTo"] | null;
        };
        /** @description Described under the name of what it shows. */
        ReadersAnswer: {
            readBy: components["schemas"]["UserId"][];
            /** Format: uint64 */
            readByCount: number;
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        RemovedAnswer: {
            message: string;
            roomId: components["schemas"]["RoomId"];
            /** @constant */
            success: true;
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
        /** @description Described under the name of what it shows. */
        RepliesAnswer: {
            hasMore: boolean;
            messages: components["schemas"]["Message"][];
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
        };
        /** @description What is reported, and how it stands. */
        Report: {
            createdAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["ReportId"];
            kind: components["schemas"]["ReportKind"];
            messageId: components["schemas"]["MessageId"] | null;
            /** @description Null when whoever wrote it, or whom it is about, was erased. */
            reason: string | null;
            resolvedAt: components["schemas"]["Timestamp"] | null;
            roomId: components["schemas"]["RoomId"] | null;
            status: components["schemas"]["ReportStatus"];
            /** @description Whose doing it is; null for a room. */
            userId: components["schemas"]["UserId"] | null;
        };
        /** @description Described under the name of what it shows. */
        ReportAnswer: {
            report: components["schemas"]["Report"];
            /** @constant */
            success: true;
        };
        /** @description About one of the three. */
        ReportBody: {
            messageId?: components["schemas"]["MessageId"] | null;
            reason: string;
            roomId?: components["schemas"]["RoomId"] | null;
            userId?: components["schemas"]["UserId"] | null;
        };
        /** @description A reported message as it is now. */
        ReportedMessage: {
            attachmentType: string | null;
            attachmentUrl: string | null;
            content: string;
            createdAt: components["schemas"]["Timestamp"];
            id: components["schemas"]["MessageId"];
            /** @description Its words are "Pesan telah dihapus". */
            isDeleted: boolean;
            isEdited: boolean;
            /** @description Its words are gone with whoever said them. */
            isErased: boolean;
            roomId: components["schemas"]["RoomId"];
            sender: components["schemas"]["UserCard"];
            /** Format: uint64 */
            seq: number;
            type: components["schemas"]["MessageKind"];
        };
        /** @description A reported room as it is now. */
        ReportedRoom: {
            id: components["schemas"]["RoomId"];
            name: string | null;
            type: components["schemas"]["RoomKind"];
        };
        /** Format: uuid */
        ReportId: string;
        /** @enum {string} */
        ReportKind: "MESSAGE" | "USER" | "ROOM";
        /** @description Described under the name of what it shows. */
        ReportsAnswer: {
            nextCursor: components["schemas"]["Cursor"] | null;
            reports: components["schemas"]["FiledReport"][];
            /** @constant */
            success: true;
        };
        /** @enum {string} */
        ReportStatus: "OPEN" | "RESOLVED";
        /** @enum {string} */
        Resolution: "DISMISSED" | "CONTENT_REMOVED" | "USER_WARNED" | "USER_SUSPENDED";
        ResolveBody: {
            note?: string | null;
            resolution: components["schemas"]["Resolution"];
        };
        /** @enum {string} */
        Role: "MEMBER" | "ADMIN" | "OWNER";
        RoleBody: {
            role: components["schemas"]["Role"];
        };
        /** @description `room {id, type, name, ..}`. DIRECT rooms keep name and avatar null. */
        Room: {
            avatar: string | null;
            createdAt: components["schemas"]["Timestamp"];
            /** @description The platform's own group. */
            groupId: string | null;
            /** @description `start` or `join`: from where on a member reads. */
            historyFrom: components["schemas"]["HistoryFrom"];
            id: components["schemas"]["RoomId"];
            /** @description Not closed. */
            isActive: boolean;
            isArchived: boolean;
            isMuted: boolean;
            isPinned: boolean;
            /** @description `open` or `invite`. */
            joinPolicy: components["schemas"]["JoinPolicy"];
            /** @description The first 100 characters; of a deleted one, that it was deleted. */
            lastMessage: string | null;
            lastMessageAt: components["schemas"]["Timestamp"] | null;
            /**
             * Format: uint64
             * @description The seq of the last message, 0 in a room without one.
             */
            lastSeq: number;
            /** Format: uint64 */
            mentionCount: number;
            /** @description Null for ever, and where it is not muted. */
            mutedUntil: components["schemas"]["Timestamp"] | null;
            name: string | null;
            /**
             * Format: uint64
             * @description Everybody, also those that `participants` leaves out.
             */
            participantCount: number;
            /** @description Both in DIRECT rooms, else the most recently active. */
            participants: components["schemas"]["Participant"][];
            /** @description The asking member's own. */
            role: components["schemas"]["Role"];
            /**
             * Format: uint32
             * @description Seconds a MEMBER waits between two messages; 0 = none.
             */
            slowModeSeconds: number;
            /** @description DIRECT, GROUP, MENTOR_STUDENT or SUPPORT. */
            type: components["schemas"]["RoomKind"];
            /** Format: uint64 */
            unreadCount: number;
            updatedAt: components["schemas"]["Timestamp"];
            /** @description The two of a room of two, sorted; null elsewhere. */
            user1Id: components["schemas"]["UserId"] | null;
            user2Id: components["schemas"]["UserId"] | null;
        };
        /** @description Described under the name of what it shows. */
        RoomAnswer: {
            room: components["schemas"]["Room"];
            /** @constant */
            success: true;
        };
        /** Format: uuid */
        RoomId: string;
        /** @enum {string} */
        RoomKind: "DIRECT" | "GROUP" | "MENTOR_STUDENT" | "SUPPORT";
        /** @description Described under the name of what it shows. */
        RoomsAnswer: {
            hasMore: boolean;
            nextCursor: components["schemas"]["Cursor"] | null;
            rooms: components["schemas"]["Room"][];
            /** @constant */
            success: true;
            /** Format: uint64 */
            totalUnread: number;
        };
        /** @description Described under the name of what it shows. */
        SearchAnswer: {
            hasMore: boolean;
            nextCursor: components["schemas"]["Cursor"] | null;
            results: components["schemas"]["SearchResult"][];
            /** @constant */
            success: true;
        };
        /** @description A message, where it is, and the part of it that shows why it was found. */
        SearchResult: {
            message: components["schemas"]["Message"];
            room: components["schemas"]["FoundIn"];
            snippet: components["schemas"]["Snippet"];
        };
        /** @description Described under the name of what it shows. */
        SendAnswer: {
            notificationId: components["schemas"]["NotificationId"];
            /** @constant */
            success: true;
        };
        SendBody: {
            /** @description A media type, as in `image/png`, or `image`, `video`, `audio`, `document`, `file`; of an upload it is what its bytes say. */
            attachmentType?: string | null;
            attachmentUrl?: string | null;
            clientMessageId?: string | null;
            /** @description May be empty, null or absent beside an attachment. */
            content?: string | null;
            /** @default [] */
            mentions?: components["schemas"]["UserId"][];
            /** @default false */
            mentionsAll?: boolean;
            replyToId?: components["schemas"]["MessageId"] | null;
            roomId: components["schemas"]["RoomId"];
            socket_id?: components["schemas"]["SocketId"] | null;
            type?: components["schemas"]["MessageKind"] | null;
        };
        /** @description Described under the name of what it shows. */
        SendBulkAnswer: {
            /**
             * Format: uint
             * @description How many are not in the directory, or did it themselves.
             */
            failed: number;
            /** @description Who they are. */
            failedIds: components["schemas"]["UserId"][];
            /** Format: uint64 */
            sent: number;
            /** @constant */
            success: true;
        };
        Snippet: {
            /** @description What was found, ascending, in UTF-16 code units of `text`: `text.slice(start, end)`. */
            highlights: components["schemas"]["Highlight"][];
            text: string;
        };
        /** @description The `socket_id` of one's connection. */
        SocketId: string;
        StartBody: {
            /**
             * @deprecated
             * @description `recipientId`, as older clients call it.
             */
            participantId?: components["schemas"]["UserId"] | null;
            /** @description Whom with; nobody for SUPPORT. */
            recipientId?: components["schemas"]["UserId"] | null;
            /** @description What a SUPPORT room is about. */
            subject?: string | null;
            /** @description DIRECT without it. */
            type?: components["schemas"]["StartKind"] | null;
        };
        /**
         * @description Rooms that are started with somebody or for oneself; groups have a route of their own.
         * @enum {string}
         */
        StartKind: "DIRECT" | "MENTOR_STUDENT" | "SUPPORT";
        /** @description Described under the name of what it shows. */
        SubscribeAnswer: {
            message: string;
            /** @description As it is now; null when it has ended since this was first asked for. */
            subscription: components["schemas"]["Subscription"] | null;
            /** @constant */
            success: true;
        };
        SubscribeBody: {
            preferences?: components["schemas"]["ChannelsBody"] | null;
            subscriptionType?: components["schemas"]["TopicKind"] | null;
            targetId: components["schemas"]["TargetId"];
            /**
             * @deprecated
             * @description `subscriptionType`, as older clients call it.
             */
            targetType?: components["schemas"]["TopicKind"] | null;
        };
        Subscription: {
            enableEmail: boolean;
            enableInApp: boolean;
            enablePush: boolean;
            enableWhatsApp: boolean;
            /** @description It came with joining something; nobody asked for it. */
            isAutoSubscribed: boolean;
            subscriptionType: components["schemas"]["TopicKind"];
            targetId: components["schemas"]["TargetId"];
        };
        /** @description Described under the name of what it shows. */
        SubscriptionsAnswer: {
            nextCursor: components["schemas"]["Cursor"] | null;
            subscriptions: components["schemas"]["Subscription"][];
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        SupportAnswer: {
            hasMore: boolean;
            nextCursor: components["schemas"]["Cursor"] | null;
            rooms: components["schemas"]["OpenRoom"][];
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        SyncAnswer: {
            events: components["schemas"]["SyncedEvent"][];
            hasMore: boolean;
            leftRoomIds: components["schemas"]["RoomId"][];
            /** @description To ask with the next time. */
            position: components["schemas"]["Position"];
            reason: string | null;
            /** @description Everything is to be loaded anew. */
            reload: boolean;
            /** @description Come into meanwhile. */
            rooms: components["schemas"]["Room"][];
            /** @constant */
            success: true;
            unread: components["schemas"]["Waiting"];
        };
        /** @description A frame as its channel has it. */
        SyncedEvent: {
            channel: string;
            data: unknown;
            event: string;
        };
        /** @description What of the platform's is subscribed to. */
        TargetId: string;
        /** @description HH:MM, 00:00 to 23:59. */
        TimeOfDay: string;
        /**
         * Format: date-time
         * @description RFC 3339, UTC, with milliseconds.
         */
        Timestamp: string;
        /** @enum {string} */
        TopicKind: "GROUP" | "COURSE" | "EVENT" | "POST" | "USER";
        /** @description Described under the name of what it shows. */
        TypersAnswer: {
            /** @constant */
            success: true;
            userIds: components["schemas"]["UserId"][];
        };
        /** @description Described under the name of what it shows. */
        TypingAnswer: {
            /** @constant */
            success: true;
        };
        TypingBody: {
            isTyping: boolean;
            roomId: components["schemas"]["RoomId"];
            socket_id?: components["schemas"]["SocketId"] | null;
        };
        UnreadBody: {
            /** @description The first that is unread again; the last message without it. */
            messageId?: components["schemas"]["MessageId"] | null;
            roomId: components["schemas"]["RoomId"];
        };
        /** @description Described under the name of what it shows. */
        UnsubscribeAnswer: {
            message: string;
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        UploadAnswer: {
            /** Format: uint64 */
            bytes: number;
            /** Format: uint32 */
            height: number | null;
            id: components["schemas"]["UploadId"];
            name: string | null;
            /** @constant */
            success: true;
            type: string;
            url: string;
            /** Format: uint32 */
            width: number | null;
        };
        UploadId: string;
        /** @description A message's id or its seq. */
        UpTo: components["schemas"]["MessageId"] | number | string;
        UserAuthForm: {
            socket_id: string;
        };
        /** @description What `/api/pusher/user-auth` answers. */
        UserAuthorisation: {
            /** @description `key:signature`. */
            auth: string;
            /** @description pusher-js hands it on as it is. */
            user_data: string;
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
        /** @description `GET /api/users/{id}`. */
        UserProfile: {
            avatar: string | null;
            /** Format: uint64 */
            followersCount: number;
            /** Format: uint64 */
            followingCount: number;
            id: components["schemas"]["UserId"];
            /** @description Whether they follow the one who asks. */
            isFollowedBy: boolean;
            /** @description Whether the one who asks follows them. */
            isFollowing: boolean;
            isOnline: boolean;
            lastSeenAt: components["schemas"]["Timestamp"] | null;
            name: string | null;
            username: string | null;
        };
        /** @enum {string} */
        UserRole: "ADMIN" | "MENTOR" | "AFFILIATE" | "MEMBER_PREMIUM" | "MEMBER_FREE";
        /** @description Described under the name of what it shows. */
        UsersAnswer: {
            nextCursor: components["schemas"]["Cursor"] | null;
            /** @constant */
            success: true;
            /** Format: uint64 */
            total: number;
            users: components["schemas"]["FollowUser"][];
        };
        /** @description What a message said from a moment on. */
        Version: {
            at: components["schemas"]["Timestamp"];
            content: string;
        };
        /** @description Described under the name of what it shows. */
        VersionsAnswer: {
            /** @constant */
            success: true;
            versions: components["schemas"]["Version"][];
        };
        /** @description What waits, as of `position` or later. */
        Waiting: {
            /** Format: uint64 */
            chat: number;
            /** Format: uint64 */
            notifications: number;
        };
        /** @description As a browser's `PushSubscription` says it. */
        WebPush: {
            endpoint: string;
            keys: components["schemas"]["WebPushKeys"];
        };
        WebPushKeys: {
            auth: string;
            p256dh: string;
        };
        /** @description Described under the name of what it shows. */
        WholeReportAnswer: {
            /** @description Where a message is reported. */
            message: components["schemas"]["ReportedMessage"] | null;
            report: components["schemas"]["FiledReport"];
            /** @description Where a room is reported, or a message in it. */
            room: components["schemas"]["ReportedRoom"] | null;
            /** @constant */
            success: true;
        };
        /** @description Described under the name of what it shows. */
        WriteAnswer: {
            message: components["schemas"]["Message"];
            room: components["schemas"]["Room"] | null;
            /** @constant */
            success: true;
        };
        WriteBody: {
            /** @description A media type, as in `image/png`, or `image`, `video`, `audio`, `document`, `file`; of an upload it is what its bytes say. */
            attachmentType?: string | null;
            attachmentUrl?: string | null;
            clientMessageId?: string | null;
            content?: string | null;
            /** @default [] */
            mentions?: components["schemas"]["UserId"][];
            /** @default false */
            mentionsAll?: boolean;
            receiverId: components["schemas"]["UserId"];
            replyToId?: components["schemas"]["MessageId"] | null;
            socket_id?: components["schemas"]["SocketId"] | null;
            type?: components["schemas"]["MessageKind"] | null;
        };
    };
    responses: {
        /** @description The body is no JSON. */
        400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nobody is signed in. */
        401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not for your role; or somebody blocked the other; or a page that is not ours writes by the platform's cookie. */
        403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Absent, or not yours: never told apart. */
        404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body did not come in time. */
        408: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It is in another state, as a room that is closed. */
        409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too long. */
        413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body has another content type. */
        415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Understood, and not possible; `errors` names every field that is wrong. */
        422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests, or too soon: come back after `Retry-After`. */
        429: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something is broken on our side. */
        500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not now: come back after `Retry-After`. Nothing was written, unless `detail` says that it is not known yet: repeat it with the same key. */
        503: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
        after: string;
        /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
        "Idempotency-Key": string;
        /** @description 304 if the file has this `ETag`: bytes under an id never change. */
        "If-None-Match": string;
        /** @description The part only if the file has this `ETag`, else all of it. */
        "If-Range": string;
        /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
        "Kabar-After": string;
        /** @description One part of the file: `bytes=0-499`, `bytes=500-` or `bytes=-500`. */
        Range: string;
    };
    requestBodies: never;
    headers: {
        /** @description Parts may be asked for. */
        "Accept-Ranges": "bytes";
        /** @description Which part of how many bytes; of 416 how many there are. */
        "Content-Range": string;
        /** @description Of these bytes, for ever. */
        ETag: string;
        /** @description Where this was written: hand it back as `Kabar-After` to read it. */
        "Kabar-Position": string;
        /** @description Seconds. */
        "Retry-After": number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listReports: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
                status?: components["schemas"]["ReportStatus"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportsAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getReport: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                reportId: components["schemas"]["ReportId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeReportAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    resolveReport: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                reportId: components["schemas"]["ReportId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeReportAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    markDelivered: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeliveredBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    createGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    joinGroup: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    addMembers: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MembersBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovedAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    changeRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listMessages: {
        parameters: {
            query: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                afterId?: components["schemas"]["MessageId"];
                aroundId?: components["schemas"]["MessageId"];
                beforeId?: components["schemas"]["MessageId"];
                cursor?: components["schemas"]["Cursor"];
                /** @description `unread`: from the first that one has not read. */
                from?: components["schemas"]["From"];
                limit?: number;
                roomId: components["schemas"]["RoomId"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagesAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    deleteMessage: {
        parameters: {
            query: {
                id: components["schemas"]["MessageId"];
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    editMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getMessage: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listEdits: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionsAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    forwardMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForwardBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForwardAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    pinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unpinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    react: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReactBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unreact: {
        parameters: {
            query: {
                emoji: components["schemas"]["Emoji"];
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listReaders: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadersAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listReplies: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                messageId: components["schemas"]["MessageId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RepliesAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    markRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listRooms: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                /** @description `only` or `without`; archived rooms are among the others where it is absent. */
                archived?: components["schemas"]["ArchivedRooms"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
                search?: string;
                type?: components["schemas"]["RoomKind"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomsAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getRoom: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    changeRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangesBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    closeRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MembersAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listPins: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PinsAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    arrangeRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    reopenRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                roomId: components["schemas"]["RoomId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    searchMessages: {
        parameters: {
            query: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                hasAttachment?: boolean;
                limit?: number;
                q: string;
                roomId?: components["schemas"]["RoomId"];
                senderId?: components["schemas"]["UserId"];
                /** @description Sent at that moment or later. */
                since?: components["schemas"]["Timestamp"];
                /** @description Sent before it. */
                until?: components["schemas"]["Timestamp"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sendMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    startRoom: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listSupportRooms: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SupportAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listTyping: {
        parameters: {
            query: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                roomId: components["schemas"]["RoomId"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TypersAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    setTyping: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TypingBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TypingAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    markUnread: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UnreadBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoomAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    countUnread: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listConversations: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                /** @description `only` or `without`; archived rooms are among the others where it is absent. */
                archived?: components["schemas"]["ArchivedRooms"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
                search?: string;
                type?: components["schemas"]["RoomKind"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationsAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    writeTo: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WriteBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                /** @description `true`: those alone that were archived; they are left out otherwise. */
                archived?: boolean;
                /** @description Wins over `offset`. */
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
                offset?: number;
                /** @description One of the notification page's tabs: all, comment, transaction, course, event, chat, affiliate, system, achievement; empty is none. With `type` what both have. */
                tab?: string;
                /** @description One of the types (COMMENT, FOLLOWER, ..), or an older client's name of one (FOLLOW, POST_NEW, TRANSACTION_SUCCESS); empty is none. */
                type?: string;
                unreadOnly?: boolean;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotificationsAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    deleteNotification: {
        parameters: {
            query: {
                id: components["schemas"]["NotificationId"];
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    markNotifications: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarkAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    archiveNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                notificationId: components["schemas"]["NotificationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unarchiveNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                notificationId: components["schemas"]["NotificationId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoneAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getPreferences: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreferencesAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    changePreferences: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreferencesBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreferencesAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sendPush: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushOnlyBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SendAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sendNotification: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoticeBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SendAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sendNotifications: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoticeBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SendBulkAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listSubscriptions: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
                /** @description Those alone; of every kind without it. */
                subscriptionType?: components["schemas"]["TopicKind"];
                /** @description To that alone. */
                targetId?: components["schemas"]["TargetId"];
                /** @description `subscriptionType`, as older clients call it. */
                targetType?: components["schemas"]["TopicKind"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriptionsAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    subscribe: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscribeBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscribeAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unsubscribe: {
        parameters: {
            query: {
                subscriptionType?: components["schemas"]["TopicKind"];
                targetId: components["schemas"]["TargetId"];
                /** @description `subscriptionType`, as older clients call it. */
                targetType?: components["schemas"]["TopicKind"];
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnsubscribeAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    countNotifications: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sayPresence: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PresenceBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PresenceAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    authorizeChannel: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["AuthForm"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authorisation"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    authorizeUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["UserAuthForm"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAuthorisation"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listOwnReports: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnReportsAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    report: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    sync: {
        parameters: {
            query?: {
                after?: components["schemas"]["Position"];
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    upload: {
        parameters: {
            query?: {
                name?: string;
                roomId?: components["schemas"]["RoomId"];
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
                "multipart/form-data": {
                    /** @description The bytes; last, because they are read as they come. */
                    file: unknown;
                    name?: string;
                    roomId?: components["schemas"]["RoomId"];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            408: components["responses"]["408"];
            413: components["responses"]["413"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    download: {
        parameters: {
            query?: never;
            header?: {
                /** @description 304 if the file has this `ETag`: bytes under an id never change. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description The part only if the file has this `ETag`, else all of it. */
                "If-Range"?: components["parameters"]["If-Range"];
                /** @description One part of the file: `bytes=0-499`, `bytes=500-` or `bytes=-500`. */
                Range?: components["parameters"]["Range"];
            };
            path: {
                id: components["schemas"]["UploadId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The part that was asked for. */
            206: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description As it was. */
            304: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            /** @description No such part. */
            416: {
                headers: {
                    "Accept-Ranges": components["headers"]["Accept-Ranges"];
                    "Content-Range": components["headers"]["Content-Range"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    deleteUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                id: components["schemas"]["UploadId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getUser: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    putUser: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    block: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unblock: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getFollow: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowingAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    toggleFollow: {
        parameters: {
            query?: {
                on?: boolean;
            };
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    unfollow: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FollowAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listFollowers: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsersAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listFollowing: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path: {
                userId: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsersAnswer"];
                };
            };
            401: components["responses"]["401"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    listBlocked: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
                cursor?: components["schemas"]["Cursor"];
                limit?: number;
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockedAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    putUsers: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of the caller's for this wish, per person and route, for ever: a repeat is answered as the first and writes nothing. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "Kabar-Position": components["headers"]["Kabar-Position"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkAnswer"];
                };
            };
            400: components["responses"]["400"];
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            413: components["responses"]["413"];
            415: components["responses"]["415"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    getMe: {
        parameters: {
            query?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description A `Kabar-Position`: the answer waits until it shows what was written there, at most 2 s, then 503. One of another log is 422: reload. */
                "Kabar-After"?: components["parameters"]["Kabar-After"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnAnswer"];
                };
            };
            401: components["responses"]["401"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
}
