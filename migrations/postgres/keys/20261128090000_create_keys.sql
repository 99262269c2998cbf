-- The keys that words are sealed with. A schema of its own, so that a dump of the log can leave it out.
CREATE SCHEMA IF NOT EXISTS kabar_keys;

CREATE TABLE IF NOT EXISTS kabar_keys.keys (
    key_id text COLLATE "C" NOT NULL PRIMARY KEY,
    owner  text COLLATE "C" NOT NULL,
    -- NULL once it is dropped: what was sealed with it is erased, not lost.
    secret bytea
);

-- One key per user at a time, whoever makes it.
CREATE UNIQUE INDEX IF NOT EXISTS keys_of_owner ON kabar_keys.keys (owner) WHERE secret IS NOT NULL;

-- Up to where in which log every erasure's keys are dropped.
CREATE TABLE IF NOT EXISTS kabar_keys.mended (
    log_id   uuid   NOT NULL PRIMARY KEY,
    position bigint NOT NULL
);

-- ANALYZE would keep samples of the keys where dropping them does not reach. Giving the column its type anew does away
-- with samples of a time when they were taken.
ALTER TABLE kabar_keys.keys ALTER COLUMN secret SET STATISTICS 0, ALTER COLUMN secret TYPE bytea;
