-- Keys that came back when their owner had been given another one: they open, and seal nothing any more.
CREATE TABLE older_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    owner  TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX older_keys_of_owner ON older_keys (owner);
