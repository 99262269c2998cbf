-- The unit feed: notifications, their deliveries, preferences, subscriptions. Times are milliseconds since 1970, ids are 16 bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB NOT NULL,
    checkpoint INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
) STRICT;

-- Every notification that was raised, also one that was kept from the feed: whoever delivers it elsewhere finds it here.
CREATE TABLE notifications (
    notification_id BLOB NOT NULL PRIMARY KEY,
    recipient_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_id TEXT,
    source_type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    -- The platform's things that it is about, as the event has them. NULL: none.
    related TEXT,
    -- What the platform worded, as JSON; empty where nobody can read it any more. NULL: made from the type's template, or
    -- deleted.
    content TEXT,
    locale TEXT,
    critical INTEGER NOT NULL,
    -- What its audience is subscribed to.
    topic_kind TEXT,
    target_id TEXT,
    room_id BLOB,
    -- It is listed and counted; not, when it was kept from the feed or deleted there.
    in_feed INTEGER NOT NULL,
    read_at INTEGER,
    clicked_at INTEGER,
    archived_at INTEGER,
    created_at INTEGER NOT NULL,
    -- Where it was raised.
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notifications_unread ON notifications (recipient_id, position) WHERE in_feed AND read_at IS NULL;

-- What became of a notification on a channel that leads outside.
CREATE TABLE deliveries (
    notification_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    -- waiting, under_way, accepted, suppressed, rejected or abandoned.
    state TEXT NOT NULL,
    -- Why it is so: the name of a suppression, or what the provider said.
    reason TEXT,
    -- When it is to be tried; of what is under way, until when an outcome is waited for.
    due INTEGER,
    attempts INTEGER NOT NULL,
    -- Who carried it last, or is to be tried next.
    provider TEXT,
    -- What the provider calls it.
    provider_id TEXT,
    accepted_at INTEGER,
    -- Where its notification was raised.
    position INTEGER NOT NULL,
    PRIMARY KEY (notification_id, channel)
) STRICT, WITHOUT ROWID;

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
