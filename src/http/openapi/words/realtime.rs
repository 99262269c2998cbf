//! What belongs to the sockets: signatures for pusher-js, and typing.

use super::{Topic, get, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post("/api/presence", "sayPresence", "One is here, or is not; or is to be seen by nobody.")
            .refuses(&[404])
            .off_the_log(),
        post("/api/chat/typing", "setTyping", "One types, or does no more. Ends by itself after 5 s.").refuses(&[404]),
        get("/api/chat/typing", "listTyping", "Who types in a room.").refuses(&[404]),
        get(
            "/api/sync",
            "sync",
            "What happened to one since a position: the frames of all one's channels, in order; or to reload.",
        ),
        post("/api/pusher/auth", "authorizeChannel", "A signature for a channel, as pusher-js asks for it."),
        post("/api/pusher/user-auth", "authorizeUser", "A signature for `pusher.signin()`."),
    ];
    Topic {
        tag: "Realtime",
        about: "What the WebSocket side needs from the routes; its frames are in /asyncapi.json.",
        said,
    }
}
