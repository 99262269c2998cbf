-- The keys that words are sealed with. A file of its own: whoever has the log without it has no words.
CREATE TABLE keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    owner  TEXT NOT NULL,
    -- NULL once it is dropped: what was sealed with it is erased, not lost.
    secret BLOB
) STRICT, WITHOUT ROWID;

-- One key per user at a time, whoever makes it.
CREATE UNIQUE INDEX keys_of_owner ON keys (owner) WHERE secret IS NOT NULL;

-- Up to where in which log every erasure's keys are dropped.
CREATE TABLE mended (
    log_id   BLOB    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
