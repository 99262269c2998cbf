//! What was reported, and what is done about it.

use super::{Topic, get, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post("/api/reports", "report", "Report a message, somebody, or a room; again, it is the same report.")
            .refuses(&[404]),
        get("/api/reports", "listOwnReports", "What one has reported, the latest first."),
        get("/api/admin/reports", "listReports", "What was reported, the latest first, for the platform's ADMINs.")
            .refuses(&[403]),
        get("/api/admin/reports/{reportId}", "getReport", "A report with what it is about, as that is now.")
            .refuses(&[403]),
        post("/api/admin/reports/{reportId}/resolve", "resolveReport", "What came of it, once.").refuses(&[409]),
    ];
    Topic { tag: "Reports", about: "What people report, and what the platform's ADMINs do about it.", said }
}
