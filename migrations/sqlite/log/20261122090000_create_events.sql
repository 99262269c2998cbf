-- The columns of postgres-es, and beside them the place in the one order of all events.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY,
    event_id       BLOB    NOT NULL,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence > 0),
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    recorded_at    INTEGER NOT NULL
) STRICT;

-- Two writers at one place in a stream cannot both win.
CREATE UNIQUE INDEX events_by_stream ON events (aggregate_type, aggregate_id, sequence);

-- A command happens once: its events' ids derive from its own.
CREATE UNIQUE INDEX events_by_id ON events (event_id);
