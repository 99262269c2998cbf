//! The notification feed, and what people want to hear of.

use super::{Topic, delete, get, patch, post, put};

pub(super) fn topic() -> Topic {
    let said = vec![
        get("/api/notifications", "listNotifications", "One's own, the latest first."),
        patch("/api/notifications", "markNotifications", "Mark some, or all, as read or unread.").refuses(&[404]),
        delete(
            "/api/notifications",
            "deleteNotification",
            "For good; what waits to be sent of it is not sent any more.",
        )
        .refuses(&[404]),
        post("/api/notifications/{notificationId}/archive", "archiveNotification", "Out of the list.").refuses(&[404]),
        delete("/api/notifications/{notificationId}/archive", "unarchiveNotification", "Back in the list.")
            .refuses(&[404]),
        post("/api/notifications/send", "sendNotification", "Let somebody hear of something, as they chose to hear.")
            .refuses(&[404]),
        post("/api/notifications/send-bulk", "sendNotifications", "The same to as many as 500 at once."),
        post("/api/notifications/push-only", "sendPush", "To somebody's devices, and not into their feed.")
            .refuses(&[404]),
        get("/api/notifications/unread-count", "countNotifications", "Unread ones."),
        get("/api/notifications/preferences", "getPreferences", "What one has switched on and off."),
        put(
            "/api/notifications/preferences",
            "changePreferences",
            "Switch on and off what is named; the rest stays as it is.",
        ),
        get("/api/notifications/subscribe", "listSubscriptions", "What one is subscribed to, by kind and id."),
        post("/api/notifications/subscribe", "subscribe", "Hear of a group, a course, an event, a post or a person.")
            .refuses(&[404]),
        delete(
            "/api/notifications/subscribe",
            "unsubscribe",
            "Hear of it no more, until one asks for it again; whatever else would have subscribed one.",
        ),
    ];
    Topic { tag: "Notifications", about: "What somebody is told of beside the rooms.", said }
}
