-- The unit inbox: people, rooms, members, messages, follows, reports. Times are milliseconds since 1970, ids are uuids, user ids sort by bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id uuid NOT NULL,
    checkpoint bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
);

CREATE TABLE rooms (
    room_id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    name text,
    -- Lower case, made when written, so that every engine finds the same.
    name_folded text NOT NULL,
    -- Whose words the name is, and where they are in the log.
    named_by text COLLATE "C",
    named_position bigint NOT NULL,
    avatar text,
    pictured_by text COLLATE "C",
    pictured_position bigint NOT NULL,
    opened_by text COLLATE "C" NOT NULL,
    group_id text,
    -- The two of a room of two, sorted.
    first_id text COLLATE "C",
    second_id text COLLATE "C",
    closed boolean NOT NULL,
    join_policy text NOT NULL,
    history_from text NOT NULL,
    slow_mode_seconds bigint NOT NULL,
    participant_count bigint NOT NULL,
    last_seq bigint NOT NULL,
    -- The highest seq that was deleted: behind it there is no tombstone to count.
    last_tombstone_seq bigint NOT NULL,
    -- Of the last message, or of the opening.
    last_position bigint NOT NULL,
    last_message_at bigint,
    -- In its latest words, NULL when it was deleted.
    last_message text,
    last_deleted boolean NOT NULL,
    -- Whose words they are, and where they are in the log.
    last_words_by text COLLATE "C",
    last_words_position bigint NOT NULL,
    -- Of the opening.
    position bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

-- Who was in a room from one position to another; coming back is another row.
CREATE TABLE members (
    room_id uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    from_position bigint NOT NULL,
    to_position bigint,
    role text NOT NULL,
    join_seq bigint NOT NULL,
    joined_at bigint NOT NULL,
    PRIMARY KEY (room_id, user_id, from_position)
);

-- How far somebody has read; survives leaving.
CREATE TABLE participants (
    room_id uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    -- Goes forward by reading and speaking, and back to where somebody marks it unread.
    read_seq bigint NOT NULL,
    -- The furthest they ever read: what others are told. Never goes back.
    seen_seq bigint NOT NULL,
    last_read_at bigint,
    -- Where they last read or spoke; 0 when they never did, -1 while they are away.
    active_position bigint NOT NULL,
    delivered_seq bigint NOT NULL,
    delivered_at bigint,
    muted boolean NOT NULL,
    -- For ever without it.
    muted_until bigint,
    pinned boolean NOT NULL,
    -- Put away until something is said behind it.
    archived_seq bigint,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE messages (
    position bigint NOT NULL PRIMARY KEY,
    message_id uuid NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    -- As it was sent.
    content text NOT NULL,
    attachment_url text,
    attachment_type text,
    reply_to uuid,
    -- Where the words are from. They and the attachment belong to the author.
    forwarded_room_id uuid,
    forwarded_message_id uuid,
    forwarded_author_id text COLLATE "C",
    client_message_id text,
    created_at bigint NOT NULL,
    -- What is known of an upload that it carries, as JSON. Goes with its address.
    attached_file text
);

-- What becomes of messages has tables of its own, each keyed by what the events carry: nothing has to be looked up to
-- write it, and a message that nothing happens to costs nothing.

-- Other words of a message; the last of them are shown.
CREATE TABLE message_edits (
    position bigint NOT NULL PRIMARY KEY,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id text COLLATE "C" NOT NULL,
    content text NOT NULL,
    edited_at bigint NOT NULL
);

-- Deleted messages. The first deletion wins; what comes behind it changes nothing.
CREATE TABLE tombstones (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    deleted_by text COLLATE "C" NOT NULL,
    deleted_at bigint NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE TABLE reactions (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
);

CREATE TABLE reaction_counts (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    emoji text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    -- Where the first came: emojis are shown in this order.
    position bigint NOT NULL,
    PRIMARY KEY (room_id, seq, emoji)
);

-- Whom the latest words of a message name; '' is everybody.
CREATE TABLE mentions (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    -- Whose words: calling everybody does not call oneself.
    sender_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (room_id, seq, user_id)
);

CREATE TABLE pins (
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    pinned_by text COLLATE "C" NOT NULL,
    pinned_at bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE TABLE users (
    user_id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text,
    username text,
    avatar text,
    email text,
    role text,
    -- Name and username in lower case, a line each.
    folded text NOT NULL,
    locale text,
    time_zone text
);

-- Whom a rebuild has yet to blank: their messages are found by the indexes, which it makes last. Empty in a live view.
CREATE TABLE erased (
    user_id text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint NOT NULL
);

CREATE TABLE follows (
    from_id text COLLATE "C" NOT NULL,
    to_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    followed_at bigint NOT NULL,
    PRIMARY KEY (from_id, to_id)
);

CREATE TABLE follow_counts (
    user_id text COLLATE "C" NOT NULL PRIMARY KEY,
    followers bigint NOT NULL,
    following bigint NOT NULL
);

CREATE TABLE blocks (
    from_id text COLLATE "C" NOT NULL,
    to_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    blocked_at bigint NOT NULL,
    PRIMARY KEY (from_id, to_id)
);

-- Each as it was filed last.
CREATE TABLE reports (
    report_id uuid NOT NULL PRIMARY KEY,
    position bigint NOT NULL,
    reporter_id text COLLATE "C" NOT NULL,
    -- message, user or room; what is not of its kind is NULL.
    kind text NOT NULL,
    about_id text COLLATE "C",
    room_id uuid,
    message_id uuid,
    -- The reporter's words.
    reason text,
    filed_at bigint NOT NULL,
    -- From here on NULL while it is open.
    resolution text,
    -- Words of whoever resolved it.
    note text,
    resolved_by text COLLATE "C",
    resolved_at bigint,
    resolved_position bigint
);

-- ANALYZE keeps samples of columns, and no erasure reaches those: none are taken of words. Nobody plans by them either.
ALTER TABLE rooms ALTER COLUMN name SET STATISTICS 0, ALTER COLUMN name_folded SET STATISTICS 0,
    ALTER COLUMN avatar SET STATISTICS 0, ALTER COLUMN last_message SET STATISTICS 0;
ALTER TABLE messages ALTER COLUMN content SET STATISTICS 0, ALTER COLUMN attachment_url SET STATISTICS 0,
    ALTER COLUMN attached_file SET STATISTICS 0, ALTER COLUMN client_message_id SET STATISTICS 0;
ALTER TABLE message_edits ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE users ALTER COLUMN name SET STATISTICS 0, ALTER COLUMN username SET STATISTICS 0,
    ALTER COLUMN avatar SET STATISTICS 0, ALTER COLUMN email SET STATISTICS 0, ALTER COLUMN folded SET STATISTICS 0;
ALTER TABLE reports ALTER COLUMN reason SET STATISTICS 0, ALTER COLUMN note SET STATISTICS 0;
