//! Messages: sending, reading, and what becomes of them.

use super::{Topic, delete, get, patch, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post(
            "/api/chat/send",
            "sendMessage",
            "Say something in a room. `clientMessageId` makes a repeat the same message.",
        )
        .refuses(&[404, 409]),
        post("/api/messages", "writeTo", "Say something to somebody; opens the direct room where there is none.")
            .refuses(&[404, 409]),
        get(
            "/api/chat/messages",
            "listMessages",
            "A page of a room's messages, oldest first; the newest page by default.",
        )
        .refuses(&[404]),
        get("/api/chat/search", "searchMessages", "What was said where one may read, the newest first.")
            .refuses(&[404]),
        patch("/api/chat/messages", "editMessage", "One's own message in other words.").refuses(&[404, 409]),
        delete("/api/chat/messages", "deleteMessage", "Its place stays, its words go.").refuses(&[404, 409]),
        get("/api/chat/messages/{messageId}", "getMessage", "One message."),
        get("/api/chat/messages/{messageId}/replies", "listReplies", "What was answered to it, oldest first."),
        get("/api/chat/messages/{messageId}/edits", "listEdits", "Everything it has said, oldest first."),
        get(
            "/api/chat/messages/{messageId}/readers",
            "listReaders",
            "Who has read it: the latest, up to 50, and how many.",
        ),
        post("/api/chat/messages/{messageId}/reactions", "react", "Set an emoji; `on: false` takes it back.")
            .refuses(&[409]),
        delete("/api/chat/messages/{messageId}/reactions", "unreact", "Take an emoji back.").refuses(&[409]),
        post("/api/chat/messages/{messageId}/pin", "pinMessage", "Pin it in its room.").refuses(&[409]),
        delete("/api/chat/messages/{messageId}/pin", "unpinMessage", "Pinned no more.").refuses(&[409]),
        post("/api/chat/messages/{messageId}/forward", "forwardMessage", "Into each of up to ten rooms.")
            .refuses(&[409]),
        get("/api/chat/rooms/{roomId}/pins", "listPins", "What is pinned in a room, the last first."),
        post("/api/chat/read", "markRead", "One has read, up to a message or everything.").refuses(&[404]),
        post("/api/chat/delivered", "markDelivered", "A device has got it; kept in direct rooms only.").refuses(&[404]),
    ];
    Topic { tag: "Messages", about: "What is said in rooms, and what becomes of it.", said }
}
