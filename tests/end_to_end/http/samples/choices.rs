//! The routes of preferences and subscriptions.

use super::*;

pub(super) fn choices() -> Vec<Sample> {
    const PREFERENCES: &str = "/api/notifications/preferences";
    const SUBSCRIBE: &str = "/api/notifications/subscribe";
    let right = json!({"enableAllWhatsApp": true, "chatNotifications": false, "enableQuietHours": true,
        "quietHoursStart": "21:30", "timeZone": "Asia/Makassar", "locale": "en",
        "matrix": {"POST": {"PUSH": false}, "FOLLOW": {"mailketing": null}}});
    let to = |kind: &str, id: &str| json!({"subscriptionType": kind, "targetId": id});
    vec![
        Sample::get(PREFERENCES, "").wrong_queries(&[("after=x", "after")]),
        Sample { method: Method::PUT, ..Sample::post(PREFERENCES, right) }.wrong_bodies(&[
            (json!({"enableAllPush": "yes"}), "enableAllPush"),
            (json!({"affiliateNotifications": 1}), "affiliateNotifications"),
            (json!({"quietHoursStart": "24:00"}), "quietHoursStart"),
            (json!({"quietHoursEnd": "7:00"}), "quietHoursEnd"),
            (json!({"quietHoursEnd": 700}), "quietHoursEnd"),
            (json!({"timeZone": "Mars/Olympus"}), "timeZone"),
            (json!({"timeZone": ""}), "timeZone"),
            (json!({"locale": "fr"}), "locale"),
            (json!({"matrix": []}), "matrix"),
            (json!({"matrix": {"NOPE": {"PUSH": true}}}), "matrix.NOPE"),
            (json!({"matrix": {"POST": {"SMS": true}}}), "matrix.POST.SMS"),
            (json!({"matrix": {"POST": {"PUSH": "on"}}}), "matrix.POST.PUSH"),
        ]),
        Sample::get(SUBSCRIBE, "subscriptionType=COURSE&limit=5").wrong_queries(&[
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("cursor=x", "cursor"),
            ("subscriptionType=ROOM", "subscriptionType"),
            ("targetType=course", "targetType"),
            ("subscriptionType=COURSE&targetType=COURSE", "targetType"),
            ("targetId=a%20b", "targetId"),
            ("after=x", "after"),
        ]),
        Sample::post(SUBSCRIBE, to("COURSE", "c-1"))
            .wrong_bodies(&[
                (json!({"targetId": "c-1"}), "subscriptionType"),
                (json!({"subscriptionType": "COURSE"}), "targetId"),
                (to("ROOM", "c-1"), "subscriptionType"),
                (to("COURSE", "c:1"), "targetId"),
                (to("COURSE", &"x".repeat(129)), "targetId"),
                (to("USER", "ana"), "targetId"),
                (json!({"targetType": "room", "targetId": "c-1"}), "targetType"),
                (json!({"targetType": "COURSE", "subscriptionType": "COURSE", "targetId": "c-1"}), "targetType"),
                (
                    json!({"targetType": "COURSE", "targetId": "c-1", "preferences": {"enablePush": 1}}),
                    "preferences.enablePush",
                ),
            ])
            .wrong_body(404, to("USER", "nobody"), "targetId"),
        Sample::new(Method::DELETE, SUBSCRIBE, &format!("{SUBSCRIBE}?subscriptionType=COURSE&targetId=c-1"))
            .wrong_queries(&[
                ("targetId=c-1", "subscriptionType"),
                ("subscriptionType=COURSE", "targetId"),
                ("subscriptionType=ROOM&targetId=c-1", "subscriptionType"),
                ("targetType=COURSE&targetId=a%20b", "targetId"),
            ]),
    ]
}
