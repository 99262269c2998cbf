//! Words that an index by whose they are leads to, for both engines to blank when their owner is erased.
//!
//! Rooms and plain messages are not in here: they are found another way, see the engines' `erasing.rs`.

/// Rows of one table with words of somebody.
pub(crate) struct OwnedWords {
    pub table: &'static str,
    /// The column of whose they are.
    pub owner: &'static str,
    /// The column of where in the log they are. No two rows have the same.
    pub position: &'static str,
    /// What makes them blank.
    pub blank: &'static str,
}

/// What is said in a report goes with whoever said it, and with whom it is about.
pub(crate) const OWNED_WORDS: [OwnedWords; 6] = [
    owned("message_edits", "sender_id", "position", "content = ''"),
    owned("messages", "forwarded_author_id", "position", "content = '', attachment_url = NULL, attached_file = NULL"),
    owned("reports", "reporter_id", "position", "reason = NULL"),
    owned("reports", "about_id", "position", "reason = NULL"),
    owned("reports", "resolved_by", "resolved_position", "note = NULL"),
    owned("reports", "about_id", "resolved_position", "note = NULL"),
];

const fn owned(table: &'static str, owner: &'static str, position: &'static str, blank: &'static str) -> OwnedWords {
    OwnedWords { table, owner, position, blank }
}
