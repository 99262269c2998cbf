//! Who people are; following and blocking.

use super::{Topic, delete, get, post, put};

pub(super) fn topic() -> Topic {
    let said = vec![
        get("/api/users/{userId}", "getUser", "Somebody, and how one stands to them.").refuses(&[404]),
        get("/api/users/me", "getMe", "Oneself, with what nobody else is shown."),
        get("/api/users/blocked", "listBlocked", "Whom one has blocked, the latest first."),
        put("/api/users/{userId}", "putUser", "The platform's word about somebody: absent stays, null clears."),
        post("/api/users/bulk", "putUsers", "The same about many at once."),
        post("/api/users/{userId}/follow", "toggleFollow", "Follow or unfollow; without `on` each call toggles.")
            .refuses(&[404]),
        get("/api/users/{userId}/follow", "getFollow", "Whether one follows them.").refuses(&[404]),
        delete("/api/users/{userId}/follow", "unfollow", "Follow no more.").refuses(&[404]),
        get("/api/users/{userId}/followers", "listFollowers", "Who follows them, the latest first.").refuses(&[404]),
        get("/api/users/{userId}/following", "listFollowing", "Whom they follow, the latest first.").refuses(&[404]),
        post("/api/users/{userId}/block", "block", "No messages, no follows, either way.").refuses(&[404]),
        delete("/api/users/{userId}/block", "unblock", "Blocked no more.").refuses(&[404]),
    ];
    Topic { tag: "People", about: "Who people are, and who follows and blocks whom.", said }
}
