//! Where the notifications of somebody are, for both engines: each is in one of three indexes.

/// Listed: `notifications_of`.
pub(crate) const LISTED: &str = "in_feed AND archived_at IS NULL";
/// Put away: `notifications_archived`.
pub(crate) const ARCHIVED: &str = "in_feed AND archived_at IS NOT NULL";
/// Kept from the feed, or deleted there: `notifications_kept`.
pub(crate) const KEPT: &str = "NOT in_feed";

/// Whoever looks for all of somebody's looks here, one after the other.
pub(crate) const EVERYWHERE: [&str; 3] = [LISTED, ARCHIVED, KEPT];
