-- The unit inbox: people, rooms, members, messages, follows. Times are milliseconds since 1970, ids are 16 bytes.

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
    avatar TEXT,
    -- Whose words name and avatar are.
    opened_by TEXT NOT NULL,
    group_id TEXT,
    -- The two of a DIRECT room, sorted.
    first_id TEXT,
    second_id TEXT,
    participant_count INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- Of the last message, or of the opening.
    last_position INTEGER NOT NULL,
    last_message_at INTEGER,
    last_message TEXT,
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
    read_seq INTEGER NOT NULL,
    last_read_at INTEGER,
    -- Where they last read or spoke; 0 when they never did, -1 while they are away.
    active_position INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    position INTEGER NOT NULL PRIMARY KEY,
    message_id BLOB NOT NULL,
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    sender_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    attachment_url TEXT,
    attachment_type TEXT,
    reply_to BLOB,
    client_message_id TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    user_id TEXT NOT NULL PRIMARY KEY,
    name TEXT,
    username TEXT,
    avatar TEXT,
    email TEXT,
    role TEXT,
    -- Name and username in lower case, a line each.
    folded TEXT NOT NULL
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
