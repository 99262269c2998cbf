-- The unit inbox: people, rooms, members, messages, follows, reports. Times are milliseconds since 1970, ids are 16 bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB NOT NULL,
    checkpoint INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
) STRICT;

CREATE TABLE rooms (
    room_id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT,
    -- Lower case, made when written, so that every engine finds the same.
    name_folded TEXT NOT NULL,
    -- Whose words the name is, and where they are in the log.
    named_by TEXT,
    named_position INTEGER NOT NULL,
    avatar TEXT,
    pictured_by TEXT,
    pictured_position INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    group_id TEXT,
    -- The two of a room of two, sorted.
    first_id TEXT,
    second_id TEXT,
    closed INTEGER NOT NULL,
    join_policy TEXT NOT NULL,
    history_from TEXT NOT NULL,
    slow_mode_seconds INTEGER NOT NULL,
    participant_count INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- The highest seq that was deleted: behind it there is no tombstone to count.
    last_tombstone_seq INTEGER NOT NULL,
    -- Of the last message, or of the opening.
    last_position INTEGER NOT NULL,
    last_message_at INTEGER,
    -- In its latest words, NULL when it was deleted.
    last_message TEXT,
    last_deleted INTEGER NOT NULL,
    -- Whose words they are, and where they are in the log.
    last_words_by TEXT,
    last_words_position INTEGER NOT NULL,
    -- Of the opening.
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who was in a room from one position to another; coming back is another row.
CREATE TABLE members (
    room_id BLOB NOT NULL,
    user_id TEXT NOT NULL,
    from_position INTEGER NOT NULL,
    to_position INTEGER,
    role TEXT NOT NULL,
    join_seq INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id, from_position)
) STRICT, WITHOUT ROWID;

-- How far somebody has read; survives leaving.
CREATE TABLE participants (
    room_id BLOB NOT NULL,
    user_id TEXT NOT NULL,
    -- Goes forward by reading and speaking, and back to where somebody marks it unread.
    read_seq INTEGER NOT NULL,
    -- The furthest they ever read: what others are told. Never goes back.
    seen_seq INTEGER NOT NULL,
    last_read_at INTEGER,
    -- Where they last read or spoke; 0 when they never did, -1 while they are away.
    active_position INTEGER NOT NULL,
    delivered_seq INTEGER NOT NULL,
    delivered_at INTEGER,
    muted INTEGER NOT NULL,
    -- For ever without it.
    muted_until INTEGER,
    pinned INTEGER NOT NULL,
    -- Put away until something is said behind it.
    archived_seq INTEGER,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    position INTEGER NOT NULL PRIMARY KEY,
    message_id BLOB NOT NULL,
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    sender_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- As it was sent.
    content TEXT NOT NULL,
    attachment_url TEXT,
    attachment_type TEXT,
    reply_to BLOB,
    -- Where the words are from. They and the attachment belong to the author.
    forwarded_room_id BLOB,
    forwarded_message_id BLOB,
    forwarded_author_id TEXT,
    client_message_id TEXT,
    created_at INTEGER NOT NULL,
    -- What is known of an upload that it carries, as JSON. Goes with its address.
    attached_file TEXT
) STRICT;

-- What becomes of messages has tables of its own, each keyed by what the events carry: nothing has to be looked up to
-- write it, and a message that nothing happens to costs nothing.

-- Other words of a message; the last of them are shown.
CREATE TABLE message_edits (
    position INTEGER NOT NULL PRIMARY KEY,
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    sender_id TEXT NOT NULL,
    content TEXT NOT NULL,
    edited_at INTEGER NOT NULL
) STRICT;

-- Deleted messages. The first deletion wins; what comes behind it changes nothing.
CREATE TABLE tombstones (
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    deleted_by TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactions (
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction_counts (
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    count INTEGER NOT NULL,
    -- Where the first came: emojis are shown in this order.
    position INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji)
) STRICT, WITHOUT ROWID;

-- Whom the latest words of a message name; '' is everybody.
CREATE TABLE mentions (
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    -- Whose words: calling everybody does not call oneself.
    sender_id TEXT NOT NULL,
    PRIMARY KEY (room_id, seq, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pins (
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    pinned_by TEXT NOT NULL,
    pinned_at INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user_id TEXT NOT NULL PRIMARY KEY,
    name TEXT,
    username TEXT,
    avatar TEXT,
    email TEXT,
    role TEXT,
    -- Name and username in lower case, a line each.
    folded TEXT NOT NULL,
    locale TEXT,
    time_zone TEXT
) STRICT, WITHOUT ROWID;

-- Whom a rebuild has yet to blank: their messages are found by the indexes, which it makes last. Empty in a live view.
CREATE TABLE erased (
    user_id TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE follows (
    from_id TEXT NOT NULL,
    to_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    followed_at INTEGER NOT NULL,
    PRIMARY KEY (from_id, to_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE follow_counts (
    user_id TEXT NOT NULL PRIMARY KEY,
    followers INTEGER NOT NULL,
    following INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    from_id TEXT NOT NULL,
    to_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    blocked_at INTEGER NOT NULL,
    PRIMARY KEY (from_id, to_id)
) STRICT, WITHOUT ROWID;

-- Each as it was filed last.
CREATE TABLE reports (
    report_id BLOB NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    reporter_id TEXT NOT NULL,
    -- message, user or room; what is not of its kind is NULL.
    kind TEXT NOT NULL,
    about_id TEXT,
    room_id BLOB,
    message_id BLOB,
    -- The reporter's words.
    reason TEXT,
    filed_at INTEGER NOT NULL,
    -- From here on NULL while it is open.
    resolution TEXT,
    -- Words of whoever resolved it.
    note TEXT,
    resolved_by TEXT,
    resolved_at INTEGER,
    resolved_position INTEGER
) STRICT, WITHOUT ROWID;
