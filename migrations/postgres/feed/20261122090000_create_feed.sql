-- The unit feed: notifications. Times are milliseconds since 1970, ids are uuids, user ids sort by bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id uuid NOT NULL,
    checkpoint bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
);

CREATE TABLE notifications (
    notification_id uuid NOT NULL PRIMARY KEY,
    recipient_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    actor_id text COLLATE "C",
    source_type text NOT NULL,
    source_id text NOT NULL,
    read_at bigint,
    created_at bigint NOT NULL,
    -- Where it was raised.
    position bigint NOT NULL
);

CREATE INDEX notifications_unread ON notifications (recipient_id, position) WHERE read_at IS NULL;

-- One row per recipient who has anything unread, so that a badge costs one look.
CREATE TABLE feeds (
    recipient_id text COLLATE "C" NOT NULL PRIMARY KEY,
    unread bigint NOT NULL
);
