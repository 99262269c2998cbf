-- The unit search: which words were said where. Times are milliseconds since 1970, ids are 16 bytes.

-- One row: which log the rows come from, how far they have come, and whether they are still moved.
CREATE TABLE unit (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log_id BLOB NOT NULL,
    checkpoint INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'ready', 'closed'))
) STRICT;

CREATE TABLE entries (
    position INTEGER NOT NULL PRIMARY KEY,
    message_id BLOB NOT NULL,
    room_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    sender_id TEXT NOT NULL,
    -- Whose words they are, where they are not the sender's.
    author_id TEXT,
    sent_at INTEGER NOT NULL,
    has_attachment INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    -- Where the present words were said.
    worded INTEGER NOT NULL,
    -- Each word once: what the index was given, and must be given again to take it out.
    words TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX entries_placed ON entries (room_id, seq);

-- Tokens by row, nothing but the index: they are made of a row's words, its room and its people by the program, which
-- cuts and stems. With secure-delete what is taken out is taken out of the pages, and not only marked.
CREATE VIRTUAL TABLE terms USING fts5(tokens, content='', columnsize=0, detail=none, tokenize="ascii tokenchars ':'");
INSERT INTO terms (terms, rank) VALUES ('secure-delete', 1);
