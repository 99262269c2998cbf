//! The feed of somebody.

use super::*;

const ARCHIVE: &str = "/api/notifications/{notificationId}/archive";

impl Ids {
    pub(super) fn notifications(&self) -> Vec<Sample> {
        let many = vec![Uuid::nil(); 501];
        let Self { notification, deleted, .. } = self;
        let archive = format!("/api/notifications/{notification}/archive");
        vec![
            Sample::get("/api/notifications", "").wrong_queries(&[
                ("limit=0", "limit"),
                ("limit=101", "limit"),
                ("offset=-1", "offset"),
                ("offset=10001", "offset"),
                ("cursor=x", "cursor"),
                ("type=NOPE", "type"),
                ("tab=nope", "tab"),
                ("unreadOnly=perhaps", "unreadOnly"),
                ("archived=perhaps", "archived"),
                ("after=x", "after"),
            ]),
            Sample::new(Method::DELETE, "/api/notifications", &format!("/api/notifications?id={deleted}"))
                .foreign(404)
                .wrong_queries(&[("", "id"), ("id=x", "id")]),
            Sample::new(Method::POST, ARCHIVE, &archive).foreign(404).wrong_url(
                422,
                "/api/notifications/x/archive",
                "notificationId",
            ),
            Sample::new(Method::DELETE, ARCHIVE, &archive).foreign(404).wrong_url(
                422,
                "/api/notifications/x/archive",
                "notificationId",
            ),
            Sample::get("/api/notifications/unread-count", "").wrong_queries(&[("after=x", "after")]),
            Sample::get("/api/sync", "").wrong_queries(&[
                ("after=x", "after"),
                ("limit=0", "limit"),
                ("limit=501", "limit"),
            ]),
            Sample { method: Method::PATCH, ..Sample::post("/api/notifications", json!({"markAllRead": true})) }
                .wrong_bodies(&[
                    (json!({}), "notificationIds"),
                    (json!({"notificationIds": []}), "notificationIds"),
                    (json!({"notificationIds": ["x"]}), "notificationIds[0]"),
                    (json!({"notificationIds": many}), "notificationIds"),
                    (json!({"id": "x"}), "id"),
                    (json!({"markAllRead": true, "isRead": false}), "isRead"),
                    (json!({"markAllRead": "yes"}), "markAllRead"),
                ]),
        ]
    }
}
