-- When people were last here, and who wants to be seen by nobody. Neither log nor view: it cannot be made anew, and is worth little.
CREATE SCHEMA IF NOT EXISTS kabar_presence;

CREATE TABLE IF NOT EXISTS kabar_presence.last_seen (
    user_id   TEXT    NOT NULL PRIMARY KEY,
    -- Milliseconds since 1970; NULL for somebody who was always invisible.
    seen_at   BIGINT,
    invisible BOOLEAN NOT NULL
);

-- Up to where in which log those who were erased are deleted here.
CREATE TABLE IF NOT EXISTS kabar_presence.erased_to (
    log_id   UUID   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
