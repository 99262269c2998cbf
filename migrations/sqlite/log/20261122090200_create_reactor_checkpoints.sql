-- How far each reactor has come, and in which log. Backed up with the log, never reset.
CREATE TABLE reactor_checkpoints (
    reactor  TEXT    PRIMARY KEY,
    log_id   BLOB    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
