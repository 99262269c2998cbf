//! Files.

use super::{Topic, delete, get, post};

pub(super) fn topic() -> Topic {
    let said = vec![
        post(
            "/api/uploads",
            "upload",
            "Bring a file to a room: its bytes as the body, or a form with the field `file`.",
        )
        .refuses(&[404, 408])
        .off_the_log(),
        get(
            "/api/uploads/{id}",
            "download",
            "The file, for its owner and whoever may read a message that carries it; whole or by Range.",
        ),
        delete("/api/uploads/{id}", "deleteUpload", "One's own file is gone.").off_the_log(),
    ];
    Topic {
        tag: "Uploads",
        about: "Files, brought to rooms and handed out to whoever may read a message that carries them.",
        said,
    }
}
