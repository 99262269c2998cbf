-- The unit feed: notifications. Times are milliseconds since 1970, ids are 16 bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB NOT NULL,
    checkpoint INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
) STRICT;

CREATE TABLE notifications (
    notification_id BLOB NOT NULL PRIMARY KEY,
    recipient_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_id TEXT,
    source_type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    read_at INTEGER,
    created_at INTEGER NOT NULL,
    -- Where it was raised.
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notifications_unread ON notifications (recipient_id, position) WHERE read_at IS NULL;

-- One row per recipient who has anything unread, so that a badge costs one look.
CREATE TABLE feeds (
    recipient_id TEXT NOT NULL PRIMARY KEY,
    unread INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
