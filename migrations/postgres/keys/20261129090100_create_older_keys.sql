-- Keys that came back when their owner had been given another one: they open, and seal nothing any more. A table of
-- their own, because programs of before rely on one key per user in the other.
CREATE TABLE IF NOT EXISTS kabar_keys.older_keys (
    key_id text COLLATE "C" NOT NULL PRIMARY KEY,
    owner  text COLLATE "C" NOT NULL,
    secret bytea NOT NULL
);

CREATE INDEX IF NOT EXISTS older_keys_of_owner ON kabar_keys.older_keys (owner);
