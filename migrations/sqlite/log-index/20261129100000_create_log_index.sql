-- Follows log.db as a projection does, and can be thrown away: it is made anew when the log is opened. Holds numbers only.
-- Up to where it has come, and of which log. event_id is that of the event at that position.
CREATE TABLE checkpoint (
    one_row  INTEGER PRIMARY KEY CHECK (one_row = 1),
    log_id   BLOB    NOT NULL,
    position INTEGER NOT NULL,
    event_id BLOB    NOT NULL,
    -- What the hashes of streams are keyed with.
    salt     BLOB    NOT NULL
) STRICT;

-- key: 64 bits of an event's id. Two ids may have the same.
CREATE TABLE ids (
    key      INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (key, position)
) STRICT, WITHOUT ROWID;

-- key: a hash of a stream's kind and id. Two streams may have the same.
CREATE TABLE streams (
    key      INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (key, sequence, position)
) STRICT, WITHOUT ROWID;
