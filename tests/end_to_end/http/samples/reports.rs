//! The routes of reports.

use super::*;

impl Ids {
    pub(super) fn reports(&self) -> Vec<Sample> {
        let Self { message, report, .. } = self;
        let of = |id: &str, rest: &str| format!("/api/admin/reports/{id}{rest}");
        let nowhere = Uuid::nil().to_string();
        let right = json!({"messageId": message, "reason": "spam"});
        let with = |more: Value| {
            let mut body = right.clone();
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        vec![
            Sample::post("/api/reports", right.clone())
                .wrong_bodies(&[
                    (json!({"reason": "spam"}), "messageId"),
                    (json!({"messageId": message}), "reason"),
                    (with(json!({"reason": " "})), "reason"),
                    (with(json!({"reason": "x".repeat(2_001)})), "reason"),
                    (with(json!({"reason": "a\u{0}b"})), "reason"),
                    (with(json!({"messageId": "x"})), "messageId"),
                    (with(json!({"userId": "ben"})), "userId"),
                    (with(json!({"roomId": self.room})), "roomId"),
                    (json!({"userId": "a b", "reason": "spam"}), "userId"),
                    (json!({"userId": "ana", "reason": "spam"}), "userId"),
                ])
                .wrong_body(422, with(json!({"messageId": self.own})), "messageId")
                .wrong_body(404, json!({"userId": "nobody", "reason": "spam"}), "userId")
                .wrong_body(404, json!({"roomId": nowhere, "reason": "spam"}), "")
                .wrong_body(404, with(json!({"messageId": nowhere})), "")
                .foreign(404),
            Sample::get("/api/reports", "").wrong_queries(&[
                ("limit=0", "limit"),
                ("cursor=x", "cursor"),
                ("after=x", "after"),
            ]),
            Sample::get("/api/admin/reports", "status=OPEN")
                .wrong_queries(&[
                    ("status=open", "status"),
                    ("limit=101", "limit"),
                    ("cursor=x", "cursor"),
                    ("after=x", "after"),
                ])
                .foreign(403),
            Sample::new(Method::GET, "/api/admin/reports/{reportId}", &of(report, ""))
                .wrong_urls(404, &[&of(&nowhere, "")])
                .wrong_url(422, &of("x", ""), "reportId")
                .foreign(403),
            Sample::post(
                "/api/admin/reports/{reportId}/resolve",
                json!({"resolution": "DISMISSED", "note": "dilihat"}),
            )
            .at(&of(report, "/resolve"))
            .wrong_bodies(&[
                (json!({}), "resolution"),
                (json!({"resolution": "dismissed"}), "resolution"),
                (json!({"resolution": "DISMISSED", "note": " "}), "note"),
                (json!({"resolution": "DISMISSED", "note": "x".repeat(2_001)}), "note"),
                (json!({"resolution": "DISMISSED", "note": "\u{0}"}), "note"),
            ])
            .wrong_url(404, &of(&nowhere, "/resolve"), "")
            .foreign(403),
        ]
    }
}
