-- Which log this is. One row; a restore or a copy renews it.
CREATE TABLE log_identity (
    one_row INTEGER PRIMARY KEY CHECK (one_row = 1),
    log_id  BLOB    NOT NULL,
    -- Raised to overwrite what a failed commit may have left behind, see the writer's fence.
    fences  INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO log_identity (one_row, log_id) VALUES (1, randomblob(16));
