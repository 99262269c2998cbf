-- The unit search: which words were said where. Times are milliseconds since 1970, ids are uuids, user ids sort by bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id uuid NOT NULL,
    checkpoint bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
);

CREATE TABLE entries (
    position bigint NOT NULL PRIMARY KEY,
    message_id uuid NOT NULL,
    room_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id text COLLATE "C" NOT NULL,
    -- Whose words they are, where they are not the sender's.
    author_id text COLLATE "C",
    sent_at bigint NOT NULL,
    has_attachment boolean NOT NULL,
    deleted boolean NOT NULL,
    -- Where the present words were said.
    worded bigint NOT NULL,
    -- Made of its words, its room and its people by the program, which cuts and stems; without positions and weights.
    tokens tsvector NOT NULL
);

CREATE UNIQUE INDEX entries_placed ON entries (room_id, seq);

-- Those whose words are taken out when filling is done: without the index they would be looked for in every row.
CREATE TABLE erased (
    user_id text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint NOT NULL
);

-- What is sampled for planning outlives the rows.
ALTER TABLE entries ALTER COLUMN tokens SET STATISTICS 0;
