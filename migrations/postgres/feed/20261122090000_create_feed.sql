-- The unit feed: notifications, their deliveries, preferences, subscriptions. Times are milliseconds since 1970, ids are uuids, user ids sort by bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id uuid NOT NULL,
    checkpoint bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
);

-- Every notification that was raised, also one that was kept from the feed: whoever delivers it elsewhere finds it here.
CREATE TABLE notifications (
    notification_id uuid NOT NULL PRIMARY KEY,
    recipient_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    actor_id text COLLATE "C",
    source_type text NOT NULL,
    source_id text NOT NULL,
    -- The platform's things that it is about, as the event has them. NULL: none.
    related text,
    -- What the platform worded, as JSON; empty where nobody can read it any more. NULL: made from the type's template, or
    -- deleted.
    content text,
    locale text,
    critical boolean NOT NULL,
    -- What its audience is subscribed to.
    topic_kind text,
    target_id text,
    room_id uuid,
    -- It is listed and counted; not, when it was kept from the feed or deleted there.
    in_feed boolean NOT NULL,
    read_at bigint,
    clicked_at bigint,
    archived_at bigint,
    created_at bigint NOT NULL,
    -- Where it was raised.
    position bigint NOT NULL
);

CREATE INDEX notifications_unread ON notifications (recipient_id, position) WHERE in_feed AND read_at IS NULL;

-- What became of a notification on a channel that leads outside.
CREATE TABLE deliveries (
    notification_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    -- waiting, under_way, accepted, suppressed, rejected or abandoned.
    state text NOT NULL,
    -- Why it is so: the name of a suppression, or what the provider said.
    reason text,
    -- When it is to be tried; of what is under way, until when an outcome is waited for.
    due bigint,
    attempts bigint NOT NULL,
    -- Who carried it last, or is to be tried next.
    provider text,
    -- What the provider calls it.
    provider_id text,
    accepted_at bigint,
    -- Where its notification was raised.
    position bigint NOT NULL,
    PRIMARY KEY (notification_id, channel)
);

-- One row per recipient who has anything unread, so that a badge costs one look.
CREATE TABLE feeds (
    recipient_id text COLLATE "C" NOT NULL PRIMARY KEY,
    unread bigint NOT NULL
);

-- One row for each who ever chose something.
CREATE TABLE preferences (
    user_id text COLLATE "C" NOT NULL PRIMARY KEY,
    -- All of it, as the event has it.
    settings text NOT NULL,
    -- Where it was chosen.
    position bigint NOT NULL
);

-- Stretches of the log: from its beginning on, and up to its end without that, somebody takes these channels of a topic. What
-- was said at p is theirs where from_position <= p < to_position.
CREATE TABLE subscriptions (
    user_id text COLLATE "C" NOT NULL,
    topic_kind text COLLATE "C" NOT NULL,
    target_id text COLLATE "C" NOT NULL,
    from_position bigint NOT NULL,
    -- NULL: it has not ended.
    to_position bigint,
    -- Their names, between commas.
    channels text NOT NULL,
    auto boolean NOT NULL,
    PRIMARY KEY (user_id, topic_kind, target_id, from_position)
);
