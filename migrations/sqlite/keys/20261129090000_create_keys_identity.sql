-- Which keys these are, and whose: one row. The log has the same id (log_keys), so that neither is taken for another's.
CREATE TABLE keys_identity (
    one_row INTEGER PRIMARY KEY CHECK (one_row = 1),
    keys_id BLOB    NOT NULL,
    -- NULL as long as no log has been opened with them.
    log_id  BLOB,
    -- How often keys came back from a backup: what was read before is not what is read after.
    brought INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Keys of before say which log they were used with, where it was one.
INSERT INTO keys_identity (one_row, keys_id, log_id)
SELECT 1, randomblob(16), CASE WHEN count(*) = 1 THEN max(log_id) END FROM mended;
