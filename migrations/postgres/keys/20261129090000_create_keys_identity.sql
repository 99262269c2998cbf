-- Which keys these are, and whose: one row. The log has the same id (log_keys), so that neither is taken for another's.
CREATE TABLE IF NOT EXISTS kabar_keys.keys_identity (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    keys_id uuid   NOT NULL,
    -- NULL as long as no log has been opened with them.
    log_id  uuid,
    -- How often keys came back from a backup: what was read before is not what is read after.
    brought bigint NOT NULL DEFAULT 0
);

-- Keys of before say which log they were used with, where it was one.
INSERT INTO kabar_keys.keys_identity (keys_id, log_id)
SELECT gen_random_uuid(), CASE WHEN count(*) = 1 THEN (array_agg(log_id))[1] END FROM kabar_keys.mended
ON CONFLICT DO NOTHING;
