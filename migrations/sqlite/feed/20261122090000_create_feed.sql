-- The unit feed: notifications, preferences, subscriptions. Times are milliseconds since 1970, ids are 16 bytes.

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

-- One row for each who ever chose something.
CREATE TABLE preferences (
    user_id TEXT NOT NULL PRIMARY KEY,
    -- All of it, as the event has it.
    settings TEXT NOT NULL,
    -- Where it was chosen.
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Stretches of the log: from its beginning on, and up to its end without that, somebody takes these channels of a topic. What
-- was said at p is theirs where from_position <= p < to_position.
CREATE TABLE subscriptions (
    user_id TEXT NOT NULL,
    topic_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    from_position INTEGER NOT NULL,
    -- NULL: it has not ended.
    to_position INTEGER,
    -- Their names, between commas.
    channels TEXT NOT NULL,
    auto INTEGER NOT NULL,
    PRIMARY KEY (user_id, topic_kind, target_id, from_position)
) STRICT, WITHOUT ROWID;
