//! Rooms, groups, and one's own place in them.

use super::{Topic, delete, get, patch, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post("/api/chat/start", "startRoom", "The one room of these two, made when absent; for SUPPORT a new one.")
            .refuses(&[404]),
        get("/api/chat/rooms", "listRooms", "One's own rooms: pinned ones first, then by their last message."),
        get("/api/messages", "listConversations", "The same under its older name."),
        get("/api/chat/unread-count", "countUnread", "Unread messages over all rooms."),
        get("/api/chat/rooms/{roomId}", "getRoom", "One room, as whoever asks sees it."),
        patch(
            "/api/chat/rooms/{roomId}",
            "changeRoom",
            "What is absent stays as it is; null takes a name or a picture away.",
        )
        .refuses(&[409]),
        post(
            "/api/chat/rooms/{roomId}/close",
            "closeRoom",
            "From now on it is read and left, and nothing is said there.",
        ),
        post("/api/chat/rooms/{roomId}/reopen", "reopenRoom", "A closed room is spoken in again."),
        get("/api/chat/rooms/{roomId}/members", "listMembers", "Everybody in it, by id."),
        patch("/api/chat/rooms/{roomId}/place", "arrangeRoom", "Mute, pin or archive a room, for oneself."),
        post("/api/chat/unread", "markUnread", "A room is unread again, from a message on.").refuses(&[404]),
        get("/api/chat/support", "listSupportRooms", "Open support rooms, for the platform's ADMINs.").refuses(&[403]),
        post("/api/chat/groups", "createGroup", "A group of one's own."),
        post("/api/chat/groups/{roomId}/join", "joinGroup", "Come in.").refuses(&[409]),
        post("/api/chat/groups/{roomId}/members", "addMembers", "Bring others in.").refuses(&[409]),
        delete("/api/chat/groups/{roomId}/members/{userId}", "removeMember", "Remove somebody; of oneself: leave.")
            .refuses(&[409]),
        patch("/api/chat/groups/{roomId}/members/{userId}", "changeRole", "OWNER hands the group over.")
            .refuses(&[409]),
    ];
    Topic { tag: "Rooms", about: "Rooms of two, groups, mentor sessions and support; who is in them, and how.", said }
}
