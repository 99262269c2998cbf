//! The notification feed.

use super::{Topic, get, patch};

pub(super) fn topic() -> Topic {
    let said = vec![
        get("/api/notifications", "listNotifications", "One's own, the latest first."),
        patch("/api/notifications", "markNotifications", "Mark some, or all, as read or unread.").refuses(&[404]),
        get("/api/notifications/unread-count", "countNotifications", "Unread ones."),
    ];
    Topic { tag: "Notifications", about: "What somebody is told of beside the rooms.", said }
}
