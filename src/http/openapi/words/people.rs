//! Following and blocking.

use super::{Topic, delete, get, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post("/api/users/{userId}/follow", "toggleFollow", "Follow or unfollow; without `on` each call toggles.")
            .refuses(&[404]),
        get("/api/users/{userId}/follow", "getFollow", "Whether one follows them.").refuses(&[404]),
        delete("/api/users/{userId}/follow", "unfollow", "Follow no more.").refuses(&[404]),
        get("/api/users/{userId}/followers", "listFollowers", "Who follows them, the latest first.").refuses(&[404]),
        get("/api/users/{userId}/following", "listFollowing", "Whom they follow, the latest first.").refuses(&[404]),
        post("/api/users/{userId}/block", "block", "No messages, no follows, either way.").refuses(&[404]),
        delete("/api/users/{userId}/block", "unblock", "Blocked no more.").refuses(&[404]),
    ];
    Topic { tag: "People", about: "Who follows and blocks whom.", said }
}
