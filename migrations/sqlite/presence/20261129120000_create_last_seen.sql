-- When people were last here, and who wants to be seen by nobody. Neither log nor view: it cannot be made anew, and is worth little.
CREATE TABLE last_seen (
    user_id   TEXT NOT NULL PRIMARY KEY,
    -- Milliseconds since 1970; NULL for somebody who was always invisible.
    seen_at   INTEGER,
    invisible INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where in which log those who were erased are deleted here.
CREATE TABLE erased_to (
    log_id   BLOB    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
